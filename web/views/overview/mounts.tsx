// The mounts, worst first, on one shared latency axis.
import { memo, useState } from 'react';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { errnoNumber, isOrdinaryErrno } from '../../../shared/errno.ts';
import type { Mount } from '../../../shared/mount.ts';
import { shortenPath } from '../../../shared/short-path.ts';
import { clock } from '../../live/clock.ts';
import { shown } from '../../live/feed.ts';
import { Age } from '../../ui/age.tsx';
import { Duration, Gauge, None } from '../../ui/figure.tsx';
import { StateGlyph } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { UnmountButton } from '../../ui/unmount.tsx';
import { visible } from '../../ui/visible.ts';
import { UnwatchButton, WatchButton } from '../../ui/watch.tsx';
import { type Asked, WayDialog } from '../../ui/way-dialog.tsx';
import { recordingId } from '../../url/recording.ts';
import { term } from '../../url/terms.ts';
import { operationsHref } from '../../url/use.ts';
import { AxisHead, LatencyAxis } from './axis.tsx';
import { isWatched, worstFirst } from './order.ts';
import { Sparkline } from './sparkline.tsx';
import './mounts.css';
import './row-details.css';

const TIERS: Readonly<Record<Mount['tier'], string>> = {
  bpf: 'BPF',
  tracefs: 'tracefs',
  proc: '/proc',
  mirror: 'mirror',
  log: 'log',
  none: 'not watched',
};
const DOTS = 8;

export function MountList() {
  const mounts = useStore(shown, (state) => state.mounts);
  const [all, setAll] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const there = mounts.filter((mount) => mount.state !== 'gone').length;
  const gone = mounts.length - there;
  const rows = worstFirst(mounts).filter((mount) => all || there === 0 || mount.state !== 'gone');
  return (
    <>
      <div role="table" aria-label="Mounts" className="mounts">
        <div role="row" className="mg mhead">
          <span role="columnheader">
            <span className="sr">State</span>
          </span>
          <span role="columnheader">
            {rows.length} {rows.length === 1 ? 'mount' : 'mounts, worst first'}
          </span>
          <span role="columnheader" className="right">
            Operations/s, 60 s
          </span>
          <span role="columnheader" className="right">
            Errors/s
          </span>
          <span role="columnheader" className="axis">
            <span className="sr">Latency axis</span>
            <AxisHead />
          </span>
          <span role="columnheader" className="keyed">
            <svg width="9" height="9" aria-hidden="true">
              <circle cx="4.5" cy="4.5" r="3.4" fill="none" stroke="var(--ink-2)" strokeWidth="1.6" />
            </svg>
            p50
          </span>
          <span role="columnheader" className="keyed">
            <svg width="4" height="11" aria-hidden="true">
              <path d="M2 0v11" stroke="var(--ink)" strokeWidth="2" />
            </svg>
            p99
          </span>
          <span role="columnheader" className="keyed">
            <svg width="8" height="9" aria-hidden="true">
              <path d="M4 .5 7.5 4.5 4 8.5.5 4.5Z" fill="var(--ink)" />
            </svg>
            Oldest open
          </span>
          <span role="columnheader" className="right">
            In flight
          </span>
          <span role="columnheader" className="right">
            Capture
          </span>
        </div>
        {rows.map((mount) => (
          <MountRow key={mount.id} mount={mount} onAsk={setAsked} />
        ))}
      </div>
      {there > 0 && gone > 0 && (
        <button type="button" className="gone-toggle" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Hide' : 'Show'} {gone} that {gone === 1 ? 'is' : 'are'} no longer mounted
        </button>
      )}
      {asked && <WayDialog asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

interface RowProps {
  mount: Mount;
  onAsk: (asked: Asked) => void;
}

const MountRow = memo(function MountRow({ mount, onAsk }: RowProps) {
  const watched = isWatched(mount);
  const off = !watched || mount.state === 'gone';
  return (
    <div role="row" className={`mg mrow ${mount.state}`}>
      <span role="cell">
        <StateGlyph state={!watched && mount.state === 'ok' ? 'off' : mount.state} />
      </span>
      <div role="cell" className="who">
        <Link
          className={`p ${off ? 'dim' : ''}`}
          data-item
          href={operationsHref({ filter: term('mount', mount.mount) })}
        >
          <PathText path={mount.mount} />
        </Link>
        <div className="s ell" title={aboutMount(mount, Number.POSITIVE_INFINITY)}>
          {aboutMount(mount, SOURCE_CHARS)}
        </div>
      </div>
      <div role="cell" className="sp-cell">
        {!off && <Sparkline values={mount.opsHistory} columns={60} tone="plain" />}
        <span className="num">{off ? <None /> : <Gauge count={mount.opsPerS} />}</span>
      </div>
      <div role="cell" className="sp-cell">
        {off ? <None /> : <ErrorsOf mount={mount} />}
      </div>
      <div role="cell" className="axis">
        <LatencyAxis mount={mount} />
      </div>
      <div role="cell" className="num">
        <Duration ns={mount.p50Ns} />
      </div>
      <div role="cell" className={`num ${mount.state === 'slow' ? 'sl' : ''}`}>
        <Duration ns={mount.p99Ns} />
      </div>
      <div role="cell" className={`num old ${mount.stalled > 0 ? 'st strong' : ''}`}>
        {mount.oldestOpenMs === null ? <None /> : <Oldest mount={mount} ms={mount.oldestOpenMs} />}
      </div>
      <div role="cell" className="num">
        <InFlight mount={mount} />
      </div>
      <div role="cell" className="num tier" title={mount.tierReason ?? undefined}>
        <Capture mount={mount} onAsk={onAsk} />
        {isTapped(mount) && <UnwatchButton mount={mount} />}
      </div>
    </div>
  );
});

/** How it is captured, or what can be done about it. */
function Capture({ mount, onAsk }: RowProps) {
  if (mount.state === 'dead' && recordingId === null) return <UnmountButton mount={mount} onAsk={onAsk} />;
  return canBeWatched(mount) ? <WatchButton mount={mount} /> : TIERS[mount.tier];
}

/** Characters of a source in a row; whole on hover. */
const SOURCE_CHARS = 24;

function aboutMount(mount: Mount, sourceChars: number): string {
  const daemon = mount.daemon ? `${visible(mount.daemon.comm ?? 'process')} ${mount.daemon.pid}` : null;
  const source = mount.source === null ? null : shortenPath(mount.source, sourceChars);
  const parts = [mount.fsType, source && `${source.dir}${source.name}`, daemon];
  if (mount.alsoAt.length > 0) parts.push(`also at ${mount.alsoAt.map(visible).join(', ')}`);
  return parts
    .filter((part) => part !== null)
    .map(visible)
    .join(' · ');
}

const isTapped = ({ tier, state }: Mount) =>
  (tier === 'bpf' || tier === 'tracefs') && state !== 'gone' && state !== 'dead';
const canBeWatched = ({ tier, state }: Mount) => tier === 'none' && state !== 'gone' && state !== 'dead';

/** A stalled mount's age ticks; another's changes each second and would only flicker between. */
function Oldest({ mount, ms }: { mount: Mount; ms: number }) {
  return mount.stalled > 0 ? <Age sinceUs={clock.nowUs() - ms * 1e3} /> : <Duration ns={ms * 1e6} />;
}

function ErrorsOf({ mount }: { mount: Mount }) {
  const number = mount.topError === null ? null : errnoNumber(mount.topError);
  const ordinary = number === null || isOrdinaryErrno(number);
  return (
    <>
      <Sparkline values={mount.errorsHistory} columns={24} tone={ordinary ? 'faint' : 'error'} />
      <span className={`num wide ${mount.topError && !ordinary && mount.errorsPerS > 0 ? 'er' : ''}`}>
        <Gauge count={mount.errorsPerS} />
        {mount.topError && <small className={ordinary ? '' : 'er'}>{mount.topError}</small>}
      </span>
    </>
  );
}

function InFlight({ mount }: { mount: Mount }) {
  if (mount.inflight === 0) return <span className="dim">0</span>;
  const hot = Math.min(DOTS, mount.stalled);
  const plain = Math.min(DOTS - hot, Math.max(0, mount.inflight - mount.stalled));
  return (
    <>
      <span className="dots" aria-hidden="true">
        {Array.from({ length: hot + plain }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: dots are alike, only their number counts
          <i key={i} className={i < hot ? 'x' : ''} />
        ))}
      </span>
      <Gauge count={mount.inflight} />
    </>
  );
}
