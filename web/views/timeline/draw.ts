// Draws the whole timeline: ruler, heads of the groups, lanes, gaps, selection, marks and now.
import type { Gap } from '../../../shared/live.ts';
import type { Mount } from '../../../shared/mount.ts';
import { formatCount } from '../../../shared/units.ts';
import type { TimeRange } from '../../api/queries.ts';
import { colour, font } from '../../theme/colours.ts';
import type { Pen } from '../../ui/canvas.tsx';
import { unknown } from '../../ui/draw.ts';
import { visible } from '../../ui/visible.ts';
import { drawLanes, type LaneFacts } from './draw-lanes.ts';
import { drawRuler } from './draw-ruler.ts';
import { type Line, linesBetween, RULER_PX } from './places.ts';
import { ticksOf } from './ticks.ts';
import type { Scale } from './viewport.ts';

export interface DrawFacts extends Omit<LaneFacts, 'picture'> {
  picture: LaneFacts['picture'] | null;
  lines: readonly Line[];
  scrollTop: number;
  gaps: readonly Gap[];
  mounts: readonly Mount[];
  /** Since when nothing was heard; null while the server is there. */
  silentSinceUs: number | null;
  selection: TimeRange | null;
  /** Operations in the selection, where they are counted. */
  selected: number | null;
  marks: readonly number[];
  cursorX: number | null;
  stalled: boolean;
  /** Head of the gutter: what its right column is. */
  gutterHead: string;
}

type C = CanvasRenderingContext2D;

export function drawTimeline({ c, width, height }: Pen, facts: DrawFacts): void {
  const { scale, scrollTop } = facts;
  const lines = linesBetween(facts.lines, scrollTop, scrollTop + height - RULER_PX).map((line) => ({
    ...line,
    y: line.y - scrollTop + RULER_PX,
  }));
  drawGrid(c, facts, height);
  c.save();
  c.beginPath();
  c.rect(0, RULER_PX, width, height - RULER_PX);
  c.clip();
  drawHeads(c, facts, lines, width);
  drawBand(c, facts, height);
  drawNotLoaded(c, facts, lines);
  c.save();
  c.beginPath();
  c.rect(scale.left, RULER_PX, scale.width, height - RULER_PX);
  c.clip();
  if (facts.picture) {
    const place = { scrollTop, top: RULER_PX, height: height - RULER_PX };
    drawLanes(c, { ...facts, picture: facts.picture }, lines, place);
  }
  drawGaps(c, facts, lines);
  c.restore();
  drawNames(c, facts, lines);
  c.restore();
  drawRuler(c, facts, width, height);
}

function drawGrid(c: C, { scale }: DrawFacts, height: number): void {
  c.fillStyle = colour('grid');
  for (const tick of ticksOf(scale.us(scale.left), scale.us(scale.right), scale.width)) {
    c.fillRect(Math.round(scale.x(tick.us)), RULER_PX, 1, height - RULER_PX);
  }
}

function drawHeads(c: C, { scale }: DrawFacts, lines: readonly Line[], width: number): void {
  for (const line of lines) {
    if (line.row) continue;
    c.fillStyle = colour('surface');
    c.fillRect(0, line.y, width, line.height);
    c.fillStyle = colour('line');
    c.fillRect(0, line.y, width, 1);
  }
  c.fillStyle = colour('line');
  c.fillRect(scale.left - 1, RULER_PX, 1, lines.length === 0 ? 0 : 10_000);
}

/** Callers at the left; the head of a group says what and how its mount is. */
function drawNames(c: C, facts: DrawFacts, lines: readonly Line[]): void {
  const { scale } = facts;
  const narrow = scale.left < 160;
  for (const line of lines) {
    const middle = line.y + line.height / 2;
    if (line.row) {
      drawLaneName(c, line, scale.left, middle, narrow);
      continue;
    }
    const mount = facts.mounts.find((one) => one.id === line.group.mountId);
    drawState(c, mount?.state ?? 'gone', narrow ? 12 : 27, middle);
    c.textAlign = 'left';
    c.fillStyle = colour('ink');
    c.font = `600 12px ${colour('font-mono')}`;
    const from = narrow ? 22 : 42;
    const name = visible(line.group.mount);
    c.fillText(name, from, middle);
    if (!mount?.fsType) continue;
    const at = from + c.measureText(name).width + 9;
    c.font = font(11);
    c.fillStyle = colour('ink-3');
    c.fillText(visible(mount.fsType.replace(/^fuse\./, '')), at, middle);
    if (mount.state === 'dead') {
      const after = Math.max(scale.left + 8, at + c.measureText(mount.fsType).width + 16);
      c.fillStyle = colour('error');
      c.fillText('its daemon is gone, every call fails', after, middle);
    }
  }
}

function drawLaneName(c: C, line: Line, left: number, middle: number, narrow: boolean): void {
  const { row } = line;
  if (!row) return;
  const from = narrow ? 12 : 42;
  const [only] = row.lanes;
  const folded = row.lanes.reduce((sum, lane) => sum + lane.folded, 0);
  const right =
    folded > 0
      ? ''
      : row.lanes.length === 1
        ? (only?.thread?.toString() ?? '')
        : `${formatCount(row.lanes.length).text} in turn`;
  c.font = font(narrow ? 10 : 11);
  c.textAlign = 'right';
  c.fillStyle = colour('ink-3');
  if (!narrow) c.fillText(right, left - 10, middle);
  const room = left - from - (narrow ? 6 : 16) - (narrow ? 0 : c.measureText(right).width);
  c.textAlign = 'left';
  c.font = font(narrow ? 11 : 12);
  c.fillStyle = colour(folded > 0 ? 'ink-3' : 'ink-2');
  const label = folded > 0 ? `${formatCount(folded).text} quieter ones` : nameOf(row.label);
  c.fillText(shortened(c, visible(label), room), from, middle);
}

/** The kernel asks for some things by itself: RELEASE, writing back. */
const nameOf = (label: string | null) => label || 'no caller known';

/** The name of a path before its folders; any other from its beginning. */
function shortened(c: C, text: string, room: number): string {
  if (c.measureText(text).width <= room) return text;
  let shown = text.includes('/') ? `…/${text.slice(text.lastIndexOf('/') + 1)}` : text;
  for (let chars = shown.length; chars > 4 && c.measureText(shown).width > room; chars--) {
    const half = Math.floor(chars / 2);
    shown = `${text.slice(text.lastIndexOf('/') + 1).slice(0, half)}…${text.slice(-half + 1)}`;
  }
  return shown;
}

/** The glyphs of ui/glyph.tsx, as they are drawn on canvas. */
function drawState(c: C, state: Mount['state'], x: number, y: number): void {
  c.lineWidth = 2;
  c.beginPath();
  if (state === 'ok') {
    c.fillStyle = colour('ok-fill');
    c.arc(x, y, 3.5, 0, Math.PI * 2);
    c.fill();
  } else if (state === 'slow') {
    c.fillStyle = colour('slow-fill');
    c.moveTo(x, y - 5);
    c.lineTo(x + 5.4, y + 4.4);
    c.lineTo(x - 5.4, y + 4.4);
    c.fill();
  } else if (state === 'stalled') {
    c.fillStyle = colour('stalled-fill');
    c.fillRect(x - 6.5, y - 4.5, 2, 9);
    c.fillRect(x - 5, y - 1.5, 8, 3);
    c.arc(x + 4, y, 2.6, 0, Math.PI * 2);
    c.fill();
  } else if (state === 'dead') {
    c.strokeStyle = colour('error-fill');
    c.moveTo(x - 4, y - 4);
    c.lineTo(x + 4, y + 4);
    c.moveTo(x + 4, y - 4);
    c.lineTo(x - 4, y + 4);
    c.stroke();
  } else {
    c.strokeStyle = colour('ink-3');
    c.lineWidth = 1.4;
    c.setLineDash([2, 2.2]);
    c.arc(x, y, 4, 0, Math.PI * 2);
    c.stroke();
    c.setLineDash([]);
  }
}

/** Where nothing has been fetched yet, nothing is drawn: a plain tint says that something may come. */
function drawNotLoaded(c: C, { picture, scale, nowUs }: DrawFacts, lines: readonly Line[]): void {
  const bottom = lines.at(-1);
  const high = bottom ? bottom.y + bottom.height - RULER_PX : 0;
  const tint = (fromUs: number, toUs: number) => {
    const from = Math.max(scale.left, scale.x(fromUs));
    const wide = Math.min(scale.right, scale.x(toUs)) - from;
    if (wide > 2) c.fillRect(from, RULER_PX, wide, high);
  };
  c.fillStyle = colour('surface');
  if (!picture || picture.isEmpty) return;
  tint(scale.us(scale.left), Math.min(nowUs, picture.fromUs));
  // The last second or so is always still on its way.
  if (picture.toUs < nowUs - 3e6) tint(picture.toUs, nowUs);
}

function drawGaps(c: C, facts: DrawFacts, lines: readonly Line[]): void {
  const { scale, silentSinceUs, nowUs } = facts;
  for (const line of lines) {
    if (!line.row) continue;
    for (const gap of facts.gaps) {
      if (gap.mountId !== null && gap.mountId !== line.group.mountId) continue;
      drawUnknown(c, scale, line, gap.fromUs, gap.toUs, 4);
    }
    if (silentSinceUs !== null) drawUnknown(c, scale, line, silentSinceUs, nowUs, 1);
  }
}

function drawUnknown(c: C, scale: Scale, line: Line, fromUs: number, toUs: number, least: number): void {
  const from = Math.round(scale.x(fromUs));
  const wide = Math.max(least, Math.round(scale.x(toUs)) - from);
  if (from > scale.right || from + wide < scale.left) return;
  const x = Math.max(scale.left, from);
  unknown(c, x, line.y, Math.min(scale.right, from + wide) - x, line.height);
}

function drawBand(c: C, { selection, scale }: DrawFacts, height: number): void {
  if (selection?.fromUs == null || selection.toUs == null) return;
  const from = Math.max(scale.left, scale.x(selection.fromUs));
  const to = Math.min(scale.right, scale.x(selection.toUs));
  if (to <= from) return;
  c.fillStyle = colour('band');
  c.fillRect(from, RULER_PX, to - from, height - RULER_PX);
}
