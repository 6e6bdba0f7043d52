// Whether two ranges differ in an operation by more than noise: an exact permutation test over pieces of time. Pure.
//
// Operations of one moment are alike (one slow disk slows them all), so counting each as a witness of its own would
// call everything a difference. Witnesses are pieces of time instead: both ranges are cut into a few, and the pieces
// are dealt out anew in every possible way; p is the share of deals that differ at least as much as the real one.
// What is compared: ranks of all durations (Mann-Whitney's U, ties at their middle), how many lie beyond the p99 of
// both together, and how many failed.

/** What a piece of time holds of one operation. Buckets as HistogramAnswer has them: from ns, to ns, count. */
export interface Piece {
  buckets: readonly (readonly [fromNs: number, toNs: number, count: number])[];
  errors: number;
}

/** A share in the first range and in the second, and how likely so large a difference is by chance. */
export interface Shares {
  a: number;
  b: number;
  p: number;
}

export interface Dealt {
  /** Share of pairs, one operation of each range, in which the first's took longer; ties count half. p by chance. */
  ranks: { slower: number; p: number };
  /** Beyond the p99 of both together; null with fewer than five there. */
  tail: Shares | null;
  /** Failed; null where none did. */
  errors: Shares | null;
}

/** Pieces at most on each side: 12,870 deals, all of which are looked at. */
export const MOST_PIECES = 8;
/** Fewer deals cannot call anything unlikely. */
const FEWEST_DEALS = 40;
const FEWEST_BEYOND = 5;
/** Differences that floating point makes of equal ones. */
const HAIR = 1e-9;

/** Sums of one piece, or of those dealt to one side. */
interface Sums {
  count: number;
  ranks: number;
  beyond: number;
  errors: number;
}

/**
 * Compares one operation's pieces. Empty ones are no witnesses.
 * @returns null where there are too few for any difference to stand out
 * @throws RangeError with more than MOST_PIECES on a side
 */
export function deal(first: readonly Piece[], second: readonly Piece[]): Dealt | null {
  const [ours, theirs] = [first, second].map((side) => side.filter((piece) => countOf(piece) > 0)) as [
    Piece[],
    Piece[],
  ];
  if (ours.length > MOST_PIECES || theirs.length > MOST_PIECES)
    throw new RangeError(`more than ${MOST_PIECES} pieces`);
  if (waysToChoose(ours.length, ours.length + theirs.length) < FEWEST_DEALS) return null;
  const scale = rankScale([...ours, ...theirs]);
  const sums = [...ours, ...theirs].map((piece) => sumsOf(piece, scale));
  const all = added(sums);
  const real = added(sums.slice(0, ours.length));
  const seen = [differenceInRanks, differenceIn('beyond'), differenceIn('errors')] as const;
  const bars = seen.map((difference) => difference(real, all) - HAIR);
  const reached = seen.map(() => 0);
  let deals = 0;
  for (const side of sides(sums, ours.length)) {
    deals++;
    for (const [i, difference] of seen.entries()) {
      if (difference(side, all) >= (bars[i] ?? 0)) reached[i] = (reached[i] ?? 0) + 1;
    }
  }
  const [ranksP = 1, tailP = 1, errorsP = 1] = reached.map((count) => count / deals);
  return {
    ranks: { slower: slowerShare(real, all), p: ranksP },
    tail: all.beyond < FEWEST_BEYOND ? null : { ...sharesOf('beyond', real, all), p: tailP },
    errors: all.errors === 0 ? null : { ...sharesOf('errors', real, all), p: errorsP },
  };
}

/**
 * Holm's correction: what each p is worth where so many were asked for at once.
 * @returns in the order given
 */
export function holm(ps: readonly number[]): number[] {
  const corrected = new Array<number>(ps.length).fill(1);
  let worst = 0;
  for (const [rank, i] of ps
    .map((_, at) => at)
    .toSorted((x, y) => (ps[x] ?? 1) - (ps[y] ?? 1))
    .entries()) {
    worst = Math.max(worst, Math.min(1, (ps[i] ?? 1) * (ps.length - rank)));
    corrected[i] = worst;
  }
  return corrected;
}

const countOf = ({ buckets }: Piece) => buckets.reduce((sum, [, , count]) => sum + count, 0);

interface Scale {
  /** Middle rank of a bucket, by its lower edge. */
  rank: ReadonlyMap<number, number>;
  /** Buckets from here on lie beyond the p99. */
  beyondNs: number;
}

function rankScale(pieces: readonly Piece[]): Scale {
  const counts = new Map<number, number>();
  for (const { buckets } of pieces)
    for (const [fromNs, , count] of buckets) counts.set(fromNs, (counts.get(fromNs) ?? 0) + count);
  const ordered = [...counts].toSorted(([x], [y]) => x - y);
  const total = ordered.reduce((sum, [, count]) => sum + count, 0);
  const rank = new Map<number, number>();
  let before = 0;
  let beyondNs = Number.POSITIVE_INFINITY;
  for (const [fromNs, count] of ordered) {
    rank.set(fromNs, before + (count + 1) / 2);
    if (before >= 0.99 * total && beyondNs === Number.POSITIVE_INFINITY) beyondNs = fromNs;
    before += count;
  }
  return { rank, beyondNs };
}

function sumsOf({ buckets, errors }: Piece, { rank, beyondNs }: Scale): Sums {
  const sums: Sums = { count: 0, ranks: 0, beyond: 0, errors };
  for (const [fromNs, , count] of buckets) {
    sums.count += count;
    sums.ranks += count * (rank.get(fromNs) ?? 0);
    if (fromNs >= beyondNs) sums.beyond += count;
  }
  return sums;
}

function added(sums: readonly Sums[]): Sums {
  const all: Sums = { count: 0, ranks: 0, beyond: 0, errors: 0 };
  for (const one of sums) {
    all.count += one.count;
    all.ranks += one.ranks;
    all.beyond += one.beyond;
    all.errors += one.errors;
  }
  return all;
}

/** U over the number of pairs; see the head of this file. */
function slowerShare(side: Sums, all: Sums): number {
  const other = all.count - side.count;
  return (side.ranks - (side.count * (side.count + 1)) / 2) / (side.count * other);
}

const differenceInRanks = (side: Sums, all: Sums) => Math.abs(slowerShare(side, all) - 0.5);

function differenceIn(what: 'beyond' | 'errors') {
  return (side: Sums, all: Sums) => {
    const { a, b } = sharesOf(what, side, all);
    return Math.abs(a - b);
  };
}

function sharesOf(what: 'beyond' | 'errors', side: Sums, all: Sums): { a: number; b: number } {
  return { a: side[what] / side.count, b: (all[what] - side[what]) / (all.count - side.count) };
}

/** Sums of every choice of `size` pieces. */
function* sides(sums: readonly Sums[], size: number, from = 0): Generator<Sums> {
  if (size === 0) {
    yield { count: 0, ranks: 0, beyond: 0, errors: 0 };
    return;
  }
  for (let at = from; at <= sums.length - size; at++) {
    const own = sums[at] as Sums;
    for (const rest of sides(sums, size - 1, at + 1)) {
      rest.count += own.count;
      rest.ranks += own.ranks;
      rest.beyond += own.beyond;
      rest.errors += own.errors;
      yield rest;
    }
  }
}

function waysToChoose(size: number, of: number): number {
  let ways = 1;
  for (let i = 1; i <= Math.min(size, of - size); i++) ways = (ways * (of - i + 1)) / i;
  return size === 0 || size === of ? 1 : ways;
}
