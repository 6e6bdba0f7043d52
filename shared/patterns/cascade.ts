// Which error came first: ranks patterns by how likely each is the first cause of how it ended, and puts what followed
// in order. Order is by line where stamps are too coarse to tell. What speaks for a cause: it names a failure of the
// system (a missing directory, no space, no permission) rather than a symptom (an I/O error, a time-out); it is
// frequent; and it goes on until the end, instead of having passed before.
import type { Pattern, RankedPattern } from './pattern.ts';

const END =
  /\btim(?:ed|e)[ -]?out\b|deadline exceeded|giving up|\bfail(?:ed|ure) to (?:mount|start|initiali[sz]e)|\bfatal\b|\bpanic\b|aborting/i;
/** Failures that name what is wrong; weights by how much they explain. */
const KINDS: readonly [pattern: RegExp, weight: number, reason: string][] = [
  [/no such file or directory|ENOENT|not a directory|ENOTDIR/i, 3, 'something is missing'],
  [
    /permission denied|EACCES|operation not permitted|EPERM|read-only file system|EROFS/i,
    3,
    'something is not allowed',
  ],
  [
    /no space left|ENOSPC|quota exceeded|EDQUOT|too many open files|EMFILE|ENFILE|cannot allocate memory|ENOMEM/i,
    3,
    'something has run out',
  ],
  [
    /connection refused|ECONNREFUSED|no route to host|EHOSTUNREACH|no such host|ENETUNREACH/i,
    3,
    'something cannot be reached',
  ],
  [/input\/output error|EIO\b|not connected|ENOTCONN|stale file handle|ESTALE|broken pipe|EPIPE/i, 1, ''],
  [END, 0.5, ''],
];
const OTHER_WEIGHT = 1;
/** Of the strongest pattern's score: from here one may be the cause. */
const STRONG_SHARE = 0.4;
const FREQUENT = 20;

/** Patterns with the likely first cause on top, then what followed in order, then what is likely of no account. */
export function rankPatterns(patterns: readonly Pattern[]): RankedPattern[] {
  const serious = patterns.filter((one) => !one.ordinary);
  const end = endOf(serious);
  const until = end ? end.firstOrder : Math.max(0, ...serious.map((one) => one.lastOrder));
  const candidates = serious.filter((one) => one === end || one.firstOrder <= until);
  const scores = new Map(candidates.map((one) => [one, scoreOf(one, until)]));
  const best = Math.max(0, ...scores.values());
  const strong = candidates.filter((one) => (scores.get(one) ?? 0) >= best * STRONG_SHARE);
  const first = strong.toSorted((a, b) => a.firstOrder - b.firstOrder)[0] ?? null;
  const cause = first === null ? null : (above(first, candidates) ?? first);
  const chain = candidates
    .filter((one) => cause !== null && one.firstOrder >= cause.firstOrder)
    .toSorted((a, b) => a.firstOrder - b.firstOrder);
  const apart = patterns.filter((one) => !chain.includes(one)).toSorted(moreOften);
  return [
    ...chain.map((one, i) =>
      ranked(one, chain[i + 1] ?? null, one === cause ? 'cause' : one === end ? 'end' : 'cascade', until),
    ),
    ...apart.map((one) => ranked(one, null, 'apart', until)),
  ];
}

/** How it ended: the last time-out or fatal error to appear; null where nothing says so. */
function endOf(patterns: readonly Pattern[]): Pattern | null {
  const ends = patterns.filter((one) => one.op === null && (one.level === 'fatal' || END.test(one.text)));
  return ends.toSorted((a, b) => b.firstOrder - a.firstOrder)[0] ?? null;
}

function scoreOf(one: Pattern, until: number): number {
  const stretch = Math.max(1, until - one.firstOrder);
  const lasting = Math.min(1, (Math.min(one.lastOrder, until) - one.firstOrder) / stretch);
  return kindOf(one).weight * Math.log10(1 + one.count) * (0.5 + lasting);
}

function kindOf(one: Pattern): { weight: number; reason: string } {
  const text = one.op === null ? one.text : (one.error ?? '');
  for (const [pattern, weight, reason] of KINDS) if (pattern.test(text)) return { weight, reason };
  return { weight: OTHER_WEIGHT, reason: '' };
}

/** An earlier failure on a directory above the one that this pattern names: seen once, it explains all the others. */
function above(one: Pattern, candidates: readonly Pattern[]): Pattern | null {
  const paths = pathsIn(one.example);
  return (
    candidates.find(
      (other) =>
        other.firstOrder < one.firstOrder &&
        kindOf(other).weight >= 3 &&
        pathsIn(other.example).some((dir) =>
          paths.some((path) => path === dir || path.startsWith(`${dir}/`)),
        ),
    ) ?? null
  );
}

function pathsIn(text: string): string[] {
  return [...text.matchAll(/[\w.~-]*(?:\/[\w.!~-]+)+/g)].map(([path]) => path);
}

function ranked(
  one: Pattern,
  next: Pattern | null,
  role: RankedPattern['role'],
  until: number,
): RankedPattern {
  const times = next !== null && next.firstUs !== null && one.firstUs !== null;
  const byLine = next !== null && one.op === null && next.op === null;
  return {
    ...one,
    role,
    lagUs: times ? (next.firstUs ?? 0) - (one.firstUs ?? 0) : null,
    lagLines: byLine ? next.firstOrder - one.firstOrder : null,
    reasons: role === 'cause' ? reasonsFor(one, until) : [],
  };
}

function reasonsFor(one: Pattern, until: number): string[] {
  const { reason } = kindOf(one);
  const lasting = (Math.min(one.lastOrder, until) - one.firstOrder) / Math.max(1, until - one.firstOrder);
  return [
    ...(reason === '' ? [] : [reason]),
    ...(one.count >= FREQUENT ? [`it came ${one.count} times`] : []),
    ...(lasting > 0.5 ? ['it went on until the end'] : []),
    'it is the first of what followed',
  ];
}

function moreOften(a: Pattern, b: Pattern): number {
  return Number(a.ordinary) - Number(b.ordinary) || b.count - a.count || a.firstOrder - b.firstOrder;
}
