// From the kernel's monotonic clock to wall time. It stays even, and follows when the system's clock is stepped.

/** Below this wall time is not corrected. */
const MAX_DRIFT_US = 20_000;

export class WallClock {
  #offsetUs = nowOffsetUs();

  /** Looks whether the system's clock was stepped. */
  refresh(): void {
    const offsetUs = nowOffsetUs();
    if (Math.abs(offsetUs - this.#offsetUs) > MAX_DRIFT_US) this.#offsetUs = offsetUs;
  }

  /** µs since the epoch. @param monoNs CLOCK_MONOTONIC. */
  us(monoNs: number): number {
    return this.#offsetUs + monoNs / 1e3;
  }
}

function nowOffsetUs(): number {
  const [seconds, ns] = process.hrtime();
  return (performance.timeOrigin + performance.now()) * 1e3 - (seconds * 1e6 + ns / 1e3);
}
