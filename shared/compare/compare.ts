// From the histograms of two stretches, whole and in pieces of time, to what differs between them. Pure.
import type { HistogramAnswer } from '../api.ts';
import type { Compared, Finding } from './answer.ts';
import { type Dealt, deal, holm, type Piece } from './deal.ts';
import { differenceText, NEUTRAL } from './words.ts';

/** One stretch: all of it by operation, and the same for each of its pieces. */
export interface Side {
  whole: readonly HistogramAnswer[];
  pieces: readonly (readonly HistogramAnswer[])[];
}

/** More than noise. */
const UNLIKELY = 0.05;
export const METHOD =
  'Exact permutation test over pieces of time: Mann–Whitney ranks of all durations, share beyond the common p99, ' +
  'share of errors; p corrected by Holm’s method';

/** Every operation of either side; those that differ first, then those with most operations. */
export function compareSides(a: Side, b: Side): Compared[] {
  const keys = new Set([...a.whole, ...b.whole].filter(({ count }) => count > 0).map(({ key }) => key));
  const dealt = [...keys].map((key) => ({ key, found: deal(piecesOf(a, key), piecesOf(b, key)) }));
  const tests = dealt.flatMap(({ key, found }) =>
    found ? testsOf(found).map((one) => ({ key, ...one })) : [],
  );
  const ps = holm(tests.map(({ p }) => p));
  const corrected = tests.map((test, i) => ({ ...test, p: ps[i] ?? 1, real: (ps[i] ?? 1) < UNLIKELY }));
  return dealt
    .map(({ key, found }): Compared => {
      const [first, second] = [wholeOf(a, key), wholeOf(b, key)];
      const findings: Finding[] = corrected
        .filter((test) => test.key === key)
        .map(({ key: _, ...finding }) => finding)
        .toSorted((x, y) => x.p - y.p);
      const verdict =
        first === null
          ? 'only-second'
          : second === null
            ? 'only-first'
            : found === null
              ? 'too-little'
              : findings.some(({ real }) => real)
                ? 'differs'
                : 'noise';
      const compared = { key, a: first, b: second, verdict, findings } as const;
      return { ...compared, text: differenceText(compared, NEUTRAL) };
    })
    .toSorted((x, y) => rank(x) - rank(y) || most(y) - most(x));
}

const rank = ({ verdict }: Compared) => (verdict === 'differs' ? 0 : 1);
const most = ({ a, b }: Compared) => Math.max(a?.count ?? 0, b?.count ?? 0);

function wholeOf({ whole }: Side, key: string): HistogramAnswer | null {
  return whole.find((one) => one.key === key && one.count > 0) ?? null;
}

function piecesOf({ pieces }: Side, key: string): Piece[] {
  return pieces.flatMap((piece) => piece.find((one) => one.key === key) ?? []);
}

function testsOf({ ranks, tail, errors }: Dealt): Omit<Finding, 'real'>[] {
  const tests: Omit<Finding, 'real'>[] = [
    { what: 'typical', first: way(ranks.slower, 0.5), a: ranks.slower, b: 1 - ranks.slower, p: ranks.p },
  ];
  if (tail) tests.push({ what: 'tail', first: way(tail.a, tail.b), ...tail });
  if (errors) tests.push({ what: 'errors', first: way(errors.a, errors.b), ...errors });
  return tests;
}

const way = (a: number, b: number) => (a >= b ? ('more' as const) : ('less' as const));
