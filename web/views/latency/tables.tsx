// The same numbers as tables: for those who do not see the pictures, and for those who want figures.
import type { HeatmapAnswer, HistogramAnswer } from '../../../shared/api.ts';
import { formatCount } from '../../../shared/units.ts';
import { Duration, Figure } from '../../ui/figure.tsx';
import { AXIS_TICKS, BURNS_FROM_MS } from '../../ui/scale.ts';
import { clockText } from '../../ui/time.ts';
import { HistogramName, MoreKeys } from './histogram-name.tsx';
import type { HistogramKind } from './kinds.ts';
import '../../ui/as-table.css';

const HEADS = ['Ended', 'Errors', 'p50', 'p90', 'p99', 'p99.9', 'max', 'Open', 'Oldest open'];

interface LatencyTableProps {
  kind: HistogramKind;
  items: readonly HistogramAnswer[];
  keys: number;
}

export function LatencyTable({ kind, items, keys }: LatencyTableProps) {
  const by = `Latency by ${kind.name.toLowerCase()}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section tabIndex={0} className="as-table" aria-label={by}>
      <table>
        <caption>{by}; open operations are in none of the percentiles</caption>
        <thead>
          <tr>
            <th scope="col">{kind.name}</th>
            {HEADS.map((head) => (
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
                <HistogramName kind={kind} name={item.key} />
              </th>
              <Count count={item.count} />
              <Count count={item.errors} />
              {[item.p50Ns, item.p90Ns, item.p99Ns, item.p999Ns, item.maxNs].map((ns, i) => (
                <td key={HEADS[i + 2]} className="right">
                  <Duration ns={ns} />
                </td>
              ))}
              <Count count={item.open} hot={(item.oldestOpenMs ?? 0) >= BURNS_FROM_MS} />
              <td className="right">
                <Duration ns={item.oldestOpenMs === null ? null : item.oldestOpenMs * 1e6} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <MoreKeys items={items} keys={keys} />
    </section>
  );
}

function Count({ count, hot = false }: { count: number; hot?: boolean }) {
  return (
    <td className={`right ${hot && count > 0 ? 'st' : ''}`}>
      <Figure of={formatCount(count)} />
    </td>
  );
}

const COLUMNS = 10;

/** Counts by decade of latency, newest decade of time last: at most ten columns. */
export function decadeCounts(heat: HeatmapAnswer): {
  fromUs: number[];
  rows: { label: string; counts: number[] }[];
} {
  const per = Math.max(1, Math.ceil(heat.columns.length / COLUMNS));
  const width = Math.ceil(heat.columns.length / per);
  const fromUs = Array.from({ length: width }, (_, i) => heat.fromUs + i * per * heat.stepUs);
  const rows = AXIS_TICKS.slice(0, -1).map(([ns, label], decade) => {
    const endNs = AXIS_TICKS[decade + 1]?.[0] ?? Number.POSITIVE_INFINITY;
    const lowest = decade === 0 ? 0 : ns;
    const highest = decade === AXIS_TICKS.length - 2 ? Number.POSITIVE_INFINITY : endNs;
    const counts = new Array<number>(width).fill(0);
    heat.columns.forEach((column, i) => {
      const at = Math.floor(i / per);
      column.forEach((count, row) => {
        // Edges are powers of a step; a hair of rounding must not put a row below its decade.
        const edge = (heat.edgesNs[row] ?? 0) * 1.0001;
        if (edge >= lowest && edge < highest) counts[at] = (counts[at] ?? 0) + count;
      });
    });
    return { label: decade === 0 ? `under ${AXIS_TICKS[1]?.[1]}` : `from ${label}`, counts };
  });
  return { fromUs, rows: rows.reverse() };
}

export function HeatTable({ heat }: { heat: HeatmapAnswer }) {
  const { fromUs, rows } = decadeCounts(heat);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section tabIndex={0} className="as-table" aria-label="Latency over time">
      <table>
        <caption>
          Operations by latency and time;{' '}
          {heat.gaps.length === 0 ? 'no gaps' : `${heat.gaps.length} gaps, events are missing there`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Took</th>
            {fromUs.map((us) => (
              <th key={us} scope="col" className="right">
                {clockText(us)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <th scope="row">{row.label}</th>
              {row.counts.map((count, i) => (
                <td key={fromUs[i]} className="right">
                  <Figure of={formatCount(count)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
