// The slowest operations of the chosen histogram: its outliers, each a link to that operation.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { endUs, type Span } from '../../../shared/span.ts';
import { slowestQuery, type TimeRange } from '../../api/queries.ts';
import { Duration } from '../../ui/figure.tsx';
import { visible } from '../../ui/visible.ts';
import { withTerm } from '../../url/terms.ts';
import { operationsHref } from '../../url/use.ts';

interface OutliersProps {
  /** Of the operation; null: it is called by its figures alone. */
  name: string | null;
  /** The terms that leave just its operations. */
  only: string;
  /** p99 of the histogram; what is no longer is no outlier. */
  p99Ns: number | null;
  windowKey: string;
  filter: string;
  range: () => TimeRange;
  refetchInterval: number | false;
}

const SHOWN = 4;
/** Room in time around one. */
const AROUND_US = 1e6;

export function Outliers({ name, only, p99Ns, windowKey, filter, range, refetchInterval }: OutliersProps) {
  const narrowed = withTerm(filter, only);
  const query = useQuery({
    ...slowestQuery(windowKey, narrowed, range, SHOWN),
    refetchInterval: refetchInterval === false ? false : Math.max(3_000, refetchInterval),
  });
  const items = (query.data?.items ?? []).filter(
    ({ durationNs }) => durationNs !== null && durationNs >= (p99Ns ?? 0),
  );
  if (items.length === 0) return null;
  return (
    <p className="outliers">
      <span className="dim">Slowest{name === null ? '' : ` ${name}`}</span>
      {items.map((span) => (
        <Link key={span.id} className="link" href={hrefOf(span, narrowed)} title={visible(span.path ?? '')}>
          <Duration ns={span.durationNs} />
          {span.path !== null && <span className="mono ell">{visible(lastName(span.path))}</span>}
        </Link>
      ))}
    </p>
  );
}

const lastName = (path: string) => path.slice(path.lastIndexOf('/') + 1) || '/';

function hrefOf(span: Span, filter: string): string {
  return operationsHref({
    span: span.id,
    order: 'duration:desc',
    filter,
    range: {
      fromUs: Math.floor(span.startUs - AROUND_US),
      toUs: Math.ceil(endUs(span) + AROUND_US),
    },
  });
}
