// The two clocks. Everything that measures takes one of these, so that tests can hold time in their hand.

import { ahead } from '../shared/ahead.ts';

export interface Clock {
  /** CLOCK_MONOTONIC in ns, the clock that local collectors stamp with. Durations and ages come from it alone. */
  monoNs(): number;
  /** Wall time in µs since the Unix epoch; for people, never for durations. */
  wallUs(): number;
}

export const systemClock = clockOf(monotonicNs, Date.now, performance.timeOrigin + performance.now());

function monotonicNs(): number {
  const [s, ns] = process.hrtime();
  return s * 1e9 + ns;
}

/** Below this, wall time is not corrected: it stays even, and finer than what the system tells. */
const MAX_DRIFT_US = 20_000;

/**
 * A clock whose wall time follows when the system's is set, and when the machine wakes up, during whose sleep
 * CLOCK_MONOTONIC stands still.
 * @param monoNs CLOCK_MONOTONIC; @param wallMs wall time in whole ms; @param nowMs the same, as fine as it can be had.
 */
export function clockOf(monoNs: () => number, wallMs: () => number, nowMs = wallMs()): Clock {
  const wallUs = () => wallMs() * 1_000;
  const monoUs = () => monoNs() / 1_000;
  const isStepped = (nowUs: number) => Math.abs(nowUs - offsetUs) > MAX_DRIFT_US;
  let offsetUs = nowMs * 1_000 - monoNs() / 1_000;
  return {
    monoNs,
    wallUs() {
      if (isStepped(wallUs() - monoUs())) {
        const nowUs = ahead(wallUs, monoUs);
        if (isStepped(nowUs)) offsetUs = nowUs;
      }
      return offsetUs + monoUs();
    },
  };
}
