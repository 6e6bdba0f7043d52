// The last ten minutes of the whole trace, one entry a second: the columns of the page's time strip.
import { isOrdinaryErrno } from '../../shared/errno.ts';
import type { Second } from '../../shared/live.ts';

export const SECONDS_KEPT = 600;

export class Seconds {
  readonly #past: Second[];
  #now: Second;

  /** @param past seconds of an earlier run, oldest first. */
  constructor(atS: number, past: readonly Second[] = []) {
    this.#past = past.slice(-SECONDS_KEPT);
    this.#now = blank(atS);
  }

  ended(errno: number | null): void {
    this.#now.ops++;
    if (errno !== null && errno !== 0 && !isOrdinaryErrno(errno)) this.#now.errors++;
  }

  lost(count: number): void {
    this.#now.lost += count;
  }

  /** Closes the current second and starts the one at `atS`. */
  roll(atS: number, openStalls: number): Second {
    const over = this.#now;
    over.stalls = openStalls;
    this.#past.push(over);
    if (this.#past.length > SECONDS_KEPT) this.#past.shift();
    this.#now = blank(atS);
    return over;
  }

  /** Finished seconds, oldest first. */
  past(): readonly Second[] {
    return this.#past;
  }

  last(): Second | null {
    return this.#past.at(-1) ?? null;
  }
}

function blank(atS: number): Second {
  return { atS, ops: 0, errors: 0, lost: 0, stalls: 0 };
}
