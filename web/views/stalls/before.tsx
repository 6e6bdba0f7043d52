// What the same caller did on the mount just before it got stuck: often the whole story.
import { useQuery } from '@tanstack/react-query';
import { resultOf, type Span } from '../../../shared/span.ts';
import { formatRelative } from '../../../shared/units.ts';
import { fetchSpans } from '../../api/queries.ts';
import { Duration } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { term } from '../../url/terms.ts';
import { isTrouble } from '../operations/slow.ts';
import './before.css';

const SHOWN = 14;

export function BeforeIt({ span }: { span: Span }) {
  const filter = [term('mount', span.mount), span.pid === null ? '' : term('pid', span.pid)].join(' ').trim();
  const query = useQuery({
    queryKey: ['before', span.id],
    queryFn: ({ signal }) =>
      fetchSpans(
        { filter, range: { fromUs: null, toUs: span.startUs }, order: 'start:desc', limit: SHOWN + 1 },
        signal,
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const items = query.data?.items.filter((other) => other.id !== span.id).slice(0, SHOWN) ?? [];
  return (
    <section aria-label="Before it">
      <div className="hd">
        <h2>Before it</h2>
        <span>the same process on this mount, newest first</span>
      </div>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      {query.data && items.length === 0 && <p className="quiet-note">Nothing that is stored.</p>}
      <ul>
        {items.map((other) => (
          <li key={other.id} className="before-row">
            <span className="right dim n">{formatRelative(other.startUs - span.startUs).text}</span>
            <Op op={other.op} />
            <PathText path={other.path} />
            <span className={isTrouble(other) ? 'er' : 'dim'}>{resultOf(other)}</span>
            <span className="right">
              <Duration ns={other.durationNs} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
