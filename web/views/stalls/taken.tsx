// The audit: ways out that were taken, by whom, and what came of them. Nothing where none was.
import { useQuery } from '@tanstack/react-query';
import { useStore } from 'zustand';
import { auditQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { dateText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { recordingId } from '../../url/recording.ts';

export function Taken() {
  // A way out ends a stall, as a rule: then there is something new to show.
  const changes = useStore(live, (state) => (state.closedStalls[0]?.id ?? 0) + state.stalls.length);
  const query = useQuery({ ...auditQuery(changes), enabled: recordingId === null });
  const items = query.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className="history" aria-label="Ways out that were taken">
      <div className="hd">
        <h2>Ways out that were taken</h2>
        <span>the audit</span>
      </div>
      <table className="taken">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Action</th>
            <th scope="col">What came of it</th>
            <th scope="col">By</th>
            <th scope="col">Mount</th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.id}>
              <td className="sec n">{dateText(one.atUs, clock.nowUs())}</td>
              <td>{one.action}</td>
              <td className={one.outcome === 'done' ? 'sec ell' : 'er ell'} title={one.text}>
                {visible(one.text)}
              </td>
              <td className="dim ell">
                {one.uid === null ? one.address : `uid ${one.uid}`}, {one.via}
              </td>
              <td className="mono dim ell">{visible(one.mount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
