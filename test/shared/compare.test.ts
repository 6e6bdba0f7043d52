import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HistogramAnswer } from '../../shared/api.ts';
import { compareSides, type Side } from '../../shared/compare/compare.ts';
import { deal, holm, MOST_PIECES, type Piece } from '../../shared/compare/deal.ts';
import { bucketOf, bucketRange } from '../../shared/histogram.ts';

/** Durations in ns as a piece of time. */
function piece(durations: readonly number[], errors = 0): Piece {
  const counts = new Map<number, number>();
  for (const ns of durations) counts.set(bucketOf(ns), (counts.get(bucketOf(ns)) ?? 0) + 1);
  const buckets = [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, count]): [number, number, number] => {
      const { fromNs, toNs } = bucketRange(bucket);
      return [fromNs, toNs, count];
    });
  return { buckets, errors };
}

/** A stream of numbers 0..1 that is the same each time (Numerical Recipes' LCG). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const around = (ns: number, count: number, next: () => number) =>
  Array.from({ length: count }, () => ns * (0.5 + next()));

function histogram(key: string, durations: readonly number[], errors = 0): HistogramAnswer {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.ceil(q * sorted.length) - 1] ?? null;
  return {
    key,
    filter: `op:${key}`,
    mountId: null,
    count: durations.length,
    errors,
    sumNs: 0,
    minNs: at(0.001),
    maxNs: at(1),
    p50Ns: at(0.5),
    p90Ns: at(0.9),
    p99Ns: at(0.99),
    p999Ns: at(0.999),
    buckets: piece(durations).buckets.map(([from, to, count]) => [from, to, count]),
    open: 0,
    oldestOpenMs: null,
  };
}

function side(key: string, pieces: readonly number[][], errors = 0): Side {
  return {
    whole: [histogram(key, pieces.flat(), errors * pieces.length)],
    pieces: pieces.map((durations) => [histogram(key, durations, errors)]),
  };
}

const pieces = fc.array(
  fc.record({
    durations: fc.array(fc.integer({ min: 0, max: 1e10 }), { maxLength: 12 }),
    failed: fc.nat({ max: 3 }),
  }),
  { minLength: 1, maxLength: 5 },
);
const built = (all: readonly { durations: number[]; failed: number }[]) =>
  all.map(({ durations, failed }) => piece(durations, Math.min(failed, durations.length)));

describe('dealing pieces of time', () => {
  it('says the same of a pair either way round, and never more than certain', () => {
    fc.assert(
      fc.property(pieces, pieces, (a, b) => {
        const [there, back] = [deal(built(a), built(b)), deal(built(b), built(a))];
        expect(there === null).toBe(back === null);
        if (!there || !back) return;
        expect(there.ranks.slower + back.ranks.slower).toBeCloseTo(1, 9);
        for (const [x, y] of [
          [there.ranks, back.ranks],
          [there.tail, back.tail],
          [there.errors, back.errors],
        ]) {
          expect(x?.p).toBe(y?.p);
          // The deal that happened is one of all.
          if (x) expect(x.p).toBeGreaterThan(0);
          if (x) expect(x.p).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('ranks as counting all pairs does', () => {
    fc.assert(
      fc.property(pieces, pieces, (a, b) => {
        const dealt = deal(built(a), built(b));
        if (!dealt) return;
        const all = (side: typeof a) => side.flatMap(({ durations }) => durations.map(bucketOf));
        let wins = 0;
        for (const x of all(a)) for (const y of all(b)) wins += x > y ? 1 : x === y ? 0.5 : 0;
        expect(dealt.ranks.slower).toBeCloseTo(wins / (all(a).length * all(b).length), 9);
      }),
      { numRuns: 60 },
    );
  });

  it('is nothing but chance where both are the same pieces', () => {
    const same = Array.from({ length: MOST_PIECES }, (_, i) => piece(around(1e6 * (i + 1), 40, numbers(i))));
    const dealt = deal(same, same);
    expect(dealt?.ranks).toEqual({ slower: 0.5, p: 1 });
    expect(dealt?.tail?.p).toBe(1);
  });

  it('calls chance a difference about as often as it says', () => {
    let called = 0;
    const worlds = 200;
    for (let world = 0; world < worlds; world++) {
      const next = numbers(world * 7_919 + 1);
      // Each piece has a mood of its own that all its operations share: the trap of tests that count operations.
      const moody = () => piece(around(1e6 * (0.5 + next()), 200, next));
      const [a, b] = [Array.from({ length: 5 }, moody), Array.from({ length: 5 }, moody)];
      if ((deal(a, b)?.ranks.p ?? 1) < 0.05) called++;
    }
    expect(called / worlds).toBeLessThan(0.09);
    expect(called).toBeGreaterThan(0);
  });

  it('needs enough pieces, and refuses more than it can deal', () => {
    const one = piece([1e6]);
    expect(deal([one, one, one], [one, one, one])).toBeNull();
    expect(deal([one, one, one, one], [one, one, one, piece([])])).toBeNull();
    expect(deal(new Array(4).fill(one), new Array(4).fill(one))).not.toBeNull();
    expect(() => deal(new Array(MOST_PIECES + 1).fill(one), [one])).toThrow(RangeError);
  });
});

it('Holm’s correction multiplies the smallest most, and keeps the order', () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(holm([])).toEqual([]);
  expect(holm([0.9, 0.9])).toEqual([1, 1]);
});

describe('two sides', () => {
  const next = numbers(11);
  const calm = (count = 8) => Array.from({ length: count }, () => around(1e6, 100, next));

  it('that differ are told in words, with how much and how sure', () => {
    const slow = Array.from({ length: 8 }, () => around(3e6, 100, next));
    const [read] = compareSides(side('read', slow), side('read', calm()));
    expect(read?.verdict).toBe('differs');
    expect(read?.text).toMatch(
      /^read: .*slower than the second, p50 [\d.]+ ms against [\d.]+ (ms|µs), [23](\.\d)? times as long \(it took longer in (> 99\.9|9\d(\.\d)?|100) % of pairs\).* More than noise \(p < 0\.001\)\.$/,
    );
    const [back] = compareSides(side('read', calm()), side('read', slow));
    expect(back?.text).toContain('faster than the second');
  });

  it('that differ in their tail or their errors alone are told apart', () => {
    const rare = Array.from({ length: 8 }, () => [...around(1e6, 97, next), 4e8, 5e8, 6e8]);
    const [tail] = compareSides(side('write', rare), side('write', calm()));
    expect(tail?.findings.find(({ real }) => real)?.what).toBe('tail');
    expect(tail?.text).toMatch(/^write: the tail is longer, p99 \d+ ms against/);
    const [errors] = compareSides(side('open', calm(), 20), side('open', calm(), 0));
    expect(errors?.text).toMatch(/^open: more errors, 20 % against 0 %\. More than noise/);
  });

  it('that do not differ are called noise; what only one has, or has too shortly, is said', () => {
    expect(compareSides(side('read', calm()), side('read', calm()))[0]).toMatchObject({ verdict: 'noise' });
    expect(compareSides(side('read', calm(2)), side('read', calm(2)))[0]?.text).toBe(
      'read: too little time on one side to tell a difference from noise.',
    );
    const both = compareSides(side('read', calm()), side('mkdir', [[1e6]]));
    expect(both.map(({ text }) => text)).toEqual([
      'read: only in the first, 800 times.',
      'mkdir: only in the second, once.',
    ]);
  });
});
