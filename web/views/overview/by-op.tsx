// What was done in the last ten minutes, by operation: how often, how fast, how often in vain.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { formatCount } from '../../../shared/units.ts';
import { latencyQuery, type TimeRange } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { Duration, Figure } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { Problem } from '../../ui/problem.tsx';
import { Slowest } from '../../ui/slowest.tsx';
import { DEFAULT_PARAMS, writeParams } from '../../url/params.ts';
import { isSlow } from '../operations/slow.ts';

const TEN_MINUTES_US = 600e6;
const REFETCH_MS = 5_000;
const SHOWN = 10;

const lastTenMinutes = (): TimeRange => ({ fromUs: clock.nowUs() - TEN_MINUTES_US, toUs: null });

function useRefetch(): number | false {
  const paused = useStore(live, (state) => state.pausedUs !== null);
  return paused ? false : REFETCH_MS;
}

export function ByOperation() {
  const refetchInterval = useRefetch();
  const query = useQuery({ ...latencyQuery('overview', '', lastTenMinutes, 'op'), refetchInterval });
  const items = query.data?.items.slice(0, SHOWN) ?? [];
  return (
    <section aria-label="By operation">
      <div className="hd">
        <h2>By operation</h2>
        <span>10 min</span>
        <span className="sp" />
        <Link className="link" href="/latency">
          Latency
        </Link>
      </div>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.data && items.length === 0 && <p className="quiet-note">Nothing was done in ten minutes.</p>}
      {items.length > 0 && (
        <table className="by-op">
          <thead>
            <tr>
              <th scope="col">
                <span className="sr">Operation</span>
              </th>
              {['Ended', 'Errors', 'p50', 'p99'].map((head) => (
                <th key={head} scope="col" className="right">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.key}>
                <th scope="row">
                  <Link href={`/latency${writeParams({ ...DEFAULT_PARAMS, op: item.key })}`} data-item>
                    <Op op={item.key} />
                  </Link>
                </th>
                <td className="right">
                  <Figure of={formatCount(item.count)} />
                </td>
                <td className="right sec">
                  <Figure of={formatCount(item.errors)} />
                </td>
                <td className="right">
                  <Duration ns={item.p50Ns} />
                </td>
                <td className={`right ${isSlow(item.key, item.p99Ns) ? 'sl' : ''}`}>
                  <Duration ns={item.p99Ns} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function SlowestLately() {
  const refetchInterval = useRefetch();
  return (
    <section aria-label="Slowest in ten minutes" className="slowest-lately">
      <Slowest
        windowKey="overview"
        filter=""
        range={lastTenMinutes}
        refetchInterval={refetchInterval}
        rows={10}
      />
    </section>
  );
}
