// The first page: what to do where nothing is watched yet, with what is true of this machine.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import type { Mirror, MirrorRequest } from '../../../shared/api.ts';
import type { Mount } from '../../../shared/mount.ts';
import { apiPost } from '../../api/client.ts';
import { queryClient } from '../../api/queries.ts';
import { useKeys } from '../../keys/keys.ts';
import { live } from '../../live/feed.ts';
import { Canvas } from '../../ui/canvas.tsx';
import { Command } from '../../ui/copy.tsx';
import { Findings } from '../../ui/findings.tsx';
import { StateGlyph } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { WatchButton } from '../../ui/watch.tsx';
import { isWatched } from '../overview/order.ts';
import { Privilege } from '../overview/privilege.tsx';
import { drawLegend } from './legend.ts';
import './empty.css';

export function EmptyView() {
  const mounts = useStore(live, (state) => state.mounts);
  const there = mounts.filter((mount) => mount.state !== 'gone');
  const unwatched = there.filter((mount) => !isWatched(mount));
  return (
    <div className="empty">
      <section>
        <h1>{headline(there.length, unwatched.length)}</h1>
        <p className="sub">
          FuseScope shows each operation as it enters and leaves, which ones are stuck, and how long they
          take. It never opens, lists or stats anything on a mount that it watches, so it cannot hang with it.
        </p>
        <Privilege />
        {unwatched.length > 0 && <Unwatched mounts={unwatched} />}
        <MirrorForm />
        <Demo />
        <div className="way">
          <h2>Let any program tell</h2>
          <p>
            A file system of your own can post its events: a line of JSON as an operation enters, another as
            it leaves.
          </p>
          <Command command={eventCommand()} />
        </div>
      </section>
      <section>
        <h2>How to read it</h2>
        <div className="legend">
          <Canvas
            label="One operation from ENTER to EXIT: queue time hatched, service time solid. An error ends in a rose mark. An open operation burns on. A gap is hatched grey. Each class of operation has its shape and colour."
            draw={drawLegend}
          />
        </div>
        <h2>What this machine offers</h2>
        <Findings />
      </section>
    </div>
  );
}

function headline(there: number, unwatched: number): string {
  if (there > unwatched) return 'Watch another mount';
  if (there === 0) return 'No FUSE mount is watched yet';
  return there === 1
    ? 'One FUSE mount is here, not watched yet'
    : `${there} FUSE mounts are here, none is watched yet`;
}

/** What is mounted on this machine, known from mountinfo alone. */
function Unwatched({ mounts }: { mounts: readonly Mount[] }) {
  return (
    <div className="way">
      <h2>Watch what is mounted</h2>
      <ul>
        {mounts.map((mount) => (
          <li className="unwatched" key={mount.id}>
            <StateGlyph state="off" />
            <PathText path={mount.mount} />
            <span className="sec ell">
              {visible(mount.fsType ?? '')} {visible(mount.source ?? '')}
              {mount.waiting !== null && mount.waiting > 0 && <b className="st"> {mount.waiting} waiting</b>}
            </span>
            {mount.tier === 'proc' ? (
              <span className="dim">seen from outside</span>
            ) : (
              <WatchButton mount={mount} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Where people land once something is mounted. */
function useArrival(): (mirror: Mirror) => void {
  const [, navigate] = useLocation();
  return () => {
    void queryClient.invalidateQueries({ queryKey: ['mirrors'] });
    navigate('/');
  };
}

function MirrorForm() {
  const [source, setSource] = useState('');
  const [mountpoint, setMountpoint] = useState('');
  const onSuccess = useArrival();
  const mount = useMutation({
    mutationFn: (request: MirrorRequest) => apiPost<Mirror>('/mirrors', request),
    onSuccess,
  });
  const ready = source.startsWith('/') && mountpoint.startsWith('/');
  return (
    <form
      className="way"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) mount.mutate({ source, mountpoint });
      }}
    >
      <h2>Mount a traced mirror</h2>
      <p>
        A directory, shown again at another place; every call that comes through there is traced. Needs no
        root.
      </p>
      <div className="fields">
        <label>
          <span>Directory</span>
          <input
            value={source}
            onChange={(e) => setSource(e.target.value)}
            placeholder="/home/ana/src"
            spellCheck={false}
          />
        </label>
        <label>
          <span>Empty directory to mount it at</span>
          <input
            value={mountpoint}
            onChange={(e) => setMountpoint(e.target.value)}
            placeholder="/home/ana/src-traced"
            spellCheck={false}
          />
        </label>
        <button type="submit" className="btn" disabled={!ready || mount.isPending}>
          {mount.isPending ? 'Mounting' : 'Mount it'}
        </button>
      </div>
      {(source !== '' && !source.startsWith('/')) || (mountpoint !== '' && !mountpoint.startsWith('/')) ? (
        <p className="sl">Both paths begin with a slash: the server does not know your working directory.</p>
      ) : null}
      {mount.error && <Problem error={mount.error} />}
      <p className="or">or in a terminal</p>
      <Command command="fusescope mount ~/src ~/src-traced" />
    </form>
  );
}

function Demo() {
  const running = useStore(
    live,
    (state) => state.server?.demo === true && state.mounts.some((m) => m.state !== 'gone'),
  );
  const onSuccess = useArrival();
  const demo = useMutation({ mutationFn: () => apiPost<Mirror>('/mirrors/demo'), onSuccess });
  useKeys('start', [
    { keys: ['d'], label: 'start the demo', foot: true, run: () => !running && demo.mutate() },
  ]);
  return (
    <div className="way">
      <h2>
        See it work first
        <span className="sp" />
        <button
          type="button"
          className="btn pri"
          disabled={running || demo.isPending}
          onClick={() => demo.mutate()}
        >
          {running ? 'The demo is running' : demo.isPending ? 'Starting' : 'Start the demo'} <kbd>d</kbd>
        </button>
      </h2>
      <p>A temporary mirror under a small load, with one operation that hangs until you release it.</p>
      {demo.error && <Problem error={demo.error} />}
    </div>
  );
}

function eventCommand(): string {
  const line = '{"ev":"ENTER","mount":"/mnt/x","id":1,"op":"read","ts":\'$(date +%s%6N)\',"path":"/a"}';
  return `curl --data-binary '${line}' ${location.origin}/api/events`;
}
