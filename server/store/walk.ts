// Walks the spans of a range in slices, so that no statement runs for long: between two slices other questions get
// their turn, writing can clear its log, and a walk that takes too long can end with what it has.
import type { Database, Statement } from 'better-sqlite3';

/** A place in the order of start, then id. */
export interface Place {
  startNs: bigint;
  id: number;
}

export type Direction = 'asc' | 'desc';

/** From `from` (excluded) as far as `to` (included). */
export interface Slice {
  from: Place;
  to: Place;
  last: boolean;
}

const FIRST_ROWS = 2_000;
const MAX_ROWS = 100_000;
/** Aim for one slice. */
const SLICE_MS = 15;

export const LOWEST: Place = { startNs: -(2n ** 63n), id: 0 };
export const HIGHEST: Place = { startNs: 2n ** 63n - 1n, id: Number.MAX_SAFE_INTEGER };

export class Walker {
  private readonly edges: Record<Direction, Statement<[bigint, bigint, number, number], [bigint, bigint]>>;

  constructor(db: Database) {
    const edge = (compare: string, order: string) =>
      db
        .prepare(
          `SELECT start_ns, id FROM spans WHERE start_ns ${compare}= ? AND (start_ns, id) ${compare} (?, ?)
           ORDER BY start_ns ${order}, id ${order} LIMIT 1 OFFSET ?`,
        )
        .raw()
        .safeIntegers() as Statement<[bigint, bigint, number, number], [bigint, bigint]>;
    this.edges = { asc: edge('>', 'ASC'), desc: edge('<', 'DESC') };
  }

  /**
   * Slices from `from` (excluded) to `end`, each given to the caller, who may stop or wait between them.
   * @param most rows of a slice, for who makes an object of each.
   */
  *slices(from: Place, end: Place, direction: Direction, most = MAX_ROWS): Generator<Slice> {
    const least = Math.min(FIRST_ROWS, most);
    let rows = least;
    let at = from;
    for (;;) {
      const edge = this.edges[direction].get(at.startNs, at.startNs, at.id, rows);
      const to = edge ? { startNs: edge[0], id: Number(edge[1]) } : end;
      const last = !edge || (direction === 'asc' ? !isBefore(to, end) : !isBefore(end, to));
      const started = performance.now();
      yield { from: at, to: last ? end : to, last };
      if (last) return;
      const tookMs = performance.now() - started;
      rows = Math.max(
        least,
        Math.min(most, Math.round(rows * Math.min(4, SLICE_MS / Math.max(tookMs, 0.1)))),
      );
      at = to;
    }
  }
}

/** Condition that a row is in a slice, with its parameters. */
export function sliceSql(direction: Direction): string {
  return direction === 'asc'
    ? '(s.start_ns, s.id) > (?, ?) AND (s.start_ns, s.id) <= (?, ?)'
    : '(s.start_ns, s.id) < (?, ?) AND (s.start_ns, s.id) >= (?, ?)';
}

/** In the order of the question marks of `sliceSql`. */
export function sliceParams(slice: Slice): [bigint, number, bigint, number] {
  return [slice.from.startNs, slice.from.id, slice.to.startNs, slice.to.id];
}

function isBefore(a: Place, b: Place): boolean {
  return a.startNs === b.startNs ? a.id < b.id : a.startNs < b.startNs;
}

/** Lets other questions be answered first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
