// The time strip's columns: seconds of the trace added up so that a column is a whole number of seconds and
// always begins at the same ones. Columns would flicker from tick to tick if they were cut by pixel.
import type { Second } from '../../shared/live.ts';

const STEPS_S = [1, 2, 3, 4, 5, 6, 10, 15, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600];

export interface Column {
  atS: number;
  /** Operations a second, mean over the counted seconds. */
  ops: number;
  errors: number;
  lost: number;
}

/** Seconds a column stands for where `spanS` seconds have room for `columns`. */
export function columnStep(spanS: number, columns: number): number {
  return STEPS_S.find((step) => spanS / step <= columns) ?? 21_600;
}

/** Sums by column, oldest first; columns without a counted second are absent. */
export function stripColumns(seconds: readonly Second[], stepS: number): Column[] {
  const columns: Column[] = [];
  let counted = 0;
  for (const second of seconds) {
    const atS = Math.floor(second.atS / stepS) * stepS;
    let last = columns.at(-1);
    if (last?.atS !== atS) {
      if (last) last.ops /= Math.max(1, counted);
      last = { atS, ops: 0, errors: 0, lost: 0 };
      columns.push(last);
      counted = 0;
    }
    last.ops += second.ops;
    last.errors += second.errors;
    last.lost += second.lost;
    counted++;
  }
  const last = columns.at(-1);
  if (last) last.ops /= Math.max(1, counted);
  return columns;
}

/** Stretches of seconds in which a stall was open, oldest first: [from, to) in seconds. */
export function stallStretches(seconds: readonly Second[]): [fromS: number, toS: number][] {
  const stretches: [number, number][] = [];
  for (const second of seconds) {
    if (second.stalls === 0) continue;
    const last = stretches.at(-1);
    if (last && second.atS <= last[1]) last[1] = second.atS + 1;
    else stretches.push([second.atS, second.atS + 1]);
  }
  return stretches;
}
