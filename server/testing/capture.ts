// A captured mount, as a test holds it: waits that end with the event they wait for, and expectations about what was
// done. Without a trace the waits that can, look carefully instead; the others say what they need.
import { compileFilter } from '../../shared/filter/compile.ts';
import { parse } from '../../shared/filter/parse.ts';
import type { Span } from '../../shared/span.ts';
import { TraceError } from './error.ts';
import {
  type BaselineOptions,
  checkBaseline,
  checkLatency,
  checkOperations,
  type Expected,
  type LatencyBudget,
} from './expectations.ts';
import type { Faults } from './faults.ts';
import { look, lookXattr } from './look.ts';
import { heardMark } from './mark.ts';
import { waitForMount } from './mount-ready.ts';
import { inVain, untilProved } from './proof.ts';
import { operationsTable, stallsText } from './report.ts';
import type { MountTrace } from './trace.ts';
import type { PathKind } from './visibility.ts';

export interface WaitOptions {
  /** Default 5,000 ms. */
  timeoutMs?: number;
  /** False: only the trace counts; nothing looks at the mount. Default true. */
  look?: boolean;
}

const TIMEOUT_MS = 5_000;

export class Capture implements AsyncDisposable {
  readonly mountpoint: string;
  readonly #trace: MountTrace | null;
  readonly #undo: () => Promise<void>;
  /** On the clock of the mount's own operations; 0: all that was heard. */
  #fromUs = 0;

  /** @param trace null: the mount is not traced. */
  constructor(mountpoint: string, trace: MountTrace | null, undo: () => Promise<void> = async () => {}) {
    this.mountpoint = mountpoint;
    this.#trace = trace;
    this.#undo = undo;
  }

  /** Whether operations are seen; else waits look, and expectations throw. */
  get traced(): boolean {
    return this.#trace !== null;
  }

  /** Makes operations slow, fail or hang on purpose; of mirrors only. */
  get faults(): Faults {
    return this.#traced('faults').faults;
  }

  /**
   * Counts what the server has stored of a path as seen, from before this capture too.
   * @param path inside the mount, or absolute on it.
   */
  async recall(path: string): Promise<void> {
    await this.#trace?.recall(this.#inside(path));
  }

  /** Until the mount is there and answers. Looks at the mount table, then once at the mount itself. */
  async waitForMountReady(options: WaitOptions = {}): Promise<void> {
    const { timeoutMs = TIMEOUT_MS } = options;
    const why = await waitForMount(this.mountpoint, timeoutMs);
    if (why !== null) throw inVain(`the mount to be ready (${why})`, timeoutMs, this.mountpoint, this.#trace);
  }

  /** Until a file, of any type but directory, is there. @param path inside the mount, or absolute on it. */
  waitForFileVisible(path: string, options: WaitOptions = {}): Promise<void> {
    return this.#visible(path, 'file', options);
  }

  /** Until a directory is there. */
  waitForDirVisible(path: string, options: WaitOptions = {}): Promise<void> {
    return this.#visible(path, 'directory', options);
  }

  /** Until anything is there under that name. */
  waitForVisible(path: string, options: WaitOptions = {}): Promise<void> {
    return this.#visible(path, null, options);
  }

  /** Until nothing is there any more. */
  waitForGone(path: string, options: WaitOptions = {}): Promise<void> {
    const inside = this.#inside(path);
    return this.#until(
      `${path} to be gone`,
      () => this.#trace?.pathState(inside).presence === 'gone',
      async () => (await look(this.#outside(inside))) === 'missing',
      options,
    );
  }

  /** Until an extended attribute is set. @param name with its namespace, such as user.tag. */
  waitForXattrSet(path: string, name: string, options: WaitOptions = {}): Promise<void> {
    const inside = this.#inside(path);
    return this.#until(
      `${name} to be set on ${path}`,
      () => this.#trace?.pathState(inside).xattrs.has(name) ?? false,
      async () => (await lookXattr(this.#outside(inside), name)) ?? false,
      options,
    );
  }

  /**
   * Until an operation ends that a filter lets through; one that ended since the capture began counts.
   * @param filter the filter language: `op:rename path:/a/** errno:none`. `state:open` finds those open for 100 ms.
   * @param options.sinceUs µs since the epoch: stored operations that began since then count too.
   * @returns the operation.
   */
  async waitForOperation(
    filter: string,
    options: Omit<WaitOptions, 'look'> & { sinceUs?: number } = {},
  ): Promise<Span> {
    const trace = this.#traced('waitForOperation');
    const parsed = parse(filter);
    if (!parsed.ok) throw new TypeError(`"${filter}" is no filter: ${parsed.error.message}`);
    const test = compileFilter(parsed.filter);
    const stored = options.sinceUs === undefined ? null : await trace.find(filter, options.sinceUs);
    if (stored !== null) return stored;
    const find = () => trace.recent().find((span) => test(span)) ?? null;
    await this.#until(`an operation that matches ${filter}`, () => find() !== null, null, options);
    const found = find();
    if (found === null) throw new Error('an operation that was seen is not remembered');
    return found;
  }

  /** Until nothing is in flight and nothing has ended for `quietMs`. */
  async waitForIdle(quietMs = 100, options: Omit<WaitOptions, 'look'> = {}): Promise<void> {
    const trace = this.#traced('waitForIdle');
    const { timeoutMs = TIMEOUT_MS } = options;
    const deadline = performance.now() + timeoutMs;
    let heardMs = performance.now();
    const stop = trace.onSpan(() => {
      heardMs = performance.now();
    });
    try {
      for (;;) {
        const leftMs = heardMs + quietMs - performance.now();
        if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
        else if ((await trace.inflight()).length === 0 && performance.now() - heardMs >= quietMs) return;
        else heardMs = performance.now();
        if (performance.now() >= deadline)
          throw inVain(`${this.mountpoint} to be idle for ${quietMs} ms`, timeoutMs, this.mountpoint, trace);
      }
    } finally {
      stop();
    }
  }

  /** The last operations, oldest first. */
  recentOperations(count = 20): Span[] {
    return this.#traced('recentOperations').recent().slice(-count);
  }

  /** The last operations as a table for people; says so where the mount is not traced. */
  report(count = 20): string {
    return this.#trace === null
      ? `${this.mountpoint} is not traced\n`
      : operationsTable(this.#trace.recent().slice(-count));
  }

  /** Every operation since the capture began, or since `restart`; waits until what was done before is known. */
  async operations(): Promise<Span[]> {
    await this.settle();
    return this.#traced('operations').operations(this.#fromUs);
  }

  /** From here on operations are counted anew. */
  async restart(): Promise<void> {
    this.#fromUs = (await this.settle()) ?? Date.now() * 1_000;
  }

  /**
   * Until everything that ended before this call has been heard of.
   * @returns when that was, in µs on the clock of the operations; null where the mount did not tell.
   */
  async settle(): Promise<number | null> {
    return heardMark(this.#traced('settle'), this.mountpoint);
  }

  /** Throws where an operation of this mount is stalled, or was since the capture began. */
  async expectNoStalls(): Promise<void> {
    const stalls = this.#traced('expectNoStalls').stalls();
    if (stalls.length === 0) return;
    throw new TraceError(stallsText(stalls), this.mountpoint, this.recentOperations());
  }

  /** Throws where operations took longer than a budget; open ones count with their age. */
  async expectLatency(budget: LatencyBudget): Promise<void> {
    const operations = await this.operations();
    const open = await this.#traced('expectLatency').inflight();
    this.#check(checkLatency(operations, open, budget), operations);
  }

  /**
   * Throws where the operations were others.
   * @param expected in order, others may come between: `['create', {op: 'write', path: '/a'}]`; or how many there were:
   *   `{write: 3, fsync: 1}`, where operations that are not named may be any number.
   */
  async expectOperations(expected: Expected): Promise<void> {
    const operations = await this.operations();
    this.#check(checkOperations(operations, expected), operations);
  }

  /** Compares how often each operation was done with a stored baseline; redundant operations are named. */
  async expectBaseline(file: string, options: BaselineOptions = {}): Promise<void> {
    const operations = await this.operations();
    this.#check(checkBaseline(operations, file, options), operations);
  }

  async close(): Promise<void> {
    this.#trace?.close();
    await this.#undo();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #visible(path: string, kind: PathKind | null, options: WaitOptions): Promise<void> {
    const inside = this.#inside(path);
    return this.#until(
      `${path} to be there${kind === null ? '' : ` as a ${kind}`}`,
      () => {
        const state = this.#trace?.pathState(inside);
        return state?.presence === 'there' && (kind === null || state.kind === kind);
      },
      async () => {
        const found = await look(this.#outside(inside));
        return kind === null ? found === 'file' || found === 'directory' : found === kind;
      },
      options,
    );
  }

  #until(
    what: string,
    proved: () => boolean,
    shown: (() => Promise<boolean>) | null,
    { timeoutMs = TIMEOUT_MS, look: mayLook = true }: WaitOptions,
  ): Promise<void> {
    const { mountpoint } = this;
    return untilProved({
      what,
      mountpoint,
      trace: this.#trace,
      proved,
      shown: mayLook ? shown : null,
      timeoutMs,
    });
  }

  #check(wrong: string | null, operations: readonly Span[]): void {
    if (wrong !== null) throw new TraceError(wrong, this.mountpoint, operations);
  }

  #traced(what: string): MountTrace {
    if (this.#trace !== null) return this.#trace;
    throw new TraceError(`${what} needs a trace`, this.mountpoint, [], false);
  }

  /** The path inside the mount. */
  #inside(path: string): string {
    if (path === this.mountpoint) return '/';
    const inside = path.startsWith(`${this.mountpoint}/`) ? path.slice(this.mountpoint.length) : path;
    if (!inside.startsWith('/'))
      throw new TypeError(`"${path}" is no path (it begins with "/", inside the mount or absolute)`);
    return inside.length > 1 ? inside.replace(/\/+$/, '') : inside;
  }

  #outside(inside: string): string {
    return inside === '/' ? this.mountpoint : this.mountpoint + inside;
  }
}
