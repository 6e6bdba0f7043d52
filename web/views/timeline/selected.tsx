// What the selected stretch of time holds: how much, where the time went, by operation and by caller.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { opClass } from '../../../shared/ops.ts';
import type { TimelineSummary } from '../../../shared/timeline.ts';
import { formatBytes, formatCount, formatDuration, formatPercent } from '../../../shared/units.ts';
import { apiUrl } from '../../api/client.ts';
import { summaryQuery } from '../../api/queries.ts';
import { Duration, Figure, None } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { Problem } from '../../ui/problem.tsx';
import { clockText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import { operationsHref } from '../../url/use.ts';
import { isSlow } from '../operations/slow.ts';

interface SelectedProps {
  range: { fromUs: number; toUs: number };
  filter: string;
  onZoom: () => void;
  onClear: () => void;
}

export function Selected({ range, filter, onZoom, onClear }: SelectedProps) {
  const query = useQuery(summaryQuery(filter, range));
  const summary = query.data;
  const whole = { fromUs: Math.floor(range.fromUs), toUs: Math.ceil(range.toUs) };
  return (
    <section className="tl-sel" aria-label="Selected stretch of time">
      <div className="tl-sel-lead">
        <div className="hd">
          <h2>Selected</h2>
          <span>
            {clockText(range.fromUs)} – {clockText(range.toUs)}
          </span>
        </div>
        <div className="tl-big">
          <Figure of={formatDuration((range.toUs - range.fromUs) * 1e3)} />
          {summary && (
            <span className="n">
              {formatCount(summary.operations).text}
              <i className="u">{summary.operations === 1 ? 'operation' : 'operations'}</i>
            </span>
          )}
        </div>
        {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
        {summary && <Words summary={summary} />}
        <div className="tl-sel-acts">
          <button type="button" className="btn sm" onClick={onZoom}>
            Zoom here
          </button>
          <Link className="btn sm" href={operationsHref({ filter, range: whole })}>
            As rows
          </Link>
          <a
            className="btn sm"
            download
            href={apiUrl('/export', { format: 'perfetto', filter, from: whole.fromUs, to: whole.toUs })}
          >
            Export
          </a>
          <button type="button" className="btn sm ghost" onClick={onClear}>
            Clear <kbd>Esc</kbd>
          </button>
        </div>
      </div>
      {summary && summary.operations > 0 && (
        <>
          <ByOperation summary={summary} />
          <ByCaller summary={summary} />
        </>
      )}
    </section>
  );
}

/** Where the time went, in a sentence. */
function Words({ summary }: { summary: TimelineSummary }) {
  const [first] = summary.ops;
  const total = summary.ops.reduce((sum, op) => sum + op.timeNs, 0);
  return (
    <p>
      {summary.operations === 0 && 'Nothing was under way. '}
      {summary.open > 0 && <span className="st">{formatCount(summary.open).text} still open. </span>}
      {first && total > 0 && (
        <>
          {formatPercent(first.timeNs / total).text} of the time went to <b>{first.op}</b>:{' '}
          {formatDuration(first.timeNs).text} in {formatCount(first.count).text}{' '}
          {first.count === 1 ? 'call' : 'calls'}
          {first.queueNs > 0 && `, ${formatPercent(first.queueNs / first.timeNs).text} of it queued`}.
        </>
      )}
      {summary.coveredUs < summary.toUs &&
        ` Counted up to ${clockText(summary.coveredUs)}: there are too many for one answer.`}
    </p>
  );
}

const share = (part: number, whole: number) => `${whole > 0 ? (part / whole) * 100 : 0}%`;

function ByOperation({ summary }: { summary: TimelineSummary }) {
  const most = Math.max(...summary.ops.map((op) => op.timeNs), 1);
  return (
    <div className="tl-sel-table">
      <table>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col" className="right">
              Count
            </th>
            <th scope="col" className="tl-time">
              Total time, queue and service
            </th>
            {['p50', 'p99', 'max', 'Errors', 'Bytes'].map((head) => (
              <th key={head} scope="col" className="right">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {summary.ops.map((op) => (
            <tr key={op.op}>
              <th scope="row">
                <Op op={op.op} />
              </th>
              <td className="right">{formatCount(op.count).text}</td>
              <td className="tl-time" title={formatDuration(op.timeNs).text}>
                <span className={`qs b-${opClass(op.op)}`} style={{ width: share(op.timeNs, most) }}>
                  <i className="q" style={{ width: share(op.queueNs, op.timeNs) }} />
                  <i className="s" />
                  {op.openNs > 0 && <i className="burnt" style={{ width: share(op.openNs, op.timeNs) }} />}
                </span>
                <span className="sr">{formatDuration(op.timeNs).text}</span>
              </td>
              <td className="right">
                <Duration ns={op.p50Ns} />
              </td>
              <td className={`right ${isSlow(op.op, op.p99Ns) ? 'sl' : ''}`}>
                <Duration ns={op.p99Ns} />
              </td>
              <td className={`right ${op.open > 0 ? 'st' : isSlow(op.op, op.maxNs) ? 'sl' : ''}`}>
                {op.open > 0 ? 'open' : <Duration ns={op.maxNs} />}
              </td>
              <td className={`right ${op.errors > 0 ? 'er' : 'dim'}`}>{formatCount(op.errors).text}</td>
              <td className="right">{op.bytes > 0 ? <Figure of={formatBytes(op.bytes)} /> : <None />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ByCaller({ summary }: { summary: TimelineSummary }) {
  return (
    <div className="tl-sel-table callers">
      <table>
        <thead>
          <tr>
            <th scope="col">Caller</th>
            <th scope="col" className="right">
              Count
            </th>
            <th scope="col" className="right">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {summary.callers.map((caller) => (
            <tr key={caller.comm ?? '?'}>
              <th scope="row">
                {caller.comm ? visible(caller.comm) : 'no caller known'}
                {caller.threads > 1 && <i className="dim">, {formatCount(caller.threads).text} threads</i>}
              </th>
              <td className="right">{formatCount(caller.count).text}</td>
              <td className={`right ${caller.open > 0 ? 'st' : ''}`}>
                <Duration ns={caller.timeNs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
