// Draws the lanes: columns as a barcode, bars with queue and service time, open ones burning towards now.
import { OPS, opClass } from '../../../shared/ops.ts';
import { formatAge } from '../../../shared/units.ts';
import { colour, faded, font } from '../../theme/colours.ts';
import { theme } from '../../theme/theme.ts';
import { hatch, spark, unknown } from '../../ui/draw.ts';
import { clamp } from '../../ui/scale.ts';
import { visible } from '../../ui/visible.ts';
import { type Bar, barEnd, type Lane, lowerBound, type Picture } from './picture.ts';
import { barPlace, type Line } from './places.ts';
import { Tiles, type TilesFacts } from './tiles.ts';
import { isStalled, stalledFromUs, toneOfBar } from './tone.ts';
import type { Scale } from './viewport.ts';

export interface LaneFacts {
  picture: Picture;
  scale: Scale;
  nowUs: number;
  picked: number | null;
  hovered: number | null;
  /** Thresholds of stalls that are known, ms by id of the span. */
  thresholds: ReadonlyMap<number, number>;
}

type C = CanvasRenderingContext2D;
const CLASSES = ['metadata', 'read', 'write', 'namespace', 'xattr', 'lifecycle'] as const;
const CLASS_INDEX = new Map(OPS.map((op) => [op.name, CLASSES.indexOf(op.class)]));
const TEXT_FROM_PX = 34;

/** Rectangles by class, so that a colour is set once for thousands of them. */
class Heap {
  private readonly rects: number[][] = CLASSES.map(() => []);
  private readonly errors: number[] = [];

  add(op: string, x: number, y: number, w: number, h: number): void {
    this.rects[CLASS_INDEX.get(op) ?? 0]?.push(x, y, w, h);
  }

  error(x: number, y: number, w: number, h: number): void {
    this.errors.push(x, y, w, h);
  }

  paint(c: C): void {
    CLASSES.forEach((cls, i) => {
      paintRects(c, this.rects[i] ?? [], colour(`op-${cls}`));
    });
    paintRects(c, this.errors, colour('error-fill'));
  }
}

function paintRects(c: C, rects: readonly number[], fill: string): void {
  c.fillStyle = fill;
  for (let i = 0; i < rects.length; i += 4) {
    c.fillRect(rects[i] ?? 0, rects[i + 1] ?? 0, rects[i + 2] ?? 0, rects[i + 3] ?? 0);
  }
}

const tiles = new Tiles();

/** Everything of the lines that show. `lines` have their place on the canvas already; `place` says where that is. */
export function drawLanes(
  c: C,
  facts: LaneFacts,
  lines: readonly Line[],
  place: Pick<TilesFacts, 'scrollTop' | 'top' | 'height'>,
): void {
  const { picture, scale } = facts;
  const { top, scrollTop } = place;
  const ratio = c.getTransform().a;
  const fromTop = lines.map((line) => ({ ...line, y: line.y - top + scrollTop }));
  const barcode = { picture, scale, lines: fromTop, ratio, theme: theme.getState().shown, ...place };
  tiles.put(c, barcode, (on, tileScale, tileLines) => drawBarcode(on, picture, tileScale, tileLines));
  for (const line of lines) {
    for (const lane of line.row?.lanes ?? []) {
      for (const bar of lane.bars) drawBar(c, facts, bar, line);
    }
  }
}

/** Columns and the bars that are as thin: rectangles that do not depend on the time or on what is pointed at. */
function drawBarcode(c: C, picture: Picture, scale: Scale, lines: readonly Line[]): void {
  const heap = new Heap();
  const fromUs = scale.us(scale.left);
  const toUs = scale.us(scale.right);
  for (const line of lines) {
    for (const lane of line.row?.lanes ?? []) {
      columnsOf(heap, picture, scale, lane, line);
      for (let i = firstFrom(lane.bars, fromUs); i < lane.bars.length; i++) {
        const bar = lane.bars[i] as Bar;
        if (bar.startUs > toUs) break;
        if (isThin(bar, scale)) thinOf(heap, picture, scale, bar, line);
      }
    }
  }
  heap.paint(c);
}

/** A bar that is wide enough to be told by itself, or is looked at. */
function drawBar(c: C, facts: LaneFacts, bar: Bar, line: Line): void {
  const { scale, nowUs, picked, hovered } = facts;
  if (isThin(bar, scale) && bar.id !== picked && bar.id !== hovered) return;
  const end = barEnd(bar) ?? nowUs;
  if (bar.startUs > scale.us(scale.right) || end < scale.us(scale.left)) return;
  if (bar.state === 'open') drawOpen(c, facts, bar, line);
  else drawDone(c, facts, bar, line);
  outline(c, facts, bar, line);
}

/** Place of the first bar that began at a time or after it. */
function firstFrom(bars: readonly Bar[], us: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.startUs ?? 0) < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isThin = (bar: Bar, { pxPerUs }: Scale): boolean =>
  bar.durationNs !== null && (bar.durationNs / 1e3) * pxPerUs < 2;

function columnsOf(heap: Heap, picture: Picture, scale: Scale, lane: Lane, line: Line): void {
  const { stepUs, mostInColumn } = picture;
  const stepPx = stepUs * scale.pxPerUs;
  const wide = Math.max(1, Math.floor(stepPx - (stepPx >= 2 ? 1 : 0)));
  const bottom = line.y + line.height - 3;
  const last = lowerBound(lane.at, Math.ceil(scale.us(scale.right) / stepUs));
  for (let i = lowerBound(lane.at, Math.floor(scale.us(scale.left) / stepUs)); i < last; i++) {
    const x = Math.round(scale.x((lane.at[i] ?? 0) * stepUs));
    const high = columnPx(lane.count[i] ?? 0, mostInColumn, line.height);
    heap.add(lane.op[i] ?? '', x, bottom - high, wide, high);
    if ((lane.errors[i] ?? 0) > 0) heap.error(x, bottom - 1, Math.max(2, wide), 4);
  }
}

/** Height of a column: by the root, so that a burst does not flatten the rest to nothing. */
function columnPx(count: number, most: number, linePx: number): number {
  return 3 + Math.round(Math.sqrt(count / most) * (linePx - 10));
}

/** Puts a bar of less than two px on the heap. */
function thinOf(heap: Heap, picture: Picture, scale: Scale, bar: Bar, line: Line): void {
  const x = Math.round(scale.x(bar.startUs));
  const bottom = line.y + line.height - 3;
  const high = columnPx(1, picture.mostInColumn, line.height);
  heap.add(bar.op, x, bottom - high, 1, high);
  if (toneOfBar(bar) === 'error') heap.error(x, line.y + line.height - 4, 2, 4);
}

function spanPx({ scale }: LaneFacts, bar: Bar, endUs: number) {
  const from = scale.x(bar.startUs);
  const to = scale.x(endUs);
  const x = Math.max(scale.left - 2, Math.round(from));
  return { from, x, wide: Math.max(1, Math.min(scale.right + 2, Math.round(to)) - x) };
}

function drawDone(c: C, facts: LaneFacts, bar: Bar, line: Line): void {
  const cls = opClass(bar.op);
  const { x, wide } = spanPx(facts, bar, barEnd(bar) ?? facts.nowUs);
  const { y, height } = barPlace(bar, line);
  const queued =
    bar.queueNs === null ? 0 : clamp(Math.round(facts.scale.x(bar.startUs + bar.queueNs / 1e3)) - x, 0, wide);
  if (bar.state === 'lost') {
    unknown(c, x, y, wide, height);
    return;
  }
  if (queued >= 1) {
    c.fillStyle = faded(`op-${cls}`, 0.26);
    c.fillRect(x, y, queued, height);
    hatch(c, x, y, queued, height, colour(`op-${cls}`), 4);
  }
  c.fillStyle = colour(`op-${cls}`);
  c.fillRect(x + queued, y, wide - queued, height);
  const tone = toneOfBar(bar);
  if (tone === 'slow' || tone === 'stalled') {
    c.fillStyle = colour(tone === 'slow' ? 'slow-fill' : 'stalled-fill');
    c.fillRect(x, y, wide, Math.min(2, height));
    if (tone === 'stalled') c.fillRect(x + wide - 2, y, 2, height);
  }
  if (tone === 'error') {
    c.fillStyle = colour('error-fill');
    c.fillRect(x + wide - Math.min(3, wide), y, Math.min(3, wide), height);
  }
  if (height >= 12) label(c, facts, bar, x + queued, wide - queued, y + height / 2, colour(`op-${cls}-on`));
}

/** The class colour up to the threshold, then a body without an end that is lit where it grows. */
function drawOpen(c: C, facts: LaneFacts, bar: Bar, line: Line): void {
  const cls = opClass(bar.op);
  const { from, x, wide } = spanPx(facts, bar, facts.nowUs);
  const { y, height } = barPlace(bar, line);
  const burnsFrom = facts.scale.x(stalledFromUs(bar, facts.thresholds));
  const end = facts.scale.x(facts.nowUs);
  const calm = isStalled(bar, facts.nowUs, facts.thresholds)
    ? clamp(Math.round(burnsFrom) - x, 0, wide)
    : wide;
  c.fillStyle = colour(`op-${cls}`);
  c.fillRect(x, y, calm, height);
  if (calm < wide) {
    const litFrom = Math.max(x + calm, x + wide - 260);
    const burning = c.createLinearGradient(litFrom, 0, x + wide, 0);
    burning.addColorStop(0, colour('stalled-line'));
    burning.addColorStop(1, colour('stalled-fill'));
    c.fillStyle = burning;
    c.fillRect(x + calm, y, wide - calm, height);
    c.fillStyle = colour('stalled-fill');
    c.fillRect(x + calm, y + height - 1.5, wide - calm, 1.5);
  }
  const age = formatAge(Math.max(0, (facts.nowUs - bar.startUs) / 1e3)).text;
  const hot = calm < wide;
  const ink = hot ? colour('ink') : colour(`op-${cls}-on`);
  if (height >= 12) {
    c.font = font(11, 600);
    const ageWide = c.measureText(age).width + 14;
    const textFrom = hot && calm > 0 ? x + calm : x;
    const chevron = from < facts.scale.left;
    if (chevron) drawChevron(c, facts.scale.left + 4, y + height / 2, ink);
    if (wide > ageWide + 8) {
      c.fillStyle = hot ? colour('spark-core') : ink;
      c.textAlign = 'right';
      if (end <= facts.scale.right) c.fillText(age, end - 8, y + height / 2);
    }
    const left = Math.max(textFrom, facts.scale.left) + (chevron ? 10 : 0);
    label(c, facts, bar, left, end - ageWide - left, y + height / 2, ink);
  }
  if (end <= facts.scale.right + 4) spark(c, end, y + height / 2, hot ? 2 : 1.2);
}

function drawChevron(c: C, x: number, y: number, fill: string): void {
  c.fillStyle = fill;
  c.beginPath();
  c.moveTo(x, y);
  c.lineTo(x + 5, y - 4);
  c.lineTo(x + 5, y + 4);
  c.fill();
}

/** Operation and file name, as far as there is room for whole ones. */
function label(c: C, { scale }: LaneFacts, bar: Bar, x: number, wide: number, y: number, ink: string): void {
  const from = Math.max(x, scale.left) + 6;
  const room = Math.min(x + wide, scale.right) - from - 4;
  if (room < TEXT_FROM_PX - 10) return;
  c.textAlign = 'left';
  c.fillStyle = ink;
  c.font = font(11, 600);
  const opWide = c.measureText(bar.op).width;
  if (opWide > room) return;
  c.fillText(bar.op, from, y);
  const name = bar.path === null ? '' : visible(bar.path.slice(bar.path.lastIndexOf('/') + 1));
  if (name === '') return;
  c.font = font(11);
  const shown = fitting(c, name, room - opWide - 7);
  if (shown !== '') c.fillText(shown, from + opWide + 7, y);
}

/** A name, its own middle left out where there is no room for all; nothing where even that is too much. */
function fitting(c: C, name: string, room: number): string {
  if (room < 24) return '';
  if (c.measureText(name).width <= room) return name;
  const chars = Math.floor((room / c.measureText(name).width) * name.length) - 1;
  if (chars < 5) return '';
  const tail = Math.ceil(chars / 2);
  return `${name.slice(0, chars - tail)}…${name.slice(-tail)}`;
}

function outline(c: C, facts: LaneFacts, bar: Bar, line: Line): void {
  const picked = bar.id === facts.picked;
  if (!picked && bar.id !== facts.hovered) return;
  const { x, wide } = spanPx(facts, bar, barEnd(bar) ?? facts.nowUs);
  const { y, height } = barPlace(bar, line);
  c.strokeStyle = colour('ink');
  c.lineWidth = picked ? 2 : 1;
  c.strokeRect(x - 0.5, y - 0.5, wide + 1, height + 1);
}
