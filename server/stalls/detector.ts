// Finds operations that are open past their threshold. Pure: looks at the open spans it is given, at the time
// it is given; what it found goes out through `events`.
import { noDiagnosis } from '../../shared/diagnosis.ts';
import type { Stall, ThresholdRule, Thresholds } from '../../shared/stall.ts';
import { thresholdsFor } from '../../shared/stall.ts';
import type { OpenSpan } from '../ingest/pairing.ts';

export interface StallEvents {
  raised(stall: Stall): void;
  closed(stall: Stall): void;
}

export class StallDetector {
  readonly #events: StallEvents;
  readonly #fsTypeOf: (mountId: number) => string | null;
  readonly #thresholds = new Map<string, Thresholds>();
  readonly #open = new Map<number, Stall>();
  #rules: readonly ThresholdRule[];
  #nextId: number;

  constructor(
    events: StallEvents,
    nextId: number,
    rules: readonly ThresholdRule[],
    fsTypeOf: (mountId: number) => string | null,
  ) {
    this.#events = events;
    this.#nextId = nextId;
    this.#rules = rules;
    this.#fsTypeOf = fsTypeOf;
  }

  /** Open stalls, the first raised first; their ages are of the last `check`. */
  open(): Stall[] {
    return [...this.#open.values()];
  }

  openOf(mountId: number): number {
    let count = 0;
    for (const stall of this.#open.values()) if (stall.span.mountId === mountId) count++;
    return count;
  }

  /** Thresholds in force for an operation of a mount. */
  thresholds(mountId: number, mount: string, op: string): Thresholds {
    const key = `${mountId} ${op}`;
    let found = this.#thresholds.get(key);
    if (!found) {
      found = thresholdsFor(this.#rules, { mount, fsType: this.#fsTypeOf(mountId), op });
      this.#thresholds.set(key, found);
    }
    return found;
  }

  /** Threshold rules in force; the last that matches an operation decides. */
  get rules(): readonly ThresholdRule[] {
    return this.#rules;
  }

  set rules(rules: readonly ThresholdRule[]) {
    this.#rules = rules;
    this.#thresholds.clear();
  }

  /** Puts back a stall whose operation is still open after a restart. */
  restore(open: OpenSpan, stall: Stall): void {
    open.stallId = stall.id;
    this.#open.set(stall.id, { ...stall, span: open.span });
  }

  /** Raises what has crossed its threshold and brings every open stall's age up to date. */
  check(spans: Iterable<OpenSpan>, monoNs: number, wallUs: number): void {
    for (const open of spans) {
      const ageMs = (monoNs - open.enterMonoNs) / 1e6;
      if (open.stallId !== null) {
        const stall = this.#open.get(open.stallId);
        if (stall) stall.ageMs = ageMs;
        continue;
      }
      const { stalledMs } = this.thresholds(open.mount.id, open.mount.name, open.span.op);
      if ((monoNs - open.raiseFromNs) / 1e6 < stalledMs) continue;
      const stall: Stall = {
        id: this.#nextId++,
        span: open.span,
        ageMs,
        thresholdMs: stalledMs,
        state: 'open',
        raisedUs: wallUs,
        closedUs: null,
        endedBy: null,
        ...noDiagnosis(),
      };
      open.stallId = stall.id;
      this.#open.set(stall.id, stall);
      this.#events.raised(stall);
    }
  }

  /** The operation ended, one way or another. */
  ended(open: OpenSpan, monoNs: number, wallUs: number): void {
    if (open.stallId === null) return;
    const stall = this.#open.get(open.stallId);
    if (!stall) return;
    this.#open.delete(open.stallId);
    stall.state = 'closed';
    stall.closedUs = wallUs;
    stall.ageMs =
      open.span.durationNs === null ? (monoNs - open.enterMonoNs) / 1e6 : open.span.durationNs / 1e6;
    this.#events.closed(stall);
  }
}
