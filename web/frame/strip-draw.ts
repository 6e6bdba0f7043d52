// Draws the time strip: ten minutes of operations a second, errors beneath, gaps hatched, stalls burning above.
import type { TimeRange } from '../api/queries.ts';
import { type LiveState, STRIP_S } from '../live/state.ts';
import { colour, faded, font } from '../theme/colours.ts';
import type { Pen } from '../ui/canvas.tsx';
import { spark, unknown } from '../ui/draw.ts';
import { clamp } from '../ui/scale.ts';
import { clockText, minuteText } from '../ui/time.ts';
import { columnStep, stallStretches, stripColumns } from './strip-columns.ts';

export interface StripFacts extends Pick<LiveState, 'seconds' | 'gaps' | 'stalls'> {
  nowUs: number;
  pausedUs: number | null;
  /** Since when nothing was heard; null while the server is there. */
  silentSinceUs: number | null;
  range: TimeRange | null;
  waiting: boolean;
  /** Since when something is being recorded; null: nothing is. */
  recordingSinceUs: number | null;
  /** Length of what is shown; null: the last ten minutes. */
  lengthUs: number | null;
}

const PITCH = 3;
/** What the time at a tick takes. */
const TICK_PX = 56;
const MAX_TICKS = 12;
const TICKS_US = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 43_200].map((s) => s * 1e6);

/** The strip's place of a moment, and back. */
export function stripScale(width: number, nowUs: number, lengthUs: number | null = null) {
  // As in frame.css: below 720 px the figures stand above the picture, which is then as wide as the page.
  const narrow = width <= 720;
  const left = narrow ? 16 : 8;
  const right = width - (narrow ? 18 : 14);
  const spanUs = lengthUs ?? (narrow ? STRIP_S / 2 : STRIP_S) * 1e6;
  return {
    narrow,
    left,
    right,
    fromUs: nowUs - spanUs,
    spanUs,
    x: (us: number) => left + (right - left) * clamp(1 - (nowUs - us) / spanUs, 0, 1),
    us: (x: number) => nowUs - spanUs * (1 - clamp((x - left) / (right - left), 0, 1)),
  };
}

export function drawStrip({ c, width }: Pen, facts: StripFacts): void {
  const scale = stripScale(width, facts.nowUs, facts.lengthUs);
  const top = scale.narrow ? 34 : 10;
  const base = scale.narrow ? 50 : 36;
  c.fillStyle = colour('line-strong');
  c.fillRect(scale.left, base, scale.right - scale.left, 1);
  if (facts.waiting) {
    drawWaiting(c, scale, base);
    return;
  }
  drawMinutes(c, scale, base);
  drawColumns(c, facts, scale, top, base);
  for (const gap of facts.gaps) drawUnknown(c, scale, top, base, gap.fromUs, gap.toUs);
  if (facts.silentSinceUs !== null) drawUnknown(c, scale, top, base, facts.silentSinceUs, facts.nowUs);
  if (facts.pausedUs !== null && facts.lengthUs === null) {
    c.fillStyle = colour('ink');
    c.fillRect(Math.round(scale.x(facts.pausedUs)), 4, 1, base);
  }
  drawStalls(c, facts, scale, top, base);
  if (facts.recordingSinceUs !== null) {
    const x = Math.round(scale.x(facts.recordingSinceUs));
    c.fillStyle = colour('ink');
    c.fillRect(x, base + 6, Math.max(2, scale.right - x), 2);
  }
  if (facts.range) drawRange(c, scale, facts.range, facts.nowUs, base);
}

type Scale = ReturnType<typeof stripScale>;

function drawWaiting(c: CanvasRenderingContext2D, scale: Scale, base: number): void {
  c.font = font(12);
  c.textAlign = 'left';
  c.fillStyle = colour('ink-3');
  c.fillText(
    `Operations will draw themselves here${scale.narrow ? '' : ', one column a second'}.`,
    scale.left + 2,
    base - (scale.narrow ? 8 : 14),
    scale.right - scale.left,
  );
  c.fillStyle = colour('ink');
  c.fillRect(scale.right - 1, base - 8, 1, 12);
  c.textAlign = 'right';
  c.font = font(10);
  c.fillStyle = colour('ink-3');
  c.fillText('now', scale.right, base + (scale.narrow ? 11 : 15));
}

function drawMinutes(c: CanvasRenderingContext2D, scale: Scale, base: number): void {
  c.font = font(10);
  c.textAlign = 'center';
  // As many as there is room for beside each other.
  const most = Math.max(1, Math.min(MAX_TICKS, Math.floor((scale.right - scale.left) / TICK_PX)));
  const step = TICKS_US.find((one) => scale.spanUs / one <= most) ?? 86_400e6;
  for (let at = Math.ceil(scale.fromUs / step) * step; at <= scale.fromUs + scale.spanUs; at += step) {
    const x = Math.round(scale.x(at));
    c.fillStyle = colour('line-strong');
    c.fillRect(x, base, 1, 4);
    c.fillStyle = colour('ink-3');
    if (x > scale.left + 18 && x < scale.right - 10)
      c.fillText(step < 60e6 ? clockText(at) : minuteText(at), x, base + (scale.narrow ? 11 : 15));
  }
}

function drawColumns(
  c: CanvasRenderingContext2D,
  facts: StripFacts,
  scale: Scale,
  top: number,
  base: number,
): void {
  const step = columnStep(scale.spanUs / 1e6, (scale.right - scale.left) / PITCH);
  const columns = stripColumns(facts.seconds, step);
  const most = columns.reduce((max, column) => Math.max(max, column.ops), 1);
  const wide = Math.max(1, Math.floor(((scale.right - scale.left) * step * 1e6) / scale.spanUs) - 1);
  for (const column of columns) {
    const us = column.atS * 1e6;
    if (us + (facts.lengthUs === null ? 0 : step * 1e6) < scale.fromUs) continue;
    const x = Math.round(scale.x(us));
    c.globalAlpha = facts.pausedUs !== null && us > facts.pausedUs ? 0.35 : 1;
    // The root of the share: bursts a hundred times the usual rate must not flatten the rest to nothing.
    const high = column.ops === 0 ? 0 : Math.max(1, Math.round(Math.sqrt(column.ops / most) * (base - top)));
    c.fillStyle = colour('ink-4');
    c.fillRect(x, base - high, wide, high);
    if (column.errors > 0) {
      c.fillStyle = colour('error-fill');
      c.fillRect(x, base + 2, 1.5, 3);
    }
    c.globalAlpha = 1;
  }
}

function drawUnknown(
  c: CanvasRenderingContext2D,
  scale: Scale,
  top: number,
  base: number,
  fromUs: number,
  toUs: number,
): void {
  if (toUs < scale.fromUs) return;
  const x = Math.round(scale.x(fromUs));
  unknown(c, x, top, Math.max(4, Math.round(scale.x(toUs)) - x), base - top);
}

function drawStalls(
  c: CanvasRenderingContext2D,
  facts: StripFacts,
  scale: Scale,
  top: number,
  base: number,
): void {
  const y = top - 2;
  const openSinceUs = facts.stalls[0]?.span.startUs ?? Number.POSITIVE_INFINITY;
  c.fillStyle = colour('stalled-fill');
  for (const [fromS, toS] of stallStretches(facts.seconds)) {
    const toUs = Math.min(toS * 1e6, openSinceUs);
    if (toUs <= fromS * 1e6 || toUs < scale.fromUs) continue;
    const x = scale.x(fromS * 1e6);
    const end = scale.x(toUs);
    c.globalAlpha = 0.75;
    c.fillRect(x, y - 1, Math.max(2, end - x), 2);
    c.fillRect(end, y - 3, 1.5, 6);
    c.globalAlpha = 1;
  }
  if (facts.stalls.length === 0) return;
  const x = scale.x(openSinceUs);
  const end = scale.x(Math.min(facts.nowUs, facts.silentSinceUs ?? facts.nowUs));
  c.fillStyle = faded('stalled-fill', 0.1);
  c.fillRect(x, y, end - x, base - y);
  const burning = c.createLinearGradient(x, 0, end, 0);
  burning.addColorStop(0, faded('stalled-fill', 0.35));
  burning.addColorStop(1, colour('stalled-fill'));
  c.fillStyle = burning;
  c.fillRect(x, y - 1.5, end - x, 3);
  c.fillStyle = colour('stalled-fill');
  c.fillRect(x, y - 4, 1.5, 8);
  spark(c, end, y, 2);
}

function drawRange(
  c: CanvasRenderingContext2D,
  scale: Scale,
  range: TimeRange,
  nowUs: number,
  base: number,
): void {
  const from = scale.x(range.fromUs ?? 0);
  const to = scale.x(range.toUs ?? nowUs);
  // On a narrow screen the figures stand above the picture.
  const top = scale.narrow ? 27 : 2;
  c.fillStyle = colour('band');
  c.fillRect(from, top, to - from, base + 6 - top);
  c.strokeStyle = colour('band-edge');
  c.lineWidth = 1;
  c.strokeRect(Math.round(from) + 0.5, top + 0.5, Math.max(2, Math.round(to - from)), base + 5 - top);
}
