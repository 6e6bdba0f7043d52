// Folds problems into patterns: masks what is known to vary (mask.ts), then Drain (drain.ts). Bounded, however many
// problems come: patterns, names of mounts and processes, columns of a spark.
import { errnoName, isOrdinaryErrno } from '../errno.ts';
import { ANY, Drain } from './drain.ts';
import { masked } from './mask.ts';
import { type Pattern, SPARK_COLUMNS } from './pattern.ts';
import type { Problem } from './problem.ts';

const MAX_PATTERNS = 1_000;
const MAX_NAMES = 20;
const MAX_EXAMPLE = 500;
const REST = 'errors of other kinds';

interface Group {
  words: string[];
  separator: ' ' | '/';
  pattern: Omit<Pattern, 'text' | 'mounts' | 'processes' | 'spark'>;
  mounts: Set<string>;
  processes: Set<string>;
  columns: Float64Array;
}

export class Fold {
  /** Problems so far. */
  count = 0;
  readonly #drain: Drain<Group>;
  readonly #groups: Group[] = [];
  #rest: Group | null = null;
  #problem: Problem | null = null;
  /** The columns of all sparks: where the first one begins, and how wide each is. */
  #origin: number | null = null;
  #width = 1;
  #last = 0;

  constructor() {
    this.#drain = new Drain((words) => this.#create(words), MAX_PATTERNS);
  }

  add(problem: Problem): void {
    this.count++;
    this.#problem = problem;
    const isOp = problem.op !== null;
    const kind = isOp ? `${problem.op} ${problem.errno} ${problem.mount}` : problem.level;
    const group =
      this.#drain.add(kind, isOp ? maskedPath(problem.text) : masked(problem.text), isOp ? '/' : ' ') ??
      this.#other();
    this.#count(group, problem);
  }

  /** Patterns in order of their first appearance. */
  patterns(): Pattern[] {
    return this.#groups
      .map((group) => ({
        ...group.pattern,
        text: group.words.join(group.separator),
        mounts: [...group.mounts],
        processes: [...group.processes],
        spark: this.#spark(group.columns),
      }))
      .toSorted((a, b) => a.firstOrder - b.firstOrder);
  }

  #create(words: string[]): Group {
    const problem = this.#problem as Problem;
    const { level, op, errno, order, tsUs, text } = problem;
    const group: Group = {
      words: [...words],
      separator: op === null ? ' ' : '/',
      pattern: {
        level,
        op,
        errno,
        error: errno === null ? null : errnoName(errno),
        ordinary: op !== null && errno !== null && isOrdinaryErrno(errno),
        count: 0,
        firstUs: tsUs,
        lastUs: tsUs,
        firstOrder: order,
        lastOrder: order,
        example: text.slice(0, MAX_EXAMPLE),
      },
      mounts: new Set(),
      processes: new Set(),
      columns: new Float64Array(SPARK_COLUMNS * 2),
    };
    this.#groups.push(group);
    return group;
  }

  #other(): Group {
    this.#rest ??= this.#create(REST.split(' '));
    return this.#rest;
  }

  #count(group: Group, problem: Problem): void {
    const { pattern, mounts, processes } = group;
    const { order, tsUs, mount, process, errno } = problem;
    pattern.count++;
    if (order < pattern.firstOrder) pattern.firstOrder = order;
    if (order > pattern.lastOrder) pattern.lastOrder = order;
    if (tsUs !== null) {
      if (pattern.firstUs === null || tsUs < pattern.firstUs) pattern.firstUs = tsUs;
      if (pattern.lastUs === null || tsUs > pattern.lastUs) pattern.lastUs = tsUs;
    }
    if (pattern.errno !== errno) {
      pattern.errno = null;
      pattern.error = null;
    }
    if (mount !== null && mounts.size < MAX_NAMES) mounts.add(mount);
    if (process !== null && processes.size < MAX_NAMES) processes.add(process);
    const column = this.#column(order);
    group.columns[column] = (group.columns[column] ?? 0) + 1;
  }

  /** Column of an order. Where it lies behind the last one, every column becomes twice as wide. */
  #column(order: number): number {
    this.#origin ??= order;
    this.#last = Math.max(this.#last, order);
    while (order - this.#origin >= this.#width * SPARK_COLUMNS * 2) {
      this.#width *= 2;
      for (const { columns } of this.#groups) {
        for (let i = 0; i < SPARK_COLUMNS * 2; i++)
          columns[i] = i < SPARK_COLUMNS ? (columns[i * 2] ?? 0) + (columns[i * 2 + 1] ?? 0) : 0;
      }
    }
    return Math.max(0, Math.floor((order - this.#origin) / this.#width));
  }

  /** The columns in use, stretched over the whole spark. */
  #spark(columns: Float64Array): number[] {
    const used = Math.max(1, Math.floor((this.#last - (this.#origin ?? 0)) / this.#width) + 1);
    const out = new Array<number>(SPARK_COLUMNS).fill(0);
    for (let i = 0; i < used; i++) {
      const at = Math.floor((i * SPARK_COLUMNS) / used);
      out[at] = (out[at] ?? 0) + (columns[i] ?? 0);
    }
    return out;
  }
}

/** A path whose segments are masked each, so that none of them melts into the next. */
function maskedPath(path: string): string {
  return path
    .split('/', 32)
    .map((segment) => (segment === '' ? '' : masked(segment).replaceAll('/', ANY)))
    .join('/');
}
