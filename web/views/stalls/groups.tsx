// What comes back: stalls by their cause, with how often, how long, and what ended them. And the browser's notifications.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import type { CauseKind } from '../../../shared/diagnosis.ts';
import { formatCount } from '../../../shared/units.ts';
import { stallGroupsQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { Duration } from '../../ui/figure.tsx';
import { canNotify, notifying, setNotifying } from '../../ui/notify.ts';
import { dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';

export const KIND_WORDS: Readonly<Partial<Record<string, string>>> = {
  'daemon-stopped': 'daemon stopped',
  'daemon-dead': 'daemon dead',
  'not-picked-up': 'not picked up',
  'workers-exhausted': 'all workers busy',
  'self-deadlock': 'waits for itself',
  'cross-mount': 'another mount',
  'blocked-on-lock': 'a lock',
  'blocked-on-network': 'the network',
  'blocked-on-disk': 'a disk',
  congested: 'congested',
  'waiting-behind': 'waits behind another',
  'fault-injected': 'injected fault',
  'waiting-for-data': 'waits for data',
  unknown: 'not found',
} satisfies Record<CauseKind, string>;

const ENDINGS: Readonly<Record<string, string>> = {
  answered: 'answered',
  error: 'failed',
  aborted: 'aborted',
  'daemon-died': 'daemon ended',
  unmounted: 'unmounted',
  lost: 'not seen',
};

export function ComingBack() {
  const changes = useStore(live, (state) => (state.closedStalls[0]?.id ?? 0) + state.stalls.length);
  const query = useQuery(stallGroupsQuery(changes));
  const groups = (query.data?.items ?? []).filter((one) => one.incidents > 1 && one.operations > one.open);
  return (
    <section className="history" aria-label="Stalls that come back">
      <div className="hd">
        <h2>Coming back</h2>
        <span>
          {groups.length === 0
            ? 'no cause has stalled anything twice'
            : 'causes that stalled something more than once'}
        </span>
        <span className="sp" />
        {recordingId === null && <NotifyButton />}
      </div>
      {groups.length > 0 && (
        <table className="groups">
          <thead>
            <tr>
              <th scope="col">Last</th>
              <th scope="col" className="right">
                Times
              </th>
              <th scope="col" className="right">
                Operations
              </th>
              <th scope="col" className="right">
                Longest
              </th>
              <th scope="col">Cause</th>
              <th scope="col">Ended</th>
              <th scope="col">Mount</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((one) => (
              <tr key={one.key}>
                <td className="sec n">{dateText(one.lastUs, clock.nowUs())}</td>
                <td className="right n">{formatCount(one.incidents).text}</td>
                <td className="right n dim">{formatCount(one.operations).text}</td>
                <td className="right">
                  <Duration ns={one.longestMs * 1e6} />
                </td>
                <td className="ell">
                  <Link data-item href={`/stalls/${one.lastStallId}`}>
                    {one.text === null ? <span className="dim">no cause was found</span> : visible(one.text)}
                  </Link>
                </td>
                <td className="sec ell">
                  {one.open > 0 && <span className="st">{one.open} open </span>}
                  {one.endings.map(({ kind, count }) => `${ENDINGS[kind] ?? kind} ${count}`).join(', ')}
                </td>
                <td className="mono dim ell">{visible(one.mount)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Asks the browser, once somebody asks for it. */
function NotifyButton() {
  const { on, refused } = useStore(notifying);
  if (!canNotify()) return null;
  return (
    <button
      type="button"
      className="btn sm"
      aria-pressed={on}
      disabled={refused}
      onClick={() => setNotifying(!on)}
    >
      {refused ? 'Notifications are not allowed' : on ? 'Notifications are on' : 'Notify me of stalls'}
    </button>
  );
}
