// The heat map: time across, latency upwards, how many as a colour on a log ramp. What has not ended rises above
// everything that has; what is not known is hatched.
import type { HeatmapAnswer } from '../../../shared/api.ts';
import type { Span } from '../../../shared/span.ts';
import { colour, faded, font } from '../../theme/colours.ts';
import type { Pen } from '../../ui/canvas.tsx';
import { spark, unknown } from '../../ui/draw.ts';
import { AXIS_TICKS, axisShare, clamp } from '../../ui/scale.ts';
import { clockText, minuteText } from '../../ui/time.ts';

const RAMP = 7;
const STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const LEFT = 48;
const RIGHT = 10;
const TOP = 20;
const BELOW = 20;

/** Colour of a count: none is the ground, one the first visible step, `most` the last. */
export function heatColour(count: number, most: number, ramp: readonly string[]): string {
  if (count <= 0) return ramp[0] ?? '';
  const share = most <= 1 ? 0 : Math.log(count) / Math.log(most);
  const place = 1 + clamp(share, 0, 1) * (ramp.length - 2);
  const low = Math.min(ramp.length - 2, Math.floor(place));
  return mix(ramp[low] ?? '', ramp[low + 1] ?? '', place - low);
}

function mix(a: string, b: string, share: number): string {
  const at = (hex: string, i: number) => Number.parseInt(hex.slice(i, i + 2), 16);
  const part = (i: number) => Math.round(at(a, i) + (at(b, i) - at(a, i)) * share);
  return `rgb(${part(1)} ${part(3)} ${part(5)})`;
}

/** The largest count of a cell. */
export const mostOf = (heat: HeatmapAnswer): number =>
  heat.columns.reduce((most, column) => column.reduce((m, count) => Math.max(m, count), most), 0);

/** Seconds between two labels where `widthPx` show `spanS`. */
export const labelStep = (spanS: number, widthPx: number): number =>
  STEPS_S.find((step) => (widthPx * step) / spanS >= 70) ?? 86_400;

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
  const rising = open.filter((span) => nowUs - span.startUs > 1e6);
  if (rising.length === 0 || nowUs < heat.fromUs) return;
  c.strokeStyle = colour('stalled-fill');
  rising.forEach((span, i) => {
    const endUs = Math.min(nowUs, heat.toUs);
    const steps = 60;
    c.lineWidth = i === 0 ? 2.5 : 1.5;
    c.beginPath();
    for (let step = 0; step <= steps; step++) {
      const at = span.startUs + ((endUs - span.startUs) * step ** 2) / steps ** 2;
      if (at < heat.fromUs) continue;
      c.lineTo(x(at), y(Math.max(1e4, (at - span.startUs) * 1e3)));
    }
    c.stroke();
    spark(c, x(endUs), y((endUs - span.startUs) * 1e3), i === 0 ? 3 : 1.6);
  });
  c.font = font(11, 600);
  c.fillStyle = faded('stalled-fill', 1);
  c.fillStyle = colour('stalled');
  c.textAlign = 'right';
  c.fillText(`${rising.length} still open`, width - 2, TOP - 12);
}
