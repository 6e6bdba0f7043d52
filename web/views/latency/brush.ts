// A rectangle on the heat map: a stretch of time by a stretch of durations, snapped to its cells so that the operations
// in it can be counted. How it stands in the URL, which operations it means, and how keys and pointer move it. Pure.
import type { HeatmapAnswer } from '../../../shared/api.ts';
import { parseRange, printRange } from '../../../shared/filter/values.ts';
import { clamp } from '../../ui/scale.ts';
import { withTerm } from '../../url/terms.ts';

export interface Brush {
  /** Ended from (included) to (excluded), µs. */
  fromUs: number;
  toUs: number;
  /** Took from (included) to (excluded), ns; to is infinite at the top of the map. */
  fromNs: number;
  toNs: number;
}

/** `2025-11-18T14:29:48.000Z 2025-11-18T14:31:06.000Z 240ms..5s`; null where it is no brush. */
export function readBrush(text: string | null): Brush | null {
  const [from, to, durations = ''] = (text ?? '').split(' ');
  const [fromUs, toUs] = [Date.parse(from ?? '') * 1e3, Date.parse(to ?? '') * 1e3];
  const parsed = parseRange('dur', durations);
  if (!(fromUs < toUs) || !parsed.ok) return null;
  const { min, max } = parsed.range;
  return { fromUs, toUs, fromNs: min, toNs: max };
}

/** As `readBrush` reads it: times to the millisecond. */
export function writeBrush({ fromUs, toUs, fromNs, toNs }: Brush): string {
  const [from, to] = [fromUs, toUs].map((us) => new Date(Math.round(us / 1e3)).toISOString());
  const whole = { min: fromNs, max: toNs, minIncluded: true, maxIncluded: true };
  return `${from} ${to} ${printRange('dur', whole)}`;
}

/** The filter with the durations of the brush. */
export function brushFilter(filter: string, { fromNs, toNs }: Brush): string {
  let narrowed = filter;
  const term = (range: { min: number; max: number; minIncluded: boolean; maxIncluded: boolean }) => {
    narrowed = withTerm(narrowed, `dur:${printRange('dur', range)}`);
  };
  if (fromNs > 0) term({ min: fromNs, max: Number.POSITIVE_INFINITY, minIncluded: true, maxIncluded: true });
  if (toNs !== Number.POSITIVE_INFINITY) term({ min: 0, max: toNs, minIncluded: true, maxIncluded: false });
  return narrowed;
}

/** When the operations of a brush began, at the widest: the longest of them took `maxNs`. */
export function beganIn({ fromUs, toUs, toNs }: Brush, maxNs: number): { fromUs: number; toUs: number } {
  return { fromUs: Math.floor(fromUs - Math.min(toNs, maxNs) / 1e3), toUs: Math.ceil(toUs) };
}

/** Cells of the map, both ends included. */
export interface Cells {
  column: number;
  toColumn: number;
  row: number;
  toRow: number;
}

const lastOf = (heat: HeatmapAnswer) => ({
  column: heat.columns.length - 1,
  row: heat.edgesNs.length - 2,
});

/** The brush of some cells, in whatever order their corners are. */
export function brushOf(heat: HeatmapAnswer, cells: Cells): Brush {
  const last = lastOf(heat);
  const [left, right] = [cells.column, cells.toColumn].map((at) => clamp(at, 0, last.column)).toSorted(up);
  const [low, high] = [cells.row, cells.toRow].map((at) => clamp(at, 0, last.row)).toSorted(up);
  return {
    fromUs: heat.fromUs + (left ?? 0) * heat.stepUs,
    toUs: heat.fromUs + ((right ?? 0) + 1) * heat.stepUs,
    fromNs: heat.edgesNs[low ?? 0] ?? 0,
    toNs: high === last.row ? Number.POSITIVE_INFINITY : (heat.edgesNs[(high ?? 0) + 1] ?? 0),
  };
}

const up = (a: number, b: number) => a - b;

/** The cells of a brush on a map that may have moved on; null where it is beside it. */
export function cellsOf(heat: HeatmapAnswer, brush: Brush): Cells | null {
  if (brush.toUs <= heat.fromUs || brush.fromUs >= heat.toUs) return null;
  const last = lastOf(heat);
  const column = Math.floor((brush.fromUs - heat.fromUs) / heat.stepUs + 1e-6);
  const toColumn = Math.ceil((brush.toUs - heat.fromUs) / heat.stepUs - 1e-6) - 1;
  // Printed and read again, an edge may be off by a hair.
  const rowAt = (ns: number) => heat.edgesNs.findLastIndex((edge) => edge <= ns * (1 + 1e-9));
  const row = rowAt(brush.fromNs);
  const toRow = brush.toNs === Number.POSITIVE_INFINITY ? last.row : rowAt(brush.toNs) - 1;
  return {
    column: clamp(column, 0, last.column),
    toColumn: clamp(toColumn, 0, last.column),
    row: clamp(row, 0, last.row),
    toRow: clamp(Math.max(row, toRow), 0, last.row),
  };
}

/** Operations in some cells. */
export function countIn(heat: HeatmapAnswer, { column, toColumn, row, toRow }: Cells): number {
  let count = 0;
  for (const counts of heat.columns.slice(column, toColumn + 1))
    for (const one of counts.slice(row, toRow + 1)) count += one;
  return count;
}

/** The smallest brush around all that the map holds; null where that is nothing. */
export function brushOfAll(heat: HeatmapAnswer): Brush | null {
  const filled = heat.columns.map((column) => column.some((count) => count > 0));
  const row = heat.edgesNs.findIndex((_, at) => heat.columns.some((column) => (column[at] ?? 0) > 0));
  const toRow = heat.edgesNs.findLastIndex((_, at) => heat.columns.some((column) => (column[at] ?? 0) > 0));
  if (row < 0) return null;
  return brushOf(heat, { column: filled.indexOf(true), toColumn: filled.lastIndexOf(true), row, toRow });
}

const ARROWS: Readonly<Record<string, readonly [columns: number, rows: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** The brush after an arrow key: moved by a cell, or with Shift its right upper corner. Null for any other key. */
export function movedBrush(heat: HeatmapAnswer, brush: Brush, key: string, grow: boolean): Brush | null {
  const cells = cellsOf(heat, brush);
  const [columns, rows] = ARROWS[key] ?? [];
  if (!cells || columns === undefined || rows === undefined) return null;
  const last = lastOf(heat);
  const toColumn = clamp(cells.toColumn + columns, grow ? cells.column : 0, last.column);
  const toRow = clamp(cells.toRow + rows, grow ? cells.row : 0, last.row);
  if (grow) return brushOf(heat, { ...cells, toColumn, toRow });
  const left = clamp(cells.column + columns, 0, last.column - (cells.toColumn - cells.column));
  const low = clamp(cells.row + rows, 0, last.row - (cells.toRow - cells.row));
  return brushOf(heat, {
    column: left,
    toColumn: left + cells.toColumn - cells.column,
    row: low,
    toRow: low + cells.toRow - cells.row,
  });
}
