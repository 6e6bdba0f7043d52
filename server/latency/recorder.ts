// Latency of finished operations, gathered by mount, operation and second on the main thread, and handed on as
// rollup rows once a second is over. Recording allocates nothing once a second has seen its operations.
import { isOrdinaryErrno } from '../../shared/errno.ts';
import { BUCKETS, bucketOf, sparseOf } from '../../shared/histogram.ts';
import type { RollupRow } from '../store/types.ts';
import { type MountView, MountWindow, WINDOW_S } from './window.ts';

/** One mount and operation in one second. */
interface Cell {
  mountId: number;
  op: string;
  atS: number;
  count: number;
  errors: number;
  sumNs: number;
  minNs: number;
  maxNs: number;
  buckets: Uint32Array;
  errnos: Map<number, number>;
}

type ByOp = Map<string, Cell>;

export interface RecorderOptions {
  /** Takes rows early, where more mounts and operations are busy at once than `maxCells` (an import of old logs). */
  onSpill: (rows: RollupRow[]) => void;
  /** Histograms held at once, 6 kB each. */
  maxCells?: number;
}

export class LatencyRecorder {
  private readonly seconds = new Map<number, Map<number, ByOp>>();
  private readonly windows = new Map<number, MountWindow>();
  private readonly free: Uint32Array[] = [];
  private readonly onSpill: (rows: RollupRow[]) => void;
  private readonly maxCells: number;
  private cells = 0;
  private last: Cell | null = null;
  private nowS = 0;

  constructor(options: RecorderOptions) {
    this.onSpill = options.onSpill;
    this.maxCells = options.maxCells ?? 4_096;
  }

  /**
   * Counts one operation that ended in the second `endS` (since the epoch). `errno` 0 = ok; ENOENT and ENODATA are
   * everyday answers and no errors.
   */
  record(mountId: number, op: string, endS: number, durationNs: number, errno: number): void {
    let cell = this.last;
    if (cell === null || cell.op !== op || cell.atS !== endS || cell.mountId !== mountId) {
      cell = this.cell(mountId, op, endS);
      this.last = cell;
    }
    cell.count++;
    cell.sumNs += durationNs;
    if (durationNs < cell.minNs) cell.minNs = durationNs;
    if (durationNs > cell.maxNs) cell.maxNs = durationNs;
    const bucket = bucketOf(durationNs);
    cell.buckets[bucket] = (cell.buckets[bucket] ?? 0) + 1;
    if (errno === 0) return;
    if (!isOrdinaryErrno(errno)) cell.errors++;
    cell.errnos.set(errno, (cell.errnos.get(errno) ?? 0) + 1);
  }

  /**
   * Rows of every second but the running one and the next (clocks differ a little), and moves the last-60-s views
   * on. Late operations come as a further row of their second; the store adds it to the first.
   */
  takeFinished(nowS: number): RollupRow[] {
    this.nowS = nowS;
    const rows: RollupRow[] = [];
    for (const atS of this.seconds.keys()) {
      if (atS !== nowS && atS !== nowS + 1) this.takeSecond(atS, rows);
    }
    for (const [mountId, window] of this.windows) {
      if (!window.advance(nowS)) this.windows.delete(mountId);
    }
    return rows;
  }

  /** What `takeFinished` has not taken yet. */
  *running(): Generator<Pick<RollupRow, 'mountId' | 'op' | 'sumNs' | 'buckets' | 'counts'>> {
    for (const byMount of this.seconds.values())
      for (const byOp of byMount.values())
        for (const { mountId, op, sumNs, buckets } of byOp.values())
          yield { mountId, op, sumNs, ...sparseOf(buckets) };
  }

  /** The last 60 whole seconds of a mount, as of the last `takeFinished`; null where nothing ended in them. */
  view(mountId: number): MountView | null {
    return this.windows.get(mountId)?.view(this.nowS) ?? null;
  }

  private cell(mountId: number, op: string, atS: number): Cell {
    let byMount = this.seconds.get(atS);
    if (!byMount) {
      byMount = new Map();
      this.seconds.set(atS, byMount);
    }
    let byOp = byMount.get(mountId);
    if (!byOp) {
      byOp = new Map();
      byMount.set(mountId, byOp);
    }
    const there = byOp.get(op);
    if (there) return there;
    if (this.cells >= this.maxCells) {
      this.spill();
      return this.cell(mountId, op, atS);
    }
    const cell: Cell = {
      mountId,
      op,
      atS,
      count: 0,
      errors: 0,
      sumNs: 0,
      minNs: Number.POSITIVE_INFINITY,
      maxNs: Number.NEGATIVE_INFINITY,
      buckets: this.free.pop() ?? new Uint32Array(BUCKETS),
      errnos: new Map(),
    };
    byOp.set(op, cell);
    this.cells++;
    return cell;
  }

  private spill(): void {
    const rows: RollupRow[] = [];
    for (const atS of this.seconds.keys()) this.takeSecond(atS, rows);
    this.onSpill(rows);
  }

  private takeSecond(atS: number, rows: RollupRow[]): void {
    // What is long over, as in an old log, is in nobody's view.
    const seen = atS < this.nowS && atS >= this.nowS - WINDOW_S;
    for (const [mountId, byOp] of this.seconds.get(atS) ?? []) {
      const total = new Uint32Array(seen ? BUCKETS : 0);
      const second = {
        count: 0,
        errors: 0,
        errnos: new Map<number, number>(),
      };
      for (const cell of byOp.values()) {
        const sparse = sparseOf(cell.buckets);
        const { op, count, errors, sumNs, minNs, maxNs } = cell;
        rows.push({ mountId, op, atS, count, errors, sumNs, minNs, maxNs, ...sparse });
        if (seen) addTo(second, cell, total);
        this.free.push(cell.buckets.fill(0));
        this.cells--;
      }
      if (seen) this.window(mountId).add(atS, { ...second, ...sparseOf(total) }, this.nowS);
    }
    this.seconds.delete(atS);
    this.last = null;
  }

  private window(mountId: number): MountWindow {
    let window = this.windows.get(mountId);
    if (!window) {
      window = new MountWindow();
      this.windows.set(mountId, window);
    }
    return window;
  }
}

function addTo(
  second: { count: number; errors: number; errnos: Map<number, number> },
  cell: Cell,
  total: Uint32Array,
): void {
  second.count += cell.count;
  second.errors += cell.errors;
  for (const [errno, count] of cell.errnos) second.errnos.set(errno, (second.errnos.get(errno) ?? 0) + count);
  for (let i = 0; i < BUCKETS; i++) {
    const count = cell.buckets[i] ?? 0;
    if (count > 0) total[i] = (total[i] ?? 0) + count;
  }
}
