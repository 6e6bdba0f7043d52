import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addEncoded,
  addSparse,
  BUCKETS,
  bucketOf,
  bucketRange,
  bucketStart,
  encodeSparse,
  Histogram,
  MAX_NS,
  sparseOf,
} from '../../shared/histogram.ts';

/** Durations of every order of magnitude, in equal shares. */
const ns = fc
  .tuple(fc.integer({ min: 0, max: 49 }), fc.double({ min: 1, max: 2, noNaN: true }))
  .map(([octave, factor]) => Math.min(MAX_NS - 1, Math.floor(2 ** octave * factor)));
const many = fc.array(ns, { minLength: 1, maxLength: 300 });
const filled = (values: readonly number[]) => {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
};

describe('buckets', () => {
  it('hold every duration, without holes or overlaps', () => {
    for (let i = 0; i < BUCKETS; i++) {
      const { fromNs, toNs } = bucketRange(i);
      expect(toNs).toBeGreaterThan(fromNs);
      expect(bucketOf(fromNs)).toBe(i);
      expect(bucketOf(toNs - 1)).toBe(i);
    }
    expect(bucketStart(BUCKETS)).toBe(MAX_NS);
  });

  it('are exact below 64 ns, and at most a 32nd wide above', () => {
    for (let i = 0; i < BUCKETS; i++) {
      const { fromNs, toNs } = bucketRange(i);
      if (i < 64) expect(toNs - fromNs).toBe(1);
      else expect((toNs - fromNs) / fromNs).toBeLessThanOrEqual(1 / 32);
    }
  });

  it('take what is too short or too long at their ends', () => {
    expect(bucketOf(-5)).toBe(0);
    expect(bucketOf(0.9)).toBe(0);
    expect(bucketOf(MAX_NS)).toBe(BUCKETS - 1);
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(BUCKETS - 1);
  });
});

describe('percentiles', () => {
  it('are within 2 % of a sorted list of the same durations', () => {
    fc.assert(
      fc.property(many, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(q * values.length)) - 1] ?? 0;
        const found = filled(values).percentile(q) ?? -1;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.02);
      }),
    );
  });

  it('are null where there is nothing, and exact at the far end', () => {
    expect(new Histogram().percentile(0.5)).toBeNull();
    expect(filled([1_000_003, 7]).percentile(1)).toBe(1_000_003);
    expect(filled([1_000_003]).percentile(0.5)).toBe(1_000_003);
  });
});

describe('adding', () => {
  it('equals recording everything into one', () => {
    fc.assert(
      fc.property(many, many, (a, b) => {
        const merged = filled(a);
        merged.merge(filled(b));
        expect(merged).toEqual(filled([...a, ...b]));

        const [left, right] = [filled(a), filled(b)];
        const sparse = addSparse(left.sparse(), right.sparse());
        expect(sparse).toEqual(merged.sparse());

        left.mergeSparse({ ...right, ...right.sparse() });
        expect(left).toEqual(merged);
      }),
    );
  });

  it('goes through bytes unchanged, also for the largest counts', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.tuple(fc.integer({ min: 0, max: BUCKETS - 1 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
          {
            selector: ([bucket]) => bucket,
            maxLength: 200,
          },
        ),
        (pairs) => {
          const counts = new Float64Array(BUCKETS);
          for (const [bucket, count] of pairs) counts[bucket] = count;
          const back = new Float64Array(BUCKETS);
          addEncoded(encodeSparse(sparseOf(counts)), back);
          expect(back).toEqual(counts);
        },
      ),
    );
  });

  it('refuses bytes that are cut off or wrong', () => {
    const counts = () => new Float64Array(BUCKETS);
    expect(() => addEncoded(Uint8Array.of(1), counts())).toThrow(RangeError);
    expect(() => addEncoded(Uint8Array.of(0xff, 0xff, 0x7f, 1), counts())).toThrow(RangeError);
    expect(() => addEncoded(new Uint8Array(20).fill(0x80), counts())).toThrow(RangeError);
  });
});
