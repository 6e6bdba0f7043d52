// From rows to a picture: which operations are drawn one by one, and what the columns say of the others. Pure; times
// are ns since the left edge of the picture.
import { isOrdinaryErrno } from '../../shared/errno.ts';
import { OPS, type OpClass, opClass, opName } from '../../shared/ops.ts';
import { Growing } from './growing.ts';

export const OPEN = -1;

export interface PictureOptions {
  /** Columns, and how long each is. */
  columns: number;
  stepNs: number;
  /** Up to so many operations are all drawn one by one. */
  exactUpTo: number;
  /** Operations drawn one by one at most; of more, the longest. Open ones are not counted. */
  maxSpans: number;
  /** Lanes at most; what is quieter shares one a group. */
  maxLanes: number;
}

export interface LaneTotals {
  count: number;
  errors: number;
  open: number;
  busyNs: number;
}

/** Columns of the answer, as in shared/timeline.ts; `op` is an opcode, `lane` a lane of `lanes`. */
export interface Columns {
  lane: number[];
  at: number[];
  count: number[];
  op: number[];
  errors: number[];
  errorId: number[];
}

export interface Picture {
  exact: boolean;
  /** Rows that are drawn one by one, in the order they came. */
  singles: number[];
  /** Lane of the answer for each lane that rows named; several quiet ones may share one. */
  laneOf: Int32Array;
  /** Per lane of the answer. */
  lanes: (LaneTotals & { first: number; folded: number })[];
  columns: Columns;
}

const CLASSES: readonly OpClass[] = ['metadata', 'read', 'write', 'namespace', 'xattr', 'lifecycle'];
const CLASS_OF = new Map(OPS.map((op) => [op.code, CLASSES.indexOf(op.class)]));
const classOf = (op: number) => CLASS_OF.get(op) ?? CLASSES.indexOf(opClass(opName(op)));

/** An errno that is drawn as trouble. */
export const isError = (errno: number): boolean => errno > 0 && !isOrdinaryErrno(errno);

export class PictureBuilder {
  readonly id = new Growing(Float64Array);
  readonly lane = new Growing(Int32Array);
  readonly startNs = new Growing(Float64Array);
  readonly durationNs = new Growing(Float64Array);
  readonly op = new Growing(Uint16Array);
  readonly errno = new Growing(Int32Array);
  /** Group (mount) of each lane. */
  private readonly groups: number[] = [];

  get rows(): number {
    return this.id.length;
  }

  /** @param lane counted from 0, each the next one or one named before */
  add(
    lane: number,
    group: number,
    id: number,
    startNs: number,
    durationNs: number,
    op: number,
    errno: number,
  ) {
    this.groups[lane] = group;
    this.id.push(id);
    this.lane.push(lane);
    this.startNs.push(startNs);
    this.durationNs.push(durationNs);
    this.op.push(op);
    this.errno.push(errno);
  }

  finish(options: PictureOptions): Picture {
    const exact = this.rows <= options.exactUpTo;
    const { laneOf, lanes } = this.foldLanes(options.maxLanes);
    const longNs = exact ? Number.NEGATIVE_INFINITY : this.threshold(options);
    const singles: number[] = [];
    const rest = new Growing(Int32Array);
    for (let row = 0; row < this.rows; row++) {
      const durationNs = this.durationNs.at(row);
      if (durationNs === OPEN || durationNs >= longNs) singles.push(row);
      else rest.push(row);
    }
    return {
      exact,
      singles,
      laneOf,
      lanes,
      columns: this.columns(rest.filled, laneOf, lanes.length, options),
    };
  }

  /** From which duration on an operation is drawn by itself. */
  private threshold({ stepNs, maxSpans }: PictureOptions): number {
    const long: number[] = [];
    for (let row = 0; row < this.rows; row++) {
      if (this.durationNs.at(row) >= stepNs) long.push(this.durationNs.at(row));
    }
    if (long.length <= maxSpans) return stepNs;
    return Float64Array.from(long).sort().at(-maxSpans) ?? stepNs;
  }

  private totals(): LaneTotals[] {
    const totals = this.groups.map(() => ({ count: 0, errors: 0, open: 0, busyNs: 0 }));
    for (let row = 0; row < this.rows; row++) {
      const lane = totals[this.lane.at(row)] as LaneTotals;
      const durationNs = this.durationNs.at(row);
      lane.count++;
      if (isError(this.errno.at(row))) lane.errors++;
      if (durationNs === OPEN) lane.open++;
      else lane.busyNs += durationNs;
    }
    return totals;
  }

  private foldLanes(maxLanes: number): Pick<Picture, 'laneOf' | 'lanes'> {
    const totals = this.totals();
    const laneOf = new Int32Array(totals.length);
    const lanes: Picture['lanes'] = [];
    const order = totals.map((_, lane) => lane);
    const at = (lane: number) => totals[lane] as LaneTotals;
    // What is open is looked for; then what cost most.
    if (order.length > maxLanes) {
      const isOpen = (lane: number) => Number(at(lane).open > 0);
      order.sort((a, b) => isOpen(b) - isOpen(a) || at(b).busyNs - at(a).busyNs || a - b);
    }
    const shared = new Map<number, number>();
    for (const [place, lane] of order.entries()) {
      const own = order.length <= maxLanes || place < maxLanes;
      const group = this.groups[lane] ?? 0;
      let target = own ? undefined : shared.get(group);
      if (target === undefined) {
        target = lanes.length;
        lanes.push({ count: 0, errors: 0, open: 0, busyNs: 0, first: lane, folded: 0 });
        if (!own) shared.set(group, target);
      }
      const into = lanes[target] as Picture['lanes'][number];
      if (!own) into.folded++;
      into.count += at(lane).count;
      into.errors += at(lane).errors;
      into.open += at(lane).open;
      into.busyNs += at(lane).busyNs;
      laneOf[lane] = target;
    }
    return { laneOf, lanes };
  }

  private columns(rows: Int32Array, laneOf: Int32Array, laneCount: number, options: PictureOptions): Columns {
    const { columns, stepNs } = options;
    const list: Columns = { lane: [], at: [], count: [], op: [], errors: [], errorId: [] };
    const cells = new LaneCells(columns);
    const { order, starts } = byLane(rows, (row) => laneOf[this.lane.at(row)] ?? 0, laneCount);
    for (let lane = 0; lane < laneCount; lane++) {
      for (let i = starts[lane] ?? 0; i < (starts[lane + 1] ?? 0); i++) {
        const row = order[i] ?? 0;
        const startNs = this.startNs.at(row);
        const durationNs = this.durationNs.at(row);
        const first = Math.min(columns - 1, Math.max(0, Math.floor(startNs / stepNs)));
        // One that is longer than a column and yet stands here gave way to longer ones: it is in each that it covers.
        const last =
          durationNs < stepNs
            ? first
            : Math.min(columns - 1, Math.max(first, Math.ceil((startNs + durationNs) / stepNs) - 1));
        cells.add(first, last, this.op.at(row), this.errno.at(row), this.id.at(row));
      }
      cells.moveTo(list, lane);
    }
    return list;
  }
}

/** The columns of one lane, filled and emptied lane by lane. */
class LaneCells {
  private readonly columns: number;
  private readonly counts: Uint32Array;
  private readonly ops: Uint16Array;
  private readonly errors: Uint32Array;
  private readonly errorIds: Float64Array;

  constructor(columns: number) {
    this.columns = columns;
    this.counts = new Uint32Array(columns * CLASSES.length);
    this.ops = new Uint16Array(columns * CLASSES.length);
    this.errors = new Uint32Array(columns);
    this.errorIds = new Float64Array(columns);
  }

  add(first: number, last: number, op: number, errno: number, id: number): void {
    const cls = classOf(op);
    const failed = isError(errno);
    for (let column = first; column <= last; column++) {
      const cell = column * CLASSES.length + cls;
      this.counts[cell] = (this.counts[cell] ?? 0) + 1;
      this.ops[cell] = op;
      if (!failed) continue;
      this.errors[column] = (this.errors[column] ?? 0) + 1;
      if (this.errorIds[column] === 0) this.errorIds[column] = id;
    }
  }

  moveTo(list: Columns, lane: number): void {
    for (let column = 0; column < this.columns; column++) {
      const from = column * CLASSES.length;
      let [count, most] = [0, 0];
      for (let cls = 0; cls < CLASSES.length; cls++) {
        count += this.counts[from + cls] ?? 0;
        if ((this.counts[from + cls] ?? 0) > (this.counts[from + most] ?? 0)) most = cls;
      }
      if (count === 0) continue;
      list.lane.push(lane);
      list.at.push(column);
      list.count.push(count);
      list.op.push(this.ops[from + most] ?? 0);
      list.errors.push(this.errors[column] ?? 0);
      list.errorId.push(this.errorIds[column] ?? 0);
    }
    this.counts.fill(0);
    this.errors.fill(0);
    this.errorIds.fill(0);
  }
}

/** Rows in order of their lanes, and where each lane begins. */
function byLane(rows: Int32Array, laneOf: (row: number) => number, lanes: number) {
  const starts = new Int32Array(lanes + 1);
  for (const row of rows) {
    const next = laneOf(row) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let lane = 0; lane < lanes; lane++) starts[lane + 1] = (starts[lane + 1] ?? 0) + (starts[lane] ?? 0);
  const order = new Int32Array(rows.length);
  const filled = starts.slice(0, lanes);
  for (const row of rows) {
    const lane = laneOf(row);
    const place = filled[lane] ?? 0;
    order[place] = row;
    filled[lane] = place + 1;
  }
  return { order, starts };
}
