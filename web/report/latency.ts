// Percentiles by operation, with a histogram on a logarithmic axis from 1 µs to 100 s.
import { Histogram } from '../../shared/histogram.ts';
import { opClass } from '../../shared/ops.ts';
import type { Span } from '../../shared/span.ts';
import { formatCount, formatDuration } from '../../shared/units.ts';
import { visible } from '../ui/visible.ts';
import { el, row } from './dom.ts';

const WIDTH = 240;
const HEIGHT = 26;
const BARS = 80;
const DECADES = 8;
const HEADS = ['Operation', '1 µs to 100 s', 'Count', 'Errors', 'p50', 'p90', 'p99', 'Max', 'Open'];

interface Group {
  histogram: Histogram;
  bars: Float64Array;
  errors: number;
  open: number;
}

export function latencySection(spans: readonly Span[]): HTMLElement {
  const groups = new Map<string, Group>();
  for (const span of spans) {
    let group = groups.get(span.op);
    if (!group) {
      group = { histogram: new Histogram(), bars: new Float64Array(BARS), errors: 0, open: 0 };
      groups.set(span.op, group);
    }
    if (span.error !== null) group.errors++;
    if (span.durationNs === null) {
      if (span.state === 'open') group.open++;
      continue;
    }
    group.histogram.record(span.durationNs);
    const share = (Math.log10(Math.max(1, span.durationNs)) - 3) / DECADES;
    const bar = Math.min(BARS - 1, Math.max(0, Math.floor(share * BARS)));
    group.bars[bar] = (group.bars[bar] ?? 0) + 1;
  }
  const rows = [...groups]
    .sort(([, a], [, b]) => b.histogram.count - a.histogram.count)
    .map(([op, { histogram, bars, errors, open }]) =>
      row([
        visible(op),
        picture(bars, opClass(op)),
        formatCount(histogram.count).text,
        errors === 0 ? '0' : el('b.bad', [formatCount(errors).text]),
        time(histogram, 0.5),
        time(histogram, 0.9),
        time(histogram, 0.99),
        time(histogram, 1),
        open === 0 ? '0' : el('b.hot', [String(open)]),
      ]),
    );
  return el('section', [
    el('h2', ['Latency']),
    el('div.scroll', [el('table.figures', [el('thead', [row(HEADS, 'th')]), el('tbody', rows)])]),
  ]);
}

function time(histogram: Histogram, q: number): string {
  const ns = histogram.percentile(q);
  return ns === null ? '–' : formatDuration(ns).text;
}

/** Heights are logarithmic: one operation still shows. The figures stand beside it. */
function picture(bars: Float64Array, kind: string): Node {
  const most = Math.log10(Math.max(...bars) + 1) || 1;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('width', String(WIDTH));
  svg.setAttribute('height', String(HEIGHT));
  svg.setAttribute('aria-hidden', 'true');
  const step = WIDTH / BARS;
  bars.forEach((count, i) => {
    if (count === 0) return;
    const high = Math.max(2, (HEIGHT * Math.log10(count + 1)) / most);
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    bar.setAttribute('x', String(i * step));
    bar.setAttribute('y', String(HEIGHT - high));
    bar.setAttribute('width', String(step - 0.5));
    bar.setAttribute('height', String(high));
    bar.setAttribute('fill', `var(--op-${kind})`);
    svg.append(bar);
  });
  return svg;
}
