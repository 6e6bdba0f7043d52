// What is behind the brush: how many, what most of them have in common, shares by each key, and the slowest of them.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { BreakdownAnswer, BreakdownBy } from '../../../shared/groups.ts';
import { endUs } from '../../../shared/span.ts';
import { formatCount, formatDuration, formatPercent } from '../../../shared/units.ts';
import { breakdownQuery, slowestQuery } from '../../api/queries.ts';
import { Duration } from '../../ui/figure.tsx';
import { PathText } from '../../ui/path.tsx';
import { Problem } from '../../ui/problem.tsx';
import { SpanRows } from '../../ui/slowest.tsx';
import { clockText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';
import { type Brush, beganIn, brushFilter } from './brush.ts';
import './behind.css';

const PANELS: readonly (readonly [BreakdownBy, name: string, none: string])[] = [
  ['op', 'Operation', ''],
  ['mount', 'Mount', ''],
  ['process', 'Caller', 'no caller known'],
  ['path', 'Path in mount', 'no path known'],
  ['size', 'Size', 'no size'],
  ['errno', 'Result', ''],
];
const SHOWN = 4;
const SLOWEST = 6;
const LOOKED_AT = 60;
const LONGEST_NS = 2 ** 50;

interface BehindProps {
  brush: Brush;
  /** Of the view, without the brush. */
  filter: string;
  asTables: boolean;
  onClear: () => void;
}

export function Behind({ brush, filter, asTables, onClear }: BehindProps) {
  const narrowed = brushFilter(filter, brush);
  const ops = useBreakdown('op', brush, narrowed);
  const mounts = useBreakdown('mount', brush, narrowed);
  const callers = useBreakdown('process', brush, narrowed);
  const longestNs = Math.max(0, ...(ops.data?.items ?? []).map(({ maxNs }) => maxNs ?? 0)) || LONGEST_NS;
  const began = beganIn(brush, longestNs);
  const slowest = useQuery({
    ...slowestQuery(`${began.fromUs}-${began.toUs}`, narrowed, () => began, LOOKED_AT),
    enabled: ops.data !== undefined,
  });
  // Lists go by when operations began, the map by when they ended.
  const ended = (slowest.data?.items ?? []).filter(
    (span) => span.durationNs !== null && endUs(span) >= brush.fromUs && endUs(span) < brush.toUs,
  );
  const href = (more: string) =>
    operationsHref({
      filter: `${narrowed} ${more}`.trim(),
      range: began,
      order: 'duration:desc',
    });
  if (ops.error) return <Problem error={ops.error} onRetry={() => ops.refetch()} />;
  return (
    <section className="behind" aria-label="Behind the brush">
      <div className="behind-lead">
        <p aria-live="polite">
          {ops.data && <Words ops={ops.data} mounts={mounts.data} callers={callers.data} brush={brush} />}
        </p>
        <span className="behind-acts">
          <Link className="btn sm" href={href('')}>
            As rows
          </Link>
          <button type="button" className="btn sm ghost" onClick={onClear}>
            Clear <kbd>Esc</kbd>
          </button>
        </span>
      </div>
      <div className={asTables ? 'panels tables' : 'panels'}>
        {PANELS.map(([by, name, none]) => (
          <Panel key={by} by={by} name={name} none={none} brush={brush} filter={narrowed} href={href} />
        ))}
      </div>
      {slowest.error && <Problem error={slowest.error} onRetry={() => slowest.refetch()} />}
      {ended.length > 0 && (
        <SpanRows items={ended.slice(0, SLOWEST)} filter={filter} head="Slowest of them" />
      )}
    </section>
  );
}

function useBreakdown(by: BreakdownBy, { fromUs, toUs }: Brush, filter: string) {
  return useQuery(breakdownQuery(by, filter, { fromUs, toUs }, SHOWN));
}

interface WordsProps {
  ops: BreakdownAnswer;
  mounts: BreakdownAnswer | undefined;
  callers: BreakdownAnswer | undefined;
  brush: Brush;
}

/** 1,412 operations in the brush, 14:29:48 – 14:31:06, 240 ms – 5 s. 96 % of them are read, 88 % on /mnt/b2. */
function Words({ ops, mounts, callers, brush }: WordsProps) {
  const { total } = ops;
  const times = `${clockText(brush.fromUs)} – ${clockText(brush.toUs)}`;
  const parts = [ops, mounts, callers].map((answer) => {
    const first = answer?.items[0];
    return first && first.key !== '' && answer.total > 0
      ? { share: formatPercent(first.count / answer.total).text, key: visible(first.key) }
      : null;
  });
  const [op, mount, caller] = parts;
  return (
    <>
      <b>
        {formatCount(total).text} {total === 1 ? 'operation' : 'operations'} in the brush
      </b>
      , {times}, {durationsText(brush)}.{' '}
      {op && (
        <>
          {op.share} of them {total === 1 ? 'is' : 'are'} <b>{op.key}</b>
          {mount && (
            <>
              , {mount.share} on <span className="mono">{mount.key}</span>
            </>
          )}
          {caller && `, ${caller.share} by ${caller.key}`}.
        </>
      )}
    </>
  );
}

function durationsText({ fromNs, toNs }: Brush): string {
  if (toNs === Number.POSITIVE_INFINITY)
    return fromNs === 0 ? 'of any length' : `${formatDuration(fromNs).text} and more`;
  return fromNs === 0
    ? `under ${formatDuration(toNs).text}`
    : `${formatDuration(fromNs).text} – ${formatDuration(toNs).text}`;
}

interface PanelProps {
  by: BreakdownBy;
  name: string;
  none: string;
  brush: Brush;
  filter: string;
  href: (more: string) => string;
}

/** Shares by one key: each row a way to the operations in it. */
function Panel({ by, name, none, brush, filter, href }: PanelProps) {
  const { data, error, refetch } = useBreakdown(by, brush, filter);
  const rest = data ? data.keys - data.items.length : 0;
  return (
    <div className="panel">
      <table>
        <caption>{name}</caption>
        <thead className="sr">
          <tr>
            {[name, 'Operations', 'Share', 'p99'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data?.items.map((item) => {
            const share = item.count / Math.max(1, data.total);
            const text = item.key === '' ? none : visible(item.key);
            return (
              <tr key={item.key}>
                <th scope="row">
                  {item.filter === '' ? (
                    <span className="dim ell">{text}</span>
                  ) : (
                    <Link className="ell" href={href(item.filter)} title={text}>
                      {by === 'mount' || by === 'path' ? <PathText path={item.key} /> : text}
                    </Link>
                  )}
                  <i className="share" style={{ width: `${share * 100}%` }} aria-hidden="true" />
                </th>
                <td className="right count">{formatCount(item.count).text}</td>
                <td className="right">{formatPercent(share).text}</td>
                <td className="right p99">
                  <Duration ns={item.p99Ns} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {rest > 0 && <p className="dim">and {formatCount(rest).text} more</p>}
      {error && <Problem error={error} onRetry={() => refetch()} />}
    </div>
  );
}
