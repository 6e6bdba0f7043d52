// The percentile lines of a histogram, and where each name has room. Pure.
import type { HistogramAnswer } from '../../../shared/api.ts';
import { formatDuration } from '../../../shared/units.ts';
import { axisShare } from '../../ui/scale.ts';

export interface PercentileLine {
  name: string;
  /** Empty where there is no room left: the list below has every figure. */
  text: string;
  /** Place on the latency axis, 0 to 1. */
  share: number;
  side: 'left' | 'right';
  /** 0 is the row just above the bars. */
  row: number;
}

const NAME_PX = 82;
const ROWS = 2;
/** In the upper row a name to the left would stand over the line before it, and seem to be its. */
const PLACES: readonly (readonly [row: number, side: PercentileLine['side']])[] = [
  [0, 'left'],
  [0, 'right'],
  [1, 'right'],
  [1, 'left'],
];

/**
 * p50, p90, p99, p99.9 in order. A name stands left of its line, else right of it, else in the row above, right first, so that no
 * two lie on one another on an axis of `widthPx`.
 */
export function percentileLines(histogram: HistogramAnswer, widthPx: number): PercentileLine[] {
  const known: readonly (readonly [string, number | null])[] = [
    ['p50', histogram.p50Ns],
    ['p90', histogram.p90Ns],
    ['p99', histogram.p99Ns],
    ['p99.9', histogram.p999Ns],
  ];
  const width = NAME_PX / Math.max(1, widthPx);
  const taken: [from: number, to: number][][] = Array.from({ length: ROWS }, () => []);
  const lines: PercentileLine[] = [];
  for (const [name, ns] of known) {
    if (ns === null) continue;
    const share = axisShare(ns);
    const line: PercentileLine = {
      name,
      text: `${name}  ${formatDuration(ns).text}`,
      share,
      side: 'left',
      row: 0,
    };
    let placed = false;
    for (const [row, side] of PLACES) {
      Object.assign(line, { row, side });
      const from = side === 'left' ? share - width : share;
      const to = from + width;
      const names = taken[row] ?? [];
      if (from < -width / 4 || to > 1 + width / 4 || names.some(([a, b]) => from < b && to > a)) continue;
      names.push([from, to]);
      placed = true;
      break;
    }
    lines.push(placed ? line : { ...line, text: '' });
  }
  return lines;
}
