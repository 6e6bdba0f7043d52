// The rules on a mirror, in the order they were added: the first whose turn has come decides. Switched, added and
// removed while mounted, with effect on the next operation. What an effect does is in effects.ts.
import { randomBytes } from 'node:crypto';
import { type FaultRule, type FaultState, faultProblem } from '../../shared/fault.ts';
import { Rule, type Subject } from './rule.ts';
import { Waits } from './waits.ts';

export interface FaultClock {
  monoMs(): number;
  wallUs(): number;
}

const MAX_RULES = 200;
const realClock: FaultClock = { monoMs: () => performance.now(), wallUs: () => Date.now() * 1e3 };

export class Faults {
  readonly waits = new Waits();
  readonly #clock: FaultClock;
  #rules: Rule[] = [];
  #ops: ReadonlySet<string> = new Set();
  /** When a rule may hold operations again, after a release. */
  readonly #againMs = new Map<string, number>();
  #expiry: NodeJS.Timeout | null = null;
  #over = false;
  /** Rules have come, gone or been switched. */
  onRules: () => void = () => undefined;
  /** Counters have changed. */
  onCounters: () => void = () => undefined;

  constructor(clock: FaultClock = realClock) {
    this.#clock = clock;
  }

  /** Operations that some rule may touch now; the others need not be asked about. */
  get ops(): ReadonlySet<string> {
    return this.#ops;
  }

  /** The rule that touches this operation, which is counted, or null. */
  decide(subject: Subject): Rule | null {
    const nowMs = this.#clock.monoMs();
    let counted = false;
    for (const rule of this.#rules) {
      const before = rule.matches;
      const due = rule.takes(subject, nowMs) && this.#mayHang(rule, nowMs);
      counted ||= rule.matches !== before;
      if (!due) continue;
      rule.hits++;
      rule.lastHitUs = this.#clock.wallUs();
      this.onCounters();
      return rule;
    }
    if (counted) this.onCounters();
    return null;
  }

  /** Adds a rule, or replaces the one of its id, whose counters go on. @returns its id. @throws Error what is wrong. */
  put(given: FaultRule): string {
    const problem = faultProblem(given);
    if (problem !== null) throw new Error(problem);
    const at = this.#rules.findIndex((rule) => rule.id === given.id);
    if (at < 0 && this.#rules.length >= MAX_RULES)
      throw new Error(`a mirror takes ${MAX_RULES} rules; remove some`);
    const rule = new Rule(given.id ?? this.#freeId(given), given);
    rule.switch(given.enabled ?? true, this.#clock.monoMs());
    const before = this.#rules[at];
    if (before) {
      rule.inherit(before);
      this.#rules[at] = rule;
      this.waits.end(rule.id);
    } else {
      this.#rules.push(rule);
    }
    this.#changed();
    return rule.id;
  }

  /** Off lets go what waits by the rule. @throws Error where there is none of that id. */
  switch(id: string, on: boolean): void {
    const rule = this.#find(id);
    rule.switch(on, this.#clock.monoMs());
    this.#changed();
    if (!on) this.waits.end(id);
  }

  /** @throws Error where there is none of that id. */
  remove(id: string): void {
    const rule = this.#find(id);
    this.#rules = this.#rules.filter((one) => one !== rule);
    this.#changed();
    this.waits.end(id);
  }

  /** Removes every rule and lets everything go on. @returns how many rules there were. */
  clear(): number {
    const count = this.#rules.length;
    this.#rules = [];
    this.#changed();
    this.waits.end(null);
    return count;
  }

  /** Lets hanging operations go on: of one rule, or of all (null). @returns how many. */
  release(id: string | null): number {
    if (id !== null) this.#find(id);
    const released = this.waits.release(id);
    for (const rule of this.#rules) {
      const { againMs } = rule.given.effect.hang ?? {};
      if (againMs !== undefined && released.includes(rule.id))
        this.#againMs.set(rule.id, this.#clock.monoMs() + againMs);
    }
    this.onCounters();
    return released.length;
  }

  states(): FaultState[] {
    const nowMs = this.#clock.monoMs();
    return this.#rules.map((rule) => rule.state(this.waits.held(rule.id), nowMs));
  }

  /** The mirror ends: from now on nothing is touched, and what waits goes on. */
  end(): void {
    this.#over = true;
    this.clear();
  }

  #mayHang(rule: Rule, nowMs: number): boolean {
    const { hang } = rule.given.effect;
    if (!hang) return true;
    if (this.waits.held(rule.id) >= (hang.atOnce ?? Number.POSITIVE_INFINITY)) return false;
    return nowMs >= (this.#againMs.get(rule.id) ?? 0);
  }

  #find(id: string): Rule {
    const rule = this.#rules.find((one) => one.id === id);
    if (!rule) throw new Error(`there is no rule ${id} on this mirror`);
    return rule;
  }

  #freeId(given: FaultRule): string {
    const kind = given.preset ?? Object.keys(given.effect)[0] ?? 'rule';
    for (;;) {
      const id = `${kind}-${randomBytes(2).toString('hex')}`;
      if (!this.#rules.some((rule) => rule.id === id)) return id;
    }
  }

  #changed(): void {
    const on = this.#over ? [] : this.#rules.filter((rule) => rule.enabled);
    this.#ops = new Set(on.flatMap((rule) => [...rule.ops]));
    this.#watchExpiry(on);
    this.onRules();
    this.onCounters();
  }

  /** Switches a rule off when its time is over. */
  #watchExpiry(on: readonly Rule[]): void {
    if (this.#expiry) clearTimeout(this.#expiry);
    this.#expiry = null;
    const nowMs = this.#clock.monoMs();
    const next = on.filter((rule) => rule.leftMs(nowMs) !== null);
    if (next.length === 0) return;
    const inMs = Math.min(...next.map((rule) => rule.leftMs(nowMs) ?? 0));
    this.#expiry = setTimeout(() => {
      const laterMs = this.#clock.monoMs();
      // A timer may come a moment before its time.
      for (const rule of next) if ((rule.leftMs(laterMs) ?? 0) < 1) this.switch(rule.id, false);
      this.#watchExpiry(this.#rules.filter((rule) => rule.enabled));
    }, inMs).unref();
  }
}
