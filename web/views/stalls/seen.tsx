// What was seen of a stall while it lasted: one line where something had changed, with what its processes did then.
import { useQuery } from '@tanstack/react-query';
import type { ProcessFacts, ThreadFacts } from '../../../shared/examination.ts';
import type { Stall, StallSnapshot } from '../../../shared/stall.ts';
import { formatRelative } from '../../../shared/units.ts';
import { snapshotsQuery } from '../../api/queries.ts';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';
import { KIND_WORDS } from './groups.tsx';

const THREADS_SHOWN = 6;

export function Seen({ stall }: { stall: Stall }) {
  const { data } = useQuery({
    ...snapshotsQuery(stall.id, stall.examinedUs),
    enabled: recordingId === null && stall.groupId !== null,
  });
  const items = data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section aria-label="What was seen">
      <div className="hd">
        <h2>What was seen</h2>
        <span>{items.length === 1 ? 'one look; nothing has changed since' : `${items.length} changes`}</span>
      </div>
      <ol>
        {items.map((one, i) => (
          <Look key={one.takenUs} look={one} before={items[i - 1] ?? null} startUs={stall.span.startUs} />
        ))}
      </ol>
    </section>
  );
}

function Look(props: { look: StallSnapshot; before: StallSnapshot | null; startUs: number }) {
  const { look, before, startUs } = props;
  const what = wordsOf(look, before);
  return (
    <li>
      <details className="look">
        <summary>
          <span className="right dim n">{formatRelative(look.takenUs - startUs).text}</span>
          <span>{KIND_WORDS[look.kind] ?? visible(look.kind)}</span>
          <span className="sec ell" title={visible(look.text)}>
            {visible(what)}
          </span>
          <span className="dim right">{look.waiting} waited</span>
        </summary>
        <ul>
          {look.processes.map((one) => (
            <Process key={one.pid} one={one} />
          ))}
          {look.unread.map(({ pid, why }) => (
            <li key={`unread ${pid}`} className="dim">
              {pid}: {why === 'denied' ? 'may not be read' : 'reading it did not return'}
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

/** The sentence where it is a new one; else what else has changed. */
function wordsOf(look: StallSnapshot, before: StallSnapshot | null): string {
  if (look.text !== before?.text) return look.text;
  if (look.waiting !== before.waiting)
    return `${Math.abs(look.waiting - before.waiting)} ${look.waiting > before.waiting ? 'more wait' : 'fewer wait'}`;
  const known = new Map(before.processes.map((one) => [one.pid, stateOf(one)]));
  const changed = look.processes.filter((one) => known.get(one.pid) !== stateOf(one));
  return changed.length === 0
    ? 'the same'
    : `${changed.map((one) => one.comm ?? one.pid).join(', ')} did something else`;
}

function stateOf({ threads }: ProcessFacts): string {
  return JSON.stringify(threads.map(({ tid, state, wchan, syscall }) => [tid, state, wchan, syscall?.name]));
}

function Process({ one }: { one: ProcessFacts }) {
  const more = one.threadCount - Math.min(one.threads.length, THREADS_SHOWN);
  return (
    <li>
      {visible(one.comm ?? 'process')} <span className="dim">{one.pid}</span>
      <ul>
        {one.threads.slice(0, THREADS_SHOWN).map((thread) => (
          <li key={thread.tid} className="mono">
            {visible(threadWords(thread))}
          </li>
        ))}
        {more > 0 && <li className="dim">and {more} more threads</li>}
      </ul>
    </li>
  );
}

function threadWords({ tid, state, wchan, syscall }: ThreadFacts): string {
  return [`${tid} ${state ?? '?'}`, wchan, syscall?.text].filter((part) => part).join('  ');
}
