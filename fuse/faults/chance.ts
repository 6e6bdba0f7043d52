// Chance that can be repeated: a small generator with a seed, and the delays drawn from it.
import type { Delay } from '../../shared/fault.ts';

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Where the standard normal distribution has its 99th percentile. */
const Z99 = 2.326_347_874;

/** One delay in ms, never negative. */
export function drawDelay(delay: Delay, random: () => number): number {
  switch (delay.kind) {
    case 'fixed':
      return delay.ms;
    case 'uniform':
      return delay.minMs + random() * (delay.maxMs - delay.minMs);
    case 'normal':
      return Math.max(0, delay.meanMs + normal(random) * delay.deviationMs);
    case 'long-tail': {
      const spread = Math.log(delay.p99Ms / delay.medianMs) / Z99;
      return delay.medianMs * Math.exp(spread * normal(random));
    }
  }
}

/** Standard normal, after Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
