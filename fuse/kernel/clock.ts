// From the kernel's monotonic clock to wall time. It stays even, and follows when the system's clock is stepped and when
// the machine wakes up. Node's performance.timeOrigin does not: it is what it was at the start.

import { ahead } from '../../shared/ahead.ts';

/** Below this wall time is not corrected. */
const MAX_DRIFT_US = 20_000;

export class WallClock {
  #offsetUs = offsetUs(() => performance.timeOrigin + performance.now());

  /** Looks whether the system's clock was stepped. */
  refresh(): void {
    const nowUs = offsetUs(Date.now);
    if (Math.abs(nowUs - this.#offsetUs) > MAX_DRIFT_US) this.#offsetUs = nowUs;
  }

  /** µs since the epoch. @param monoNs CLOCK_MONOTONIC. */
  us(monoNs: number): number {
    return this.#offsetUs + monoNs / 1e3;
  }
}

/** @param wallMs tells what time it is: fine at the start, and in whole ms where a step is looked for. */
function offsetUs(wallMs: () => number): number {
  return ahead(
    () => wallMs() * 1e3,
    () => {
      const [seconds, ns] = process.hrtime();
      return seconds * 1e6 + ns / 1e3;
    },
  );
}
