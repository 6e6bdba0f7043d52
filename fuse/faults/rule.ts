// One rule at work: whether it holds for an operation, whether its turn has come, and its counters. Pure but for the
// clock that is handed in.
import { errnoNumber } from '../../shared/errno.ts';
import { type FaultMatch, type FaultRule, type FaultState, opsOfRule } from '../../shared/fault.ts';
import { compileGlob } from '../../shared/filter/glob.ts';
import { seeded } from './chance.ts';

/** What a rule looks at. */
export interface Subject {
  op: string;
  path: string | null;
  newPath?: string | undefined;
  offset?: number | undefined;
  size?: number | undefined;
  /** 0 and '' where the kernel asks on its own. */
  pid: number;
  uid: number;
  comm: string;
}

type Test = (subject: Subject) => boolean;

export class Rule {
  readonly id: string;
  readonly given: FaultRule;
  readonly ops: ReadonlySet<string>;
  readonly random: () => number;
  /** Positive, 0 for none. */
  readonly errno: number;
  readonly #tests: Test[];
  readonly #match: FaultMatch;
  #enabled = false;
  #onMs = 0;
  matches = 0;
  hits = 0;
  lastHitUs: number | null = null;
  /** Bytes written so far, against a budget. */
  written = 0;
  /** Attributes by path, as they were answered. */
  readonly known = new Map<string, { attributes: Buffer; result: number; atMs: number }>();
  /** Operations with a trace's latency so far, by name. */
  readonly replayed = new Map<string, number>();

  constructor(id: string, given: FaultRule) {
    this.id = id;
    this.given = given;
    this.ops = new Set(opsOfRule(given));
    this.random = seeded(given.seed ?? 1);
    this.errno = given.effect.errno === undefined ? 0 : (errnoNumber(given.effect.errno) ?? 0);
    this.#match = given.match ?? {};
    this.#tests = testsOf(this.#match);
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** @param nowMs monotonic; the rule's times count from here. */
  switch(on: boolean, nowMs: number): void {
    if (on && !this.#enabled) this.#onMs = nowMs;
    this.#enabled = on;
  }

  /** What is left of its time; null for no end, 0 once it is over. */
  leftMs(nowMs: number): number | null {
    if (this.given.ttlMs === undefined) return null;
    return this.#enabled ? Math.max(0, this.#onMs + this.given.ttlMs - nowMs) : 0;
  }

  /** Counts a match, and says whether the effect is due. */
  takes(subject: Subject, nowMs: number): boolean {
    if (!this.#enabled || !this.ops.has(subject.op) || !this.#isTime(nowMs)) return false;
    if (!this.#tests.every((test) => test(subject))) return false;
    const { after = 0, first, every, probability } = this.#match;
    this.matches++;
    const turn = this.matches - after;
    if (turn < 1 || (first !== undefined && turn > first)) return false;
    if (every !== undefined && turn % every !== 0) return false;
    return probability === undefined || this.random() < probability;
  }

  /** The counters of the rule that this one stands in for. */
  inherit(before: Rule): void {
    this.matches = before.matches;
    this.hits = before.hits;
    this.lastHitUs = before.lastHitUs;
  }

  state(held: number, nowMs: number): FaultState {
    const { given, id, enabled, matches, hits, lastHitUs } = this;
    return {
      id,
      match: this.#match,
      effect: given.effect,
      enabled,
      seed: given.seed ?? 1,
      ttlMs: this.leftMs(nowMs),
      note: given.note ?? null,
      preset: given.preset ?? null,
      matches,
      hits,
      held,
      lastHitUs,
    };
  }

  #isTime(nowMs: number): boolean {
    const { fromMs = 0, toMs = Number.POSITIVE_INFINITY } = this.#match;
    const sinceMs = nowMs - this.#onMs;
    return sinceMs >= fromMs && sinceMs < toMs;
  }
}

function testsOf({ path, comm, pid, uid, size, offset }: FaultMatch): Test[] {
  const tests: Test[] = [];
  if (path !== undefined) {
    const fits = compileGlob(path, 'anywhere');
    tests.push(
      (one) => (one.path !== null && fits(one.path)) || (one.newPath !== undefined && fits(one.newPath)),
    );
  }
  if (comm !== undefined) {
    const fits = compileGlob(comm, 'flat');
    tests.push((one) => one.comm !== '' && fits(one.comm));
  }
  if (pid !== undefined) tests.push((one) => one.pid === pid);
  // Where the kernel asks on its own it is root by number only.
  if (uid !== undefined) tests.push((one) => one.pid !== 0 && one.uid === uid);
  if (size) tests.push((one) => within(one.size, size));
  if (offset) tests.push((one) => within(one.offset, offset));
  return tests;
}

function within(
  value: number | undefined,
  { min = 0, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number },
): boolean {
  return value !== undefined && value >= min && value <= max;
}
