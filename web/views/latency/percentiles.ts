// The percentile lines of a histogram, and on which side of its line each name has room. Pure.
import type { HistogramAnswer } from '../../../shared/api.ts';
import { formatDuration } from '../../../shared/units.ts';
import { axisShare } from '../../ui/scale.ts';

export interface PercentileLine {
  name: string;
  text: string;
  share: number;
  side: 'left' | 'right';
}

/** Width of a name as a share of the axis, at the widths the histogram has. */
const NAME_SHARE = 0.135;

/** p50, p90, p99, p99.9 in order; names stand left of their line unless the one before is in the way. */
export function percentileLines(histogram: HistogramAnswer): PercentileLine[] {
  const known: readonly (readonly [string, number | null])[] = [
    ['p50', histogram.p50Ns],
    ['p90', histogram.p90Ns],
    ['p99', histogram.p99Ns],
    ['p99.9', histogram.p999Ns],
  ];
  const lines: PercentileLine[] = [];
  let taken = 0;
  for (const [name, ns] of known) {
    if (ns === null) continue;
    const share = axisShare(ns);
    const side = share - NAME_SHARE < taken ? 'right' : 'left';
    // Two names that would lie on one another: the later one says more about the tail, but the line of both stays.
    const text = side === 'right' && share < taken ? '' : `${name}  ${formatDuration(ns).text}`;
    if (text !== '') taken = side === 'left' ? share : share + NAME_SHARE;
    lines.push({ name, text, share, side });
  }
  return lines;
}
