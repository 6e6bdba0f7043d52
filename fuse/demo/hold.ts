// The operation that hangs: held back from time to time, until someone releases it.

/** When operations are held, in ms. */
export interface HoldTimes {
  /** From the start to the first one. */
  first: number;
  /** From a release to the next one. */
  again: number;
}

export class Hold {
  readonly #times: HoldTimes;
  readonly #nowMs: () => number;
  #dueMs: number;
  #held: (() => void) | null = null;
  #over = false;

  constructor(times: HoldTimes, nowMs: () => number = () => performance.now()) {
    this.#times = times;
    this.#nowMs = nowMs;
    this.#dueMs = nowMs() + times.first;
  }

  /** Runs the operation, now or, when one is due, after its release. */
  pass(operation: () => void): void {
    if (this.#over || this.#held !== null || this.#nowMs() < this.#dueMs) operation();
    else this.#held = operation;
  }

  /** Lets the held operation go on; without one it does nothing. */
  release(): void {
    const operation = this.#held;
    if (operation === null) return;
    this.#held = null;
    this.#dueMs = this.#nowMs() + this.#times.again;
    operation();
  }

  /** Releases, and holds nothing any more. */
  end(): void {
    this.#over = true;
    this.release();
  }
}
