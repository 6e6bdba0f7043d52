// Where one operation stands among all of its kind on its mount in the last hour.
import { useQuery } from '@tanstack/react-query';
import type { HistogramAnswer } from '../../../shared/api.ts';
import { opClass } from '../../../shared/ops.ts';
import type { Span } from '../../../shared/span.ts';
import { formatCount, formatPercent } from '../../../shared/units.ts';
import { latencyQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { colour, font } from '../../theme/colours.ts';
import { Canvas, type Pen } from '../../ui/canvas.tsx';
import { drawBars } from '../../ui/histogram.ts';
import { AXIS_TICKS, axisShare, binOnAxis } from '../../ui/scale.ts';
import { visible } from '../../ui/visible.ts';
import { term } from '../../url/terms.ts';

const BINS = 84;
const HOUR_US = 3_600e6;

export function PlaceAmongOthers({ span }: { span: Span }) {
  const filter = `${term('op', span.op)} ${term('mount', span.mount)}`;
  const range = () => ({ fromUs: clock.nowUs() - HOUR_US, toUs: null });
  const { data } = useQuery({ ...latencyQuery('place', filter, range, 'op'), staleTime: 30_000 });
  const histogram = data?.items.find((item) => item.key === span.op);
  if (!histogram || span.durationNs === null) return <div className="place" />;
  const share = shareBelow(histogram, span.durationNs);
  const words = `slower than ${formatPercent(share).text}`;
  return (
    <div className="place">
      <h3>
        Among {formatCount(histogram.count).text} of {span.op} on {visible(span.mount)} in the last hour
      </h3>
      <Canvas
        label={`Latency distribution; this one is ${words}`}
        draw={(pen) => draw(pen, histogram, span, words)}
      />
    </div>
  );
}

/** Share of a histogram's operations that were faster. */
function shareBelow(histogram: HistogramAnswer, ns: number): number {
  let below = 0;
  for (const [, toNs, count] of histogram.buckets) if (toNs <= ns) below += count;
  return histogram.count === 0 ? 0 : below / histogram.count;
}

function draw({ c, width }: Pen, histogram: HistogramAnswer, span: Span, words: string): void {
  const base = 64;
  drawBars(c, binOnAxis(histogram.buckets, BINS), { x: 0, width, top: 22, base }, `op-${opClass(span.op)}`);
  c.fillStyle = colour('line-strong');
  c.fillRect(0, base, width, 1);
  const x = Math.round(axisShare(span.durationNs ?? 0) * width);
  c.fillStyle = colour('ink');
  c.fillRect(Math.min(x, width - 1), 0, 1, base);
  c.font = font(11);
  const right = x < width / 2;
  c.textAlign = right ? 'left' : 'right';
  c.fillText(words, right ? x + 6 : x - 6, 7);
  c.font = font(10);
  c.textAlign = 'center';
  c.fillStyle = colour('ink-3');
  AXIS_TICKS.forEach(([ns, label], i) => {
    if (i % 2 === 1 && i < 7) c.fillText(label, axisShare(ns) * width, 74);
  });
}
