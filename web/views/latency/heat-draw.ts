// The heat map: time across, latency upwards, how many as a colour on a log ramp. What has not ended rises above
// everything that has; what is not known is hatched.
import type { HeatmapAnswer } from '../../../shared/api.ts';
import type { Span } from '../../../shared/span.ts';
import { colour, font } from '../../theme/colours.ts';
import type { Pen } from '../../ui/canvas.tsx';
import { spark, unknown } from '../../ui/draw.ts';
import { AXIS_TICKS, axisShare, BURNS_FROM_MS, clamp } from '../../ui/scale.ts';
import { clockText, minuteText } from '../../ui/time.ts';
import { heatColour, labelStep, mostOf } from './heat-scale.ts';

const RAMP = 7;
const LEFT = 48;
const RIGHT = 10;
const TOP = 20;
const BELOW = 20;

export function drawHeat(
  { c, width, height }: Pen,
  heat: HeatmapAnswer,
  open: readonly Span[],
  nowUs: number,
): void {
  const w = width - LEFT - RIGHT;
  const base = height - BELOW;
  const spanUs = Math.max(1, heat.toUs - heat.fromUs);
  const x = (us: number) => LEFT + (w * clamp(us - heat.fromUs, 0, spanUs)) / spanUs;
  const y = (ns: number) => base - (base - TOP) * axisShare(ns);
  const ramp = Array.from({ length: RAMP }, (_, i) => colour(`heat-${i}`));
  c.fillStyle = ramp[0] ?? '';
  c.fillRect(LEFT, TOP, w, base - TOP);
  drawCells(c, heat, x, y, ramp);
  for (const gap of heat.gaps) {
    if (gap.toUs < heat.fromUs || gap.fromUs > heat.toUs) continue;
    const from = Math.round(x(gap.fromUs));
    unknown(c, from, TOP, Math.max(4, Math.round(x(gap.toUs)) - from), base - TOP);
  }
  drawAxes(c, heat, x, y, { base, w });
  drawRising(c, open, nowUs, heat, x, y, width);
}

type Place = (value: number) => number;

function drawCells(
  c: CanvasRenderingContext2D,
  heat: HeatmapAnswer,
  x: Place,
  y: Place,
  ramp: readonly string[],
): void {
  const most = mostOf(heat);
  heat.columns.forEach((column, i) => {
    const from = Math.round(x(heat.fromUs + i * heat.stepUs));
    const to = Math.round(x(heat.fromUs + (i + 1) * heat.stepUs));
    column.forEach((count, row) => {
      if (count === 0) return;
      const low = Math.round(y(heat.edgesNs[row] ?? 0));
      const high = Math.round(y(heat.edgesNs[row + 1] ?? Number.POSITIVE_INFINITY));
      c.fillStyle = heatColour(count, most, ramp);
      c.fillRect(from, Math.min(high, low - 2), Math.max(1, to - from), Math.max(2, low - high));
    });
  });
}

function drawAxes(
  c: CanvasRenderingContext2D,
  heat: HeatmapAnswer,
  x: Place,
  y: Place,
  box: { base: number; w: number },
): void {
  c.font = font(10);
  AXIS_TICKS.forEach(([ns, label], i) => {
    const at = y(ns);
    c.fillStyle = colour('ink-3');
    c.textAlign = 'right';
    c.fillText(label, LEFT - 6, i === 0 ? at - 4 : i === AXIS_TICKS.length - 1 ? at + 5 : at);
    if (i === 0 || i === AXIS_TICKS.length - 1) return;
    c.fillStyle = colour('band');
    c.fillRect(LEFT, Math.round(at), box.w, 1);
  });
  c.textAlign = 'center';
  const spanS = (heat.toUs - heat.fromUs) / 1e6;
  const stepUs = labelStep(spanS, box.w) * 1e6;
  const text = stepUs < 60e6 ? clockText : minuteText;
  for (let at = Math.ceil(heat.fromUs / stepUs) * stepUs; at < heat.toUs; at += stepUs) {
    const px = Math.round(x(at));
    c.fillStyle = colour('line-strong');
    c.fillRect(px, box.base, 1, 4);
    c.fillStyle = colour('ink-3');
    if (px > LEFT + 18 && px < LEFT + box.w - 18) c.fillText(text(at), px, box.base + 12);
  }
}

/** An open operation's age grows with time: on log axes a curve that ends in its spark. */
function drawRising(
  c: CanvasRenderingContext2D,
  open: readonly Span[],
  nowUs: number,
  heat: HeatmapAnswer,
  x: Place,
  y: Place,
  width: number,
): void {
  const shownToUs = Math.min(nowUs, heat.toUs);
  const rising = open.filter((span) => shownToUs - span.startUs > BURNS_FROM_MS * 1e3);
  if (rising.length === 0) return;
  c.strokeStyle = colour('stalled-fill');
  rising.forEach((span, i) => {
    const steps = 60;
    c.lineWidth = i === 0 ? 2.5 : 1.5;
    c.beginPath();
    for (let step = 0; step <= steps; step++) {
      const at = span.startUs + ((shownToUs - span.startUs) * step ** 2) / steps ** 2;
      if (at < heat.fromUs) continue;
      c.lineTo(x(at), y(Math.max(1e4, (at - span.startUs) * 1e3)));
    }
    c.stroke();
    spark(c, x(shownToUs), y((shownToUs - span.startUs) * 1e3), i === 0 ? 3 : 1.6);
  });
  c.font = font(11, 600);
  c.fillStyle = colour('stalled');
  c.textAlign = 'right';
  c.fillText(`${rising.length} still open`, width - 2, TOP - 12);
}
