// The slowest operations of a window, each a way into Operations.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { endUs, type Span } from '../../shared/span.ts';
import { formatWall } from '../../shared/units.ts';
import { slowestQuery, type TimeRange } from '../api/queries.ts';
import { operationsHref } from '../url/use.ts';
import { isSlow } from '../views/operations/slow.ts';
import { Duration } from './figure.tsx';
import { Op } from './glyph.tsx';
import { PathText } from './path.tsx';
import { Problem } from './problem.tsx';
import './slowest.css';
import { Caller } from './caller.tsx';

/** Room in time around a span, so that what it waited with is in the picture. */
const AROUND_US = 1e6;

interface SlowestProps {
  /** Names the window for the cache. */
  windowKey: string;
  filter: string;
  range: () => TimeRange;
  refetchInterval: number | false;
  rows: number;
}

export function Slowest({ windowKey, filter, range, refetchInterval, rows }: SlowestProps) {
  const query = useQuery({
    ...slowestQuery(windowKey, filter, range, rows),
    refetchInterval: refetchInterval === false ? false : Math.max(3_000, refetchInterval),
  });
  if (query.error) return <Problem error={query.error} onRetry={() => query.refetch()} />;
  const items = query.data?.items.filter((span) => span.durationNs !== null) ?? [];
  if (items.length === 0) return null;
  return <SpanRows items={items} filter={filter} head="Slowest, ENTER" />;
}

interface SpanRowsProps {
  items: readonly Span[];
  /** Goes along to Operations. */
  filter: string;
  /** What the first column is called. */
  head: string;
}

/** Finished operations, longest first, each a way to it among those around it. */
export function SpanRows({ items, filter, head }: SpanRowsProps) {
  return (
    <>
      <div className="bh bhead" aria-hidden="true">
        <span>{head}</span>
        <span>Operation</span>
        <span>Path in mount</span>
        <span>Caller</span>
        <span className="right">Duration ↓</span>
      </div>
      <ul>
        {items.map((span) => (
          <li key={span.id}>
            <Link
              className="bh"
              data-item
              href={operationsHref({
                span: span.id,
                order: 'duration:desc',
                filter,
                range: {
                  fromUs: Math.floor(span.startUs - AROUND_US),
                  toUs: Math.ceil(endUs(span) + AROUND_US),
                },
              })}
            >
              <span className="sec n">{formatWall(span.startUs).text.slice(0, 12)}</span>
              <Op op={span.op} />
              <PathText path={span.path} />
              <span className="ell sec">
                <Caller span={span} />
              </span>
              <span className={`right ${isSlow(span.op, span.durationNs) ? 'sl' : ''}`}>
                <Duration ns={span.durationNs} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
