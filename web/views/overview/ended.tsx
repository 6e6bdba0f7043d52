// The last stalls that ended: what was just not well, where all is well now.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { closedStallsQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { Duration } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { dateText } from '../../ui/time.ts';

const SHOWN = 12;

export function EndedStalls() {
  // A stall that closes while the page looks changes the key, so that the list is asked for anew.
  const newest = useStore(live, (state) => state.closedStalls[0]?.id ?? 0);
  const query = useQuery({ ...closedStallsQuery(SHOWN), queryKey: ['stalls', 'closed', SHOWN, newest] });
  return (
    <section aria-label="Stalls that ended">
      <div className="hd">
        <h2>Stalls that ended</h2>
        <span className="sp" />
        <Link className="link" href="/stalls">
          History
        </Link>
      </div>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.data?.items.length === 0 && <p className="quiet-note">None in what is stored.</p>}
      <ul>
        {query.data?.items.map((stall) => (
          <li key={stall.id}>
            <Link className="ended-row" data-item href={`/stalls/${stall.id}`}>
              <span className="dim n">{dateText(stall.closedUs ?? stall.raisedUs, clock.nowUs())}</span>
              <span className="right">
                <Duration ns={stall.ageMs * 1e6} />
              </span>
              <Op op={stall.span.op} />
              <PathText path={stall.span.path} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
