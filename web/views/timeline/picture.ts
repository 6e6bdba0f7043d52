// What the page has of a timeline: lanes with their columns and bars, put together from answers of the server. New
// answers go on where the last one ended, or take the place of a part that has changed since.
import { isOrdinaryErrno } from '../../../shared/errno.ts';
import type { Gap } from '../../../shared/live.ts';
import type { TimelineAnswer, TimelineLane } from '../../../shared/timeline.ts';
import { stack } from './stack.ts';

/** An operation that is drawn by itself. */
export interface Bar {
  id: number;
  startUs: number;
  /** null while it is open. */
  durationNs: number | null;
  queueNs: number | null;
  op: string;
  path: string | null;
  errno: number;
  state: 'open' | 'done' | 'aborted' | 'lost';
  /** Bars that overlap in a lane share its height. */
  depth: number;
  levels: number;
}

export interface Lane
  extends Pick<TimelineLane, 'key' | 'mountId' | 'mount' | 'label' | 'thread' | 'folded'> {
  /** Columns counted from the epoch, ascending, and what each holds. */
  at: number[];
  count: number[];
  op: string[];
  errors: number[];
  errorId: number[];
  /** In order of their start. */
  bars: Bar[];
}

/** A bar that is drawn as short as a column began so many columns before it ended, at most. */
const SHORT_COLUMNS = 3;
const CHANGES_KEPT = 32;
const EVERYWHERE = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const NOWHERE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;
const STATES = ['open', 'done', 'aborted', 'lost'] as const;

/** End of a bar, µs; null while it is open. */
export const barEnd = (bar: Bar): number | null =>
  bar.durationNs === null ? null : bar.startUs + bar.durationNs / 1e3;

export class Picture {
  readonly stepUs: number;
  readonly lanes = new Map<string, Lane>();
  readonly gaps = new Map<string, Gap>();
  /** Columns that are known, the last not included. */
  from = 0;
  to = 0;
  /** Most operations in a column, in steps of two, so that heights do not flicker. */
  mostInColumn = 2;
  /** Grows with each change. */
  version = 0;
  /** Whether every operation is a bar. Once one answer counts by columns, short ones are counted in all. */
  exact = true;
  private readonly changes: { version: number; from: number; to: number }[] = [];
  private open: Bar[] = [];
  private openAt = -1;
  private readonly laneOfBar = new Map<number, Lane>();

  constructor(stepUs: number) {
    this.stepUs = stepUs;
  }

  get fromUs(): number {
    return this.from * this.stepUs;
  }

  get toUs(): number {
    return this.to * this.stepUs;
  }

  get isEmpty(): boolean {
    return this.to === this.from;
  }

  column(us: number): number {
    return Math.floor(us / this.stepUs);
  }

  /** Takes an answer for whole columns. What it covers is as it says; a hole between it and the rest is not kept. */
  add(answer: TimelineAnswer): void {
    const from = Math.round(answer.fromUs / this.stepUs);
    const asked = Math.round(answer.toUs / this.stepUs);
    const to = answer.coveredUs >= answer.toUs ? asked : Math.max(from + 1, this.column(answer.coveredUs));
    const anew = this.isEmpty || from > this.to || to < this.from;
    if (anew) {
      this.clear();
      [this.from, this.to] = [from, to];
    } else {
      this.from = Math.min(this.from, from);
      this.to = Math.max(this.to, to);
    }
    const { mostInColumn, exact } = this;
    for (const gap of answer.gaps) this.gaps.set(JSON.stringify(gap), gap);
    this.cut(from, to);
    if (!answer.exact && this.exact) this.countShort();
    const changed = this.takeColumns(answer, from, to);
    for (const lane of this.takeBars(answer)) changed.add(lane);
    for (const lane of changed) stack(lane.bars);
    this.version++;
    // Another measure of the columns, or short bars that became columns: nothing is as it was.
    if (anew || this.mostInColumn !== mostInColumn || this.exact !== exact) this.note(...EVERYWHERE);
    else this.note(from - SHORT_COLUMNS, to);
  }

  /** Where columns and short bars may have changed since a version. What `trim` took away is not in it. */
  changedSince(version: number): { fromUs: number; toUs: number } {
    const oldest = this.changes[0]?.version ?? this.version;
    const all = version < oldest - 1;
    let [from, to]: readonly [number, number] = all ? EVERYWHERE : NOWHERE;
    for (const change of this.changes) {
      if (change.version <= version) continue;
      from = Math.min(from, change.from);
      to = Math.max(to, change.to);
    }
    return { fromUs: from * this.stepUs, toUs: to * this.stepUs };
  }

  private note(from: number, to: number): void {
    this.changes.push({ version: this.version, from, to });
    if (this.changes.length > CHANGES_KEPT) this.changes.shift();
  }

  /** Forgets what lies outside, whole columns. */
  trim(fromUs: number, toUs: number): void {
    const from = Math.max(this.from, this.column(fromUs));
    const to = Math.min(this.to, this.column(toUs) + 1);
    if (from === this.from && to === this.to) return;
    for (const [key, lane] of this.lanes) {
      const [first, last] = [lowerBound(lane.at, from), lowerBound(lane.at, to)];
      for (const list of [lane.at, lane.count, lane.errors, lane.errorId]) keep(list, first, last);
      keep(lane.op, first, last);
      const inside = (bar: Bar) =>
        bar.startUs < to * this.stepUs && (barEnd(bar) ?? Number.POSITIVE_INFINITY) >= from * this.stepUs;
      for (const bar of lane.bars) if (!inside(bar)) this.laneOfBar.delete(bar.id);
      lane.bars = lane.bars.filter(inside);
      if (lane.at.length === 0 && lane.bars.length === 0) this.lanes.delete(key);
    }
    [this.from, this.to] = [from, to];
    this.version++;
    this.note(...NOWHERE);
  }

  /** A bar whose operation has ended meanwhile. */
  ended(id: number, durationNs: number | null, errno: number, state: Bar['state']): void {
    const lane = this.laneOfBar.get(id);
    const bar = lane?.bars.find((one) => one.id === id);
    if (!lane || !bar) return;
    Object.assign(bar, { durationNs: durationNs ?? 0, errno, state });
    stack(lane.bars);
    this.version++;
    this.note(this.column(bar.startUs), this.column(bar.startUs) + SHORT_COLUMNS);
  }

  /** Bars that were open when they were told. */
  openBars(): readonly Bar[] {
    if (this.openAt !== this.version) {
      this.openAt = this.version;
      this.open = [...this.lanes.values()].flatMap((lane) => lane.bars.filter((bar) => bar.state === 'open'));
    }
    return this.open;
  }

  find(id: number): { lane: Lane; bar: Bar } | null {
    const lane = this.laneOfBar.get(id);
    const bar = lane?.bars.find((one) => one.id === id);
    return lane && bar ? { lane, bar } : null;
  }

  private clear(): void {
    this.lanes.clear();
    this.gaps.clear();
    this.laneOfBar.clear();
    this.mostInColumn = 2;
    this.exact = true;
  }

  /** Takes out what began in a stretch: the answer tells it anew. */
  private cut(from: number, to: number): void {
    const [fromUs, toUs] = [from * this.stepUs, to * this.stepUs];
    for (const lane of this.lanes.values()) {
      const stays = (bar: Bar) => bar.startUs < fromUs || bar.startUs >= toUs;
      if (lane.bars.every(stays)) continue;
      for (const bar of lane.bars) if (!stays(bar)) this.laneOfBar.delete(bar.id);
      lane.bars = lane.bars.filter(stays);
    }
  }

  private takeColumns(answer: TimelineAnswer, from: number, to: number): Set<Lane> {
    const { columns, names } = answer;
    const changed = new Set<Lane>();
    const lanes = answer.lanes.map((told) => this.lane(told));
    const fresh = new Map<Lane, number[]>(lanes.map((lane) => [lane, []]));
    columns.lane.forEach((place, i) => {
      const lane = lanes[place];
      if (lane && from + (columns.at[i] ?? 0) < to) fresh.get(lane)?.push(i);
    });
    for (const lane of this.lanes.values()) {
      const [first, last] = [lowerBound(lane.at, from), lowerBound(lane.at, to)];
      const rows = fresh.get(lane) ?? [];
      if (first === last && rows.length === 0) continue;
      const put = <T>(list: T[], of: (i: number) => T) => {
        const tail = list.splice(first).slice(last - first);
        for (const i of rows) list.push(of(i));
        for (const one of tail) list.push(one);
      };
      put(lane.at, (i) => from + (columns.at[i] ?? 0));
      put(lane.count, (i) => columns.count[i] ?? 0);
      put(lane.op, (i) => names[columns.op[i] ?? -1] ?? '');
      put(lane.errors, (i) => columns.errors[i] ?? 0);
      put(lane.errorId, (i) => columns.errorId[i] ?? 0);
    }
    let most = this.mostInColumn;
    for (const count of columns.count) while (count > most) most *= 2;
    this.mostInColumn = most;
    return changed;
  }

  private takeBars({ spans, names, lanes, fromUs }: TimelineAnswer): Set<Lane> {
    const changed = new Set<Lane>();
    spans.id.forEach((id, i) => {
      const told = lanes[spans.lane[i] ?? -1];
      if (!told) return;
      const lane = this.lane(told);
      const before = this.laneOfBar.get(id);
      if (before) before.bars = before.bars.filter((bar) => bar.id !== id);
      const durationNs = spans.durationNs[i] ?? 0;
      if (!this.exact && this.isShort(durationNs)) {
        const startUs = fromUs + (spans.startNs[i] ?? 0) / 1e3;
        this.count(lane, startUs, names[spans.op[i] ?? -1] ?? '', spans.errno[i] ?? 0, id);
        return;
      }
      const queueNs = spans.queueNs[i] ?? -1;
      lane.bars.push({
        id,
        startUs: fromUs + (spans.startNs[i] ?? 0) / 1e3,
        durationNs: durationNs < 0 ? null : durationNs,
        queueNs: queueNs < 0 ? null : queueNs,
        op: names[spans.op[i] ?? -1] ?? '',
        path: names[spans.path[i] ?? -1] ?? null,
        errno: spans.errno[i] ?? 0,
        state: STATES[spans.state[i] ?? 3] ?? 'lost',
        depth: 0,
        levels: 1,
      });
      this.laneOfBar.set(id, lane);
      changed.add(lane);
      if (before) changed.add(before);
    });
    for (const lane of changed) lane.bars.sort((a, b) => a.startUs - b.startUs || a.id - b.id);
    return changed;
  }

  private isShort(durationNs: number): boolean {
    return durationNs >= 0 && durationNs < this.stepUs * 1e3;
  }

  /** Short bars of an earlier answer join the columns, as later ones have them. */
  private countShort(): void {
    this.exact = false;
    for (const lane of this.lanes.values()) {
      const short = lane.bars.filter((bar) => bar.durationNs !== null && this.isShort(bar.durationNs));
      for (const bar of short) {
        this.laneOfBar.delete(bar.id);
        this.count(lane, bar.startUs, bar.op, bar.errno, bar.id);
      }
      if (short.length > 0) lane.bars = lane.bars.filter((bar) => !short.includes(bar));
    }
  }

  private count(lane: Lane, startUs: number, op: string, errno: number, id: number): void {
    const column = this.column(startUs);
    if (column < this.from || column >= this.to) return;
    const i = lowerBound(lane.at, column);
    if (lane.at[i] !== column) {
      lane.at.splice(i, 0, column);
      lane.count.splice(i, 0, 0);
      lane.op.splice(i, 0, op);
      lane.errors.splice(i, 0, 0);
      lane.errorId.splice(i, 0, 0);
    }
    lane.count[i] = (lane.count[i] ?? 0) + 1;
    if (errno === 0 || isOrdinaryErrno(errno)) return;
    lane.errors[i] = (lane.errors[i] ?? 0) + 1;
    if (lane.errorId[i] === 0) lane.errorId[i] = id;
  }

  private lane(told: TimelineLane): Lane {
    let lane = this.lanes.get(told.key);
    if (!lane) {
      const { key, mountId, mount, label, thread, folded } = told;
      lane = {
        key,
        mountId,
        mount,
        label,
        thread,
        folded,
        at: [],
        count: [],
        op: [],
        errors: [],
        errorId: [],
        bars: [],
      };
      this.lanes.set(key, lane);
    }
    lane.folded = Math.max(lane.folded, told.folded);
    return lane;
  }
}

/** First place whose number is at least `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keep<T>(list: T[], first: number, last: number): void {
  list.length = last;
  list.splice(0, first);
}
