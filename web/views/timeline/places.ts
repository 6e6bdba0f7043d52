// Where rows lie on the screen, and what is under a point. Pure; px from the top of the plot, scrolled.
import { type Bar, barEnd, type Lane, lowerBound, type Picture } from './picture.ts';
import type { Group, Row } from './rows.ts';
import type { Scale } from './viewport.ts';

export const RULER_PX = 38;
const GROUP_PX = 24;

export interface Line {
  /** From the top of all lines. */
  y: number;
  height: number;
  group: Group;
  /** null: the head of its group. */
  row: Row | null;
}

/** The lines of all groups, one below the other. */
export function linesOf(groups: readonly Group[], lanePx: number): { lines: Line[]; height: number } {
  const lines: Line[] = [];
  let y = 0;
  const put = (height: number, group: Group, row: Row | null) => {
    lines.push({ y, height, group, row });
    y += height;
  };
  for (const group of groups) {
    put(GROUP_PX, group, null);
    for (const row of group.rows) put(lanePx, group, row);
  }
  return { lines, height: y };
}

/** Lines that show between two heights. */
export function linesBetween(lines: readonly Line[], top: number, bottom: number): readonly Line[] {
  const first = lines.findIndex((line) => line.y + line.height > top);
  if (first < 0) return [];
  const past = lines.findIndex((line) => line.y >= bottom);
  return lines.slice(first, past < 0 ? undefined : past);
}

function lineAt(lines: readonly Line[], y: number): Line | null {
  return lines.find((line) => y >= line.y && y < line.y + line.height) ?? null;
}

/** Top and height of a bar in its line. */
export function barPlace(bar: Pick<Bar, 'depth' | 'levels'>, line: Pick<Line, 'y' | 'height'>) {
  const room = line.height - 6;
  const each = room / bar.levels;
  return { y: line.y + 3 + bar.depth * each, height: Math.max(2, each - (bar.levels > 1 ? 1 : 0)) };
}

export interface ColumnHit {
  lane: Lane;
  fromUs: number;
  toUs: number;
  count: number;
  op: string;
  errors: number;
  errorId: number;
}

export type Hit = { kind: 'bar'; lane: Lane; bar: Bar } | ({ kind: 'column' } & ColumnHit);

/** Nearer than this to a bar counts as on it. */
const SLACK_PX = 3;

/** What is drawn at a point of the plot. @param y from the top of all lines */
export function hitAt(
  picture: Picture,
  lines: readonly Line[],
  scale: Scale,
  x: number,
  y: number,
  nowUs: number,
): Hit | null {
  const line = lineAt(lines, y);
  if (!line?.row || x < scale.left) return null;
  const us = scale.us(x);
  const slackUs = SLACK_PX / scale.pxPerUs;
  let best: Hit | null = null;
  let bestUs = Number.POSITIVE_INFINITY;
  for (const lane of line.row.lanes) {
    for (const bar of lane.bars) {
      const end = barEnd(bar) ?? nowUs;
      const away = Math.max(0, bar.startUs - us, us - end);
      if (away > slackUs || away > bestUs) continue;
      const place = barPlace(bar, line);
      if (bar.levels > 1 && (y < place.y - 1 || y > place.y + place.height + 1)) continue;
      bestUs = away;
      best = { kind: 'bar', lane, bar };
    }
  }
  return best ?? columnAt(picture, line.row.lanes, us, slackUs);
}

function columnAt(picture: Picture, lanes: readonly Lane[], us: number, slackUs: number): Hit | null {
  const step = picture.stepUs;
  let best: Hit | null = null;
  let bestUs = slackUs;
  for (const lane of lanes) {
    const near = lowerBound(lane.at, Math.floor(us / step));
    for (const i of [near - 1, near]) {
      const at = lane.at[i];
      if (at === undefined) continue;
      const away = Math.max(0, at * step - us, us - (at + 1) * step);
      if (away > bestUs) continue;
      bestUs = away;
      best = {
        kind: 'column',
        lane,
        fromUs: at * step,
        toUs: (at + 1) * step,
        count: lane.count[i] ?? 0,
        op: lane.op[i] ?? '',
        errors: lane.errors[i] ?? 0,
        errorId: lane.errorId[i] ?? 0,
      };
    }
  }
  return best;
}

/** Every bar in the order in which one goes from one to the next: by row, then by time. */
export function barsInRow(row: Row): Bar[] {
  return row.lanes.flatMap((lane) => lane.bars).sort((a, b) => a.startUs - b.startUs || a.id - b.id);
}
