// A difference between two stretches in words. Pure.
import { formatCount, formatDuration, formatPercent, formatRatio } from '../units.ts';
import type { Compared, Finding } from './answer.ts';

/** What the two are called within a sentence. */
export interface SideNames {
  a: string;
  b: string;
}
export const NEUTRAL: SideNames = { a: 'the first', b: 'the second' };

type Facts = Pick<Compared, 'key' | 'a' | 'b' | 'verdict' | 'findings'>;

/** One or two sentences: what differs, by how much, and that it is more than noise; or that nothing does. */
export function differenceText(compared: Facts, names: SideNames): string {
  const { key, verdict, findings } = compared;
  if (verdict === 'only-first') return `${key}: only in ${names.a}, ${timesOf(compared.a?.count)}.`;
  if (verdict === 'only-second') return `${key}: only in ${names.b}, ${timesOf(compared.b?.count)}.`;
  if (verdict === 'too-little') return `${key}: too little time on one side to tell a difference from noise.`;
  if (verdict === 'noise') return `${key}: no difference beyond noise${chance(smallest(findings))}.`;
  const real = findings.filter((finding) => finding.real);
  const parts = real.map((finding) => PARTS[finding.what](compared, finding, names));
  return `${key}: ${parts.join('; ')}. More than noise${chance(smallest(real))}.`;
}

const PARTS: Readonly<Record<Finding['what'], (of: Facts, finding: Finding, names: SideNames) => string>> = {
  typical: ({ a, b }, { first, a: slower }, names) => {
    const [how, took, share] =
      first === 'more' ? ['slower', 'longer', slower] : ['faster', 'less', 1 - slower];
    return `${how} than ${names.b}, p50 ${against(a?.p50Ns, b?.p50Ns)} (it took ${took} in ${formatPercent(share).text} of pairs)`;
  },
  tail: ({ a, b }, { first }) =>
    `the tail is ${first === 'more' ? 'longer' : 'shorter'}, p99 ${against(a?.p99Ns, b?.p99Ns)}`,
  errors: (_, { first, a, b }) =>
    `${first === 'more' ? 'more' : 'fewer'} errors, ${formatPercent(a).text} against ${formatPercent(b).text}`,
};

/** 2.31 ms against 980 µs, 2.4 times. */
function against(a: number | null | undefined, b: number | null | undefined): string {
  if (a == null || b == null) return 'not known';
  const both = `${formatDuration(a).text} against ${formatDuration(b).text}`;
  if (a === 0 || b === 0) return both;
  const ratio = Math.max(a, b) / Math.min(a, b);
  if (ratio < 1.05) return `${both}, much the same`;
  return `${both}, ${formatRatio(ratio).text} ${a > b ? 'as long' : 'shorter'}`;
}

const timesOf = (count = 0) => (count === 1 ? 'once' : `${formatCount(count).text} times`);
const smallest = (findings: readonly Finding[]) => Math.min(1, ...findings.map(({ p }) => p));

/** (p = 0.012), (p < 0.001). */
function chance(p: number): string {
  if (p < 0.001) return ' (p < 0.001)';
  return ` (p = ${p < 0.1 ? p.toPrecision(2) : p.toFixed(2)})`;
}
