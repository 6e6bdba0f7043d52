// The two clocks. Everything that measures takes one of these, so that tests can hold time in their hand.

export interface Clock {
  /** CLOCK_MONOTONIC in ns, the clock that local collectors stamp with. Durations and ages come from it alone. */
  monoNs(): number;
  /** Wall time in µs since the Unix epoch; for people, never for durations. */
  wallUs(): number;
}

export const systemClock: Clock = {
  monoNs() {
    const [s, ns] = process.hrtime();
    return s * 1e9 + ns;
  },
  wallUs() {
    return (performance.timeOrigin + performance.now()) * 1_000;
  },
};
