// Log-linear latency histogram in nanoseconds: exact below 64 ns, above that 32 buckets an octave up to 2^50 ns
// (13 days; what is longer falls into the last bucket). The middle of a bucket is within 1.6 % of everything in it.
// Same idea as HdrHistogram, with one fixed layout so that any two histograms can be added bucket by bucket.

const EXACT = 64;
const PER_OCTAVE = 32;
const FIRST_OCTAVE = 6;
const LAST_OCTAVE = 49;

/** Number of buckets of every histogram. */
export const BUCKETS = EXACT + (LAST_OCTAVE - FIRST_OCTAVE + 1) * PER_OCTAVE;
/** End of the last bucket, ns. */
export const MAX_NS = 2 ** (LAST_OCTAVE + 1);

/** Bucket of a duration in ns. Negative counts as 0. */
export function bucketOf(ns: number): number {
  if (ns < EXACT) return ns > 0 ? Math.trunc(ns) : 0;
  if (ns < 0x8000_0000) {
    const octave = 31 - Math.clz32(ns);
    return EXACT + (octave - FIRST_OCTAVE) * PER_OCTAVE + ((ns >>> (octave - 5)) & 31);
  }
  if (ns >= MAX_NS) return BUCKETS - 1;
  // Past 31 bits: the upper part decides, the lower 20 bits are far below a bucket's width.
  const high = Math.trunc(ns / 0x10_0000);
  const octave = 31 - Math.clz32(high);
  return EXACT + (octave + 20 - FIRST_OCTAVE) * PER_OCTAVE + ((high >>> (octave - 5)) & 31);
}

/** Lower edge of a bucket in ns; `bucketStart(BUCKETS)` is the end of the last one. */
export function bucketStart(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const octave = Math.trunc((bucket - EXACT) / PER_OCTAVE);
  const step = (bucket - EXACT) % PER_OCTAVE;
  return (PER_OCTAVE + step) * 2 ** (octave + FIRST_OCTAVE - 5);
}

/** A bucket's durations: from (included) to (excluded), ns. */
export function bucketRange(bucket: number): { fromNs: number; toNs: number } {
  return { fromNs: bucketStart(bucket), toNs: bucketStart(bucket + 1) };
}

/** Only the buckets that are not empty, ascending, and how often each. */
export interface SparseBuckets {
  buckets: Uint16Array;
  counts: Uint32Array;
}

export class Histogram {
  /** How often each bucket. Floats, so that years of counts add up exactly. */
  readonly counts = new Float64Array(BUCKETS);
  count = 0;
  sumNs = 0;
  /** Infinity while empty. */
  minNs = Number.POSITIVE_INFINITY;
  /** -Infinity while empty. */
  maxNs = Number.NEGATIVE_INFINITY;

  record(ns: number): void {
    const bucket = bucketOf(ns);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.count++;
    this.sumNs += ns;
    if (ns < this.minNs) this.minNs = ns;
    if (ns > this.maxNs) this.maxNs = ns;
  }

  merge(other: Histogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i] = (this.counts[i] ?? 0) + (other.counts[i] ?? 0);
    this.addTotals(other);
  }

  /** Adds one row of a rollup, whose extremes are known exactly. */
  mergeSparse(row: SparseBuckets & { count: number; sumNs: number; minNs: number; maxNs: number }): void {
    const { buckets, counts } = row;
    for (let i = 0; i < buckets.length; i++) {
      const bucket = buckets[i] ?? 0;
      this.counts[bucket] = (this.counts[bucket] ?? 0) + (counts[i] ?? 0);
    }
    this.addTotals(row);
  }

  /** Adds what buckets alone do not tell; the counts of the buckets have to be added beside it. */
  addTotals(from: { count: number; sumNs: number; minNs: number; maxNs: number }): void {
    this.count += from.count;
    this.sumNs += from.sumNs;
    if (from.minNs < this.minNs) this.minNs = from.minNs;
    if (from.maxNs > this.maxNs) this.maxNs = from.maxNs;
  }

  /** The duration that a share `q` (0..1) of all does not exceed, ns; null while empty. */
  percentile(q: number): number | null {
    return percentileOf(this.counts, this.count, q, this.minNs, this.maxNs);
  }

  sparse(): SparseBuckets {
    return sparseOf(this.counts);
  }
}

/**
 * Percentile by nearest rank of bucket counts that sum up to `count`: the middle of the bucket it falls into, and
 * never outside of `minNs`..`maxNs`. Null where there is nothing.
 */
export function percentileOf(
  counts: ArrayLike<number>,
  count: number,
  q: number,
  minNs = 0,
  maxNs = MAX_NS,
): number | null {
  if (count <= 0) return null;
  const rank = Math.min(count, Math.max(1, Math.ceil(q * count)));
  if (rank === count && maxNs !== MAX_NS) return maxNs;
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket] ?? 0;
    if (seen < rank) continue;
    const from = bucketStart(bucket);
    const middle = bucket < EXACT ? from : (from + bucketStart(bucket + 1)) / 2;
    return Math.min(maxNs, Math.max(minNs, middle));
  }
  return null;
}

/** The buckets that are not empty. */
export function sparseOf(counts: ArrayLike<number>): SparseBuckets {
  let used = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i]) used++;
  const sparse = { buckets: new Uint16Array(used), counts: new Uint32Array(used) };
  let at = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i];
    if (!count) continue;
    sparse.buckets[at] = i;
    sparse.counts[at++] = count;
  }
  return sparse;
}

/** Adds two rows of sparse buckets. */
export function addSparse(a: SparseBuckets, b: SparseBuckets): SparseBuckets {
  const counts = new Float64Array(BUCKETS);
  for (const one of [a, b]) {
    for (let i = 0; i < one.buckets.length; i++) {
      const bucket = one.buckets[i] ?? 0;
      counts[bucket] = (counts[bucket] ?? 0) + (one.counts[i] ?? 0);
    }
  }
  return sparseOf(counts);
}

/** As bytes: for each bucket the distance from the one before and its count, both LEB128. */
export function encodeSparse(row: SparseBuckets): Uint8Array {
  const bytes = new Uint8Array(row.buckets.length * 8);
  let at = 0;
  const put = (value: number) => {
    for (; value >= 0x80; value >>>= 7) bytes[at++] = (value & 0x7f) | 0x80;
    bytes[at++] = value;
  };
  let before = 0;
  for (let i = 0; i < row.buckets.length; i++) {
    const bucket = row.buckets[i] ?? 0;
    put(bucket - before);
    put(row.counts[i] ?? 0);
    before = bucket;
  }
  return bytes.slice(0, at);
}

/** Adds what `encodeSparse` wrote to dense `counts`, without building anything in between. @throws RangeError */
export function addEncoded(bytes: Uint8Array, counts: Float64Array): void {
  let at = 0;
  const take = (): number => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 28) throw new RangeError('a stored histogram is cut off');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  };
  let bucket = 0;
  while (at < bytes.length) {
    bucket += take();
    const count = take();
    if (bucket >= counts.length) throw new RangeError('a stored histogram has a bucket that does not exist');
    counts[bucket] = (counts[bucket] ?? 0) + count;
  }
}
