// The heat map: time across, latency upwards, how many as a colour on a log ramp. What has not ended rises above
// everything that has; what is not known is hatched.
import type { HeatmapAnswer } from '../../../shared/api.ts';
import type { Span } from '../../../shared/span.ts';
import { formatCount } from '../../../shared/units.ts';
import { colour, font } from '../../theme/colours.ts';
import type { Pen } from '../../ui/canvas.tsx';
import { spark, unknown } from '../../ui/draw.ts';
import { AXIS_TICKS, axisNs, axisShare, BURNS_FROM_MS, clamp } from '../../ui/scale.ts';
import { clockText, minuteText } from '../../ui/time.ts';
import { type Brush, cellsOf, countIn } from './brush.ts';
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
  brush: Brush | null,
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
  if (brush) drawBrush(c, heat, brush, x, y);
}

/** The moment and duration under a place of the picture. */
export function heatPoint(
  heat: HeatmapAnswer,
  at: { x: number; y: number },
  box: { width: number; height: number },
): { us: number; ns: number } {
  const across = clamp((at.x - LEFT) / (box.width - LEFT - RIGHT), 0, 1);
  const up = clamp((box.height - BELOW - at.y) / (box.height - BELOW - TOP), 0, 1);
  return { us: heat.fromUs + across * (heat.toUs - heat.fromUs), ns: axisNs(up) };
}

/** Ink, with handles at its corners, and how many it holds. */
function drawBrush(c: CanvasRenderingContext2D, heat: HeatmapAnswer, brush: Brush, x: Place, y: Place): void {
  const cells = cellsOf(heat, brush);
  if (!cells) return;
  const [left, right] = [Math.round(x(brush.fromUs)), Math.round(x(brush.toUs))];
  const [low, high] = [Math.round(y(brush.fromNs)), Math.round(y(brush.toNs))];
  c.strokeStyle = colour('ink');
  c.lineWidth = 1.5;
  c.strokeRect(left, high, right - left, low - high);
  c.fillStyle = colour('ink');
  for (const [px, py] of [
    [left, high],
    [right, high],
    [left, low],
    [right, low],
  ] as const)
    c.fillRect(px - 2.5, py - 2.5, 5, 5);
  const text = `${formatCount(countIn(heat, cells)).text} operations`;
  c.font = font(12, 600);
  const wide = c.measureText(text).width + 8;
  const atRight = left + wide > x(heat.toUs);
  const top = high - 10 < TOP + 8 ? low + 11 : high - 10;
  c.fillStyle = colour('bg');
  c.fillRect(atRight ? right - wide : left, top - 8, wide, 16);
  c.fillStyle = colour('ink');
  c.textAlign = atRight ? 'right' : 'left';
  c.fillText(text, atRight ? right - 4 : left + 4, top);
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
