// Faults in words: durations and delays as people type them, and what a rule does in a short sentence.
import type { Delay, FaultEffect, FaultMatch } from './fault.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  min: 60e3,
  h: 3.6e6,
};

/** Milliseconds of 50ms, 1.5s, 2m; null for anything else. */
export function parseMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zµ]+)$/.exec(text.trim());
  const factor = UNIT_MS[match?.[2] ?? ''];
  return match && factor !== undefined ? Number(match[1]) * factor : null;
}

/** A delay from 50ms · 10ms..80ms · 50ms+-10ms · 20ms/p99=2s; null for anything else. */
export function parseDelay(text: string): Delay | null {
  for (const [separator, build] of FORMS) {
    const parts = text.split(separator);
    if (parts.length !== 2) continue;
    const [first, second] = parts.map(parseMs);
    return first == null || second == null ? null : build(first, second);
  }
  const ms = parseMs(text);
  return ms === null ? null : { kind: 'fixed', ms };
}

const FORMS: readonly [separator: string | RegExp, build: (first: number, second: number) => Delay][] = [
  ['..', (minMs, maxMs) => ({ kind: 'uniform', minMs, maxMs })],
  [/\+-|±/, (meanMs, deviationMs) => ({ kind: 'normal', meanMs, deviationMs })],
  ['/p99=', (medianMs, p99Ms) => ({ kind: 'long-tail', medianMs, p99Ms })],
];

/** Which operations: "read, write of /a/** by rsync, each 3rd". */
export function describeMatch(match: FaultMatch): string {
  const { op, path, comm, pid, uid, size, offset } = match;
  const who = [
    comm === undefined ? '' : comm,
    pid === undefined ? '' : `process ${pid}`,
    uid === undefined ? '' : `user ${uid}`,
  ].filter((part) => part !== '');
  const head = [
    op ? op.join(', ') : 'all that it can be done to',
    path === undefined ? '' : `of ${path}`,
    who.length > 0 ? `by ${who.join(', ')}` : '',
  ];
  const tail = [rangeText('size', size), rangeText('at offset', offset), ...turnTexts(match)];
  return [head.filter((part) => part !== '').join(' '), ...tail.filter((part) => part !== '')].join(', ');
}

function turnTexts({ every, after, first, probability, fromMs, toMs }: FaultMatch): string[] {
  return [
    after ? `after the first ${formatCount(after).text}` : '',
    every === undefined || every === 1 ? '' : `each ${ordinal(every)}`,
    first === undefined ? '' : `${formatCount(first).text} times at most`,
    probability === undefined ? '' : `by chance, ${probability}`,
    fromMs === undefined ? '' : `from ${msText(fromMs)} on`,
    toMs === undefined ? '' : `until ${msText(toMs)}`,
  ];
}

/** What happens to them: "wait 50 ms, then fail with EIO". */
export function describeEffect(effect: FaultEffect): string {
  const { delay, hang, errno, partial, corrupt, space, stale, listing, disconnect, replay } = effect;
  const waits = [
    delay ? `wait ${delayText(delay)}` : '',
    hang ? `hang until released${hang.atOnce === undefined ? '' : `, ${hang.atOnce} at once`}` : '',
  ];
  const acts = [
    disconnect ? 'end the file system' : '',
    errno === undefined ? '' : `fail with ${errno}`,
    replay ? `last and fail as ${formatCount(samplesIn(replay.samples)).text} operations of a trace did` : '',
    partial?.maxBytes === undefined ? '' : `move ${formatBytes(partial.maxBytes).text} at most`,
    partial?.shortBy === undefined ? '' : `move ${formatBytes(partial.shortBy).text} fewer`,
    corrupt ? `change ${formatBytes(corrupt.bytes).text}` : '',
    space ? `fail with ENOSPC after ${formatBytes(space.bytes).text}` : '',
    stale ? `show attributes up to ${msText(stale.ms)} old` : '',
    listing ? `wait ${msText(listing.perEntryMs)} for each entry` : '',
  ];
  return [...waits, ...acts].filter((part) => part !== '').join(', then ');
}

function samplesIn(samples: Readonly<Record<string, { ns: readonly number[] }>>): number {
  return Object.values(samples).reduce((sum, { ns }) => sum + ns.length, 0);
}

function delayText(delay: Delay): string {
  switch (delay.kind) {
    case 'fixed':
      return msText(delay.ms);
    case 'uniform':
      return `${msText(delay.minMs)} to ${msText(delay.maxMs)}`;
    case 'normal':
      return `about ${msText(delay.meanMs)} (deviation ${msText(delay.deviationMs)})`;
    case 'long-tail':
      return `${msText(delay.medianMs)} and now and then more (99 % under ${msText(delay.p99Ms)})`;
  }
}

function msText(ms: number): string {
  return formatDuration(ms * 1e6).text;
}

function ordinal(n: number): string {
  const tens = n % 100;
  const ending = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${ending}`;
}

function rangeText(what: string, range: { min?: number; max?: number } | undefined): string {
  if (!range) return '';
  const { min, max } = range;
  if (min === undefined) return max === undefined ? '' : `${what} up to ${formatBytes(max).text}`;
  if (max === undefined) return `${what} from ${formatBytes(min).text}`;
  return `${what} ${formatBytes(min).text} to ${formatBytes(max).text}`;
}
