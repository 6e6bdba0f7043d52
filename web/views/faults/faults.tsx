// Faults on mirrors: the rules with what they did so far, switched, released and removed; and the form that adds one.
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { faultsQuery } from '../../api/queries.ts';
import { useKeys } from '../../keys/keys.ts';
import { useListKeys } from '../../keys/list.ts';
import { live } from '../../live/feed.ts';
import { Coming } from '../../ui/coming.tsx';
import { commandChoice, commandLine, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Command } from '../../ui/copy.tsx';
import { NotInRecording } from '../../ui/not-in-recording.tsx';
import { Problem } from '../../ui/problem.tsx';
import { recordingId } from '../../url/recording.ts';
import { AddForm } from './add.tsx';
import { board, clearFaults, restoreFaults } from './board.ts';
import { RuleTable } from './list.tsx';
import { count, leadWords } from './words.ts';
import './faults.css';

export default function FaultsView() {
  if (recordingId !== null) return <NotInRecording what="Faults are done to mirrors that are mounted now." />;
  return <LiveFaults />;
}

function LiveFaults() {
  const query = useQuery(faultsQuery);
  const { error, cleared } = useStore(board);
  const mirrors = useStore(
    live,
    useShallow((state) => state.mounts.filter((one) => one.kind === 'mirror' && one.state !== 'gone')),
  );
  const connected = useStore(live, (state) => state.server !== null);
  const box = useRef<HTMLDivElement>(null);
  useListKeys('faults', 'next, previous fault', box);
  useKeys('fault', [
    {
      keys: ['n'],
      label: 'new fault',
      foot: true,
      run: () => box.current?.querySelector<HTMLElement>('.fault-form select')?.focus(),
    },
  ]);
  useCopies([
    commandChoice(commandLine('faults', 'list')),
    jsonChoice('JSON', () => query.data?.items ?? []),
  ]);
  const faults = query.data?.items ?? [];
  return (
    <div className="faults" ref={box}>
      <header className="fault-lead">
        <div>
          <h1>{query.data && connected ? leadWords(faults, mirrors.length) : 'Faults'}</h1>
          <p>
            A rule holds from the next operation on, and each operation that it touches says so in its trace
            (args.fault). Nothing outside the mirror is touched.
          </p>
        </div>
        <div className="fault-panic">
          {cleared.length > 0 && (
            <button type="button" className="btn" onClick={() => void restoreFaults()}>
              Put {count(cleared.length, 'rule')} back
            </button>
          )}
          <button
            type="button"
            className="btn danger"
            disabled={faults.length === 0}
            onClick={() => void clearFaults()}
          >
            Clear all, let everything go on
          </button>
        </div>
      </header>
      {error && <Problem error={error} />}
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.isPending && <Coming rows={4} what="faults" />}
      {mirrors
        .map((mirror) => ({ mirror, rules: faults.filter((one) => one.mountId === mirror.id) }))
        .filter(({ rules }) => rules.length > 0)
        .map(({ mirror, rules }) => (
          <RuleTable key={mirror.id} mount={mirror.mount} rules={rules} />
        ))}
      {connected && (mirrors.length === 0 ? <NoMirror /> : <AddForm mirrors={mirrors} />)}
    </div>
  );
}

function NoMirror() {
  return (
    <section className="fault-none" aria-label="How to get a mirror">
      <p>
        Faults need a mirror: a directory, mounted again at another place, through which programs go that are
        to be tested. It needs no root. Mount one on the{' '}
        <a className="link" href="/start">
          first page
        </a>
        , or in a terminal:
      </p>
      <Command command="fusescope mount ~/src /tmp/traced" />
      <p>Then add a rule here, or in a terminal:</p>
      <Command command="fusescope faults add /tmp/traced --op read --every 3 --errno EIO" />
    </section>
  );
}
