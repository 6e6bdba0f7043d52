// What the same thread asked for just before and just after.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Span } from '../../../shared/span.ts';
import { formatRelative } from '../../../shared/units.ts';
import { neighboursQuery } from '../../api/queries.ts';
import { Duration } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { operationsHref } from '../../url/use.ts';
import { detailText } from './detail.ts';

export function Neighbours({ span }: { span: Span }) {
  const { data } = useQuery({ ...neighboursQuery(span), enabled: (span.tid ?? 0) > 0 });
  if (!data || data.length < 2) return null;
  return (
    <>
      <h3>Around it on this thread</h3>
      <ul>
        {data.map((one) => (
          <li key={one.id}>
            <Link
              className={`near-row ${one.id === span.id ? 'self' : 'sec'}`}
              href={operationsHref({ span: one.id, filter: `tid:${span.tid}` })}
              aria-current={one.id === span.id ? 'true' : undefined}
            >
              <span className="right n dim">
                {one.id === span.id ? '0' : formatRelative(one.startUs - span.startUs).text}
              </span>
              <Op op={one.op} />
              <span className="ell">{detailText(one)}</span>
              <Duration ns={one.durationNs} />
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
