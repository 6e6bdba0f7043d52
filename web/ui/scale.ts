// The latency axis, the same on every view: logarithmic, 1 µs to 100 s, eight decades: the kernel answers a lookup
// in a few µs. Durations in ns.

const AXIS_FROM_NS = 1e3;
const DECADES = 8;
/** Younger than this, an open operation is everyday life, and gone at the next look. */
export const BURNS_FROM_MS = 1_000;

/** The decades as the axis names them. */
export const AXIS_TICKS: readonly (readonly [ns: number, label: string])[] = [
  [1e3, '1 µs'],
  [1e4, '10 µs'],
  [1e5, '100 µs'],
  [1e6, '1 ms'],
  [1e7, '10 ms'],
  [1e8, '100 ms'],
  [1e9, '1 s'],
  [1e10, '10 s'],
  [1e11, '100 s'],
];

/** Place of a duration on the axis, 0 to 1; what lies outside is put at its end. */
export function axisShare(ns: number): number {
  if (!(ns > AXIS_FROM_NS)) return 0;
  return Math.min(1, (Math.log10(ns) - 3) / DECADES);
}

/** The duration at a place of the axis. */
export function axisNs(share: number): number {
  return 10 ** (3 + DECADES * share);
}

export const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** Counts of a histogram's buckets in `bins` equal steps of the axis; ends take what lies outside. */
export function binOnAxis(
  buckets: readonly (readonly [fromNs: number, toNs: number, count: number])[],
  bins: number,
): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const [fromNs, toNs, count] of buckets) {
    const share = axisShare(Math.sqrt(Math.max(1, fromNs) * toNs));
    const bin = Math.min(bins - 1, Math.floor(share * bins));
    counts[bin] = (counts[bin] ?? 0) + count;
  }
  return counts;
}

const STEPS_S = [0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];

/** Distance of the ticks below a line of so many seconds: at most ten of them. */
export function tickStep(lengthS: number): number {
  return STEPS_S.find((step) => lengthS / step <= 10) ?? Math.ceil(lengthS / 10 / 86_400) * 86_400;
}
