// What the sightings of a probe come to: percentiles, a histogram, and what never appeared.
import type { Sighting } from './visibility.ts';

export interface Delays {
  seen: number;
  never: number;
  /** ms, by nearest rank among those seen; null where none was. */
  p50Ms: number | null;
  p90Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

export interface ProbeSummary {
  count: number;
  open: Delays;
  list: Delays;
  /** How much later than the file opens its directory lists it, ms; the median, negative where the listing was first. */
  listAfterOpenMs: number | null;
  /** Files that were seen, then not, and those of them that came back. */
  vanished: number;
  reappeared: number;
  /** Opening delays by powers of two: up to so many ms, how often. */
  histogram: { upToMs: number; count: number }[];
}

export function summaryOf(sightings: readonly Sighting[]): ProbeSummary {
  const opens = sightings.map(({ openMs }) => openMs);
  const lags = sightings.flatMap(({ openMs, listMs }) =>
    openMs === null || listMs === null ? [] : [listMs - openMs],
  );
  return {
    count: sightings.length,
    open: delaysOf(opens),
    list: delaysOf(sightings.map(({ listMs }) => listMs)),
    listAfterOpenMs: percentile(
      lags.toSorted((a, b) => a - b),
      0.5,
    ),
    vanished: sightings.filter((one) => one.vanished > 0).length,
    reappeared: sightings.filter((one) => one.reappeared > 0).length,
    histogram: histogramOf(opens.filter((ms) => ms !== null)),
  };
}

function delaysOf(all: readonly (number | null)[]): Delays {
  const seen = all.filter((ms) => ms !== null).sort((a, b) => a - b);
  const [p50Ms = null, p90Ms = null, p99Ms = null, maxMs = null] = [0.5, 0.9, 0.99, 1].map((q) =>
    percentile(seen, q),
  );
  return { seen: seen.length, never: all.length - seen.length, p50Ms, p90Ms, p99Ms, maxMs };
}

function percentile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}

function histogramOf(delaysMs: readonly number[]): ProbeSummary['histogram'] {
  if (delaysMs.length === 0) return [];
  const powers = delaysMs.map((ms) => Math.max(0, Math.ceil(Math.log2(Math.max(ms, 1)))));
  const [least, most] = [Math.min(...powers), Math.max(...powers)];
  return Array.from({ length: most - least + 1 }, (_, i) => ({
    upToMs: 2 ** (least + i),
    count: powers.filter((power) => power === least + i).length,
  }));
}
