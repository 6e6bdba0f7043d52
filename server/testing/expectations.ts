// What a test may expect of the operations it caused. Pure but for the baseline's file; each check answers with null, or
// with what is wrong in words.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { opFamily } from '../../shared/ops.ts';
import type { Span } from '../../shared/span.ts';
import { formatDuration } from '../../shared/units.ts';

export interface LatencyBudget {
  /** Only these; default all. */
  op?: string;
  p50Ms?: number;
  p99Ms?: number;
  maxMs?: number;
}

export interface ExpectedOperation {
  op: string;
  path?: string;
  /** Name of an errno, or null for success. */
  error?: string | null;
}
/** In order, or how many. */
export type Expected = readonly (string | ExpectedOperation)[] | Readonly<Record<string, number>>;

export interface BaselineOptions {
  /** What is counted apart: operations, or operations by path. Default op. */
  by?: 'op' | 'path';
  /** Writes the baseline instead; default: FUSESCOPE_UPDATE=1 in the environment. */
  update?: boolean;
}

export interface Baseline {
  version: 1;
  by: 'op' | 'path';
  counts: Record<string, number>;
}

/** Percentiles are exact: of n durations the one that a share of them does not exceed. */
export function checkLatency(
  operations: readonly Span[],
  open: readonly { span: Span; ageMs: number }[],
  budget: LatencyBudget,
): string | null {
  const wanted = budget.op === undefined ? null : new Set(opFamily(budget.op));
  const is = (span: Span) => wanted === null || wanted.has(span.op);
  const durationsNs = [
    ...operations.filter((span) => span.durationNs !== null && is(span)).map((span) => span.durationNs ?? 0),
    ...open.filter(({ span }) => is(span)).map(({ ageMs }) => ageMs * 1e6),
  ].sort((a, b) => a - b);
  const what = budget.op ?? 'operation';
  if (durationsNs.length === 0) return `expected latencies of ${what}, and there was none`;
  const at = (share: number) =>
    durationsNs[Math.min(durationsNs.length - 1, Math.ceil(share * durationsNs.length) - 1)] ?? 0;
  const limits: [name: string, limitMs: number | undefined, ns: number][] = [
    ['p50', budget.p50Ms, at(0.5)],
    ['p99', budget.p99Ms, at(0.99)],
    ['max', budget.maxMs, at(1)],
  ];
  const over = limits.filter(([, limitMs, ns]) => limitMs !== undefined && ns > limitMs * 1e6);
  if (over.length === 0) return null;
  const words = over.map(
    ([name, limitMs, ns]) => `${name} ${formatDuration(ns).text} instead of ${limitMs} ms at most`,
  );
  return `expected ${what} to be faster: ${words.join(', ')} (of ${durationsNs.length})`;
}

/** See Capture.expectOperations. */
export function checkOperations(operations: readonly Span[], expected: Expected): string | null {
  return isSequence(expected) ? checkSequence(operations, expected) : checkCounts(operations, expected);
}

function isSequence(expected: Expected): expected is readonly (string | ExpectedOperation)[] {
  return Array.isArray(expected);
}

function checkSequence(
  operations: readonly Span[],
  expected: readonly (string | ExpectedOperation)[],
): string | null {
  let at = 0;
  for (const [i, one] of expected.entries()) {
    const wanted: ExpectedOperation = typeof one === 'string' ? { op: one } : one;
    const found = operations.findIndex((span, j) => j >= at && isExpected(span, wanted));
    if (found < 0) {
      const after = i === 0 ? '' : ` after ${nameOf(expected[i - 1])}`;
      return `expected ${nameOf(one)}${after}, and it was not done (${i} of ${expected.length} were, in this order)`;
    }
    at = found + 1;
  }
  return null;
}

function isExpected(span: Span, { op, path, error }: ExpectedOperation): boolean {
  if (!opFamily(op).includes(span.op)) return false;
  if (path !== undefined && span.path !== path) return false;
  return error === undefined || span.error === error;
}

function nameOf(one: string | ExpectedOperation | undefined): string {
  if (one === undefined || typeof one === 'string') return one ?? '';
  return [one.op, one.path, one.error].filter(Boolean).join(' ');
}

function checkCounts(operations: readonly Span[], expected: Readonly<Record<string, number>>): string | null {
  const wrong: string[] = [];
  for (const [op, count] of Object.entries(expected)) {
    const family = opFamily(op);
    const done = operations.filter((span) => family.includes(span.op)).length;
    if (done !== count) wrong.push(`${op} ${done} times instead of ${count}`);
  }
  return wrong.length === 0 ? null : `expected other operations: ${wrong.join(', ')}`;
}

/** How often each operation, or each operation on each path, was done. */
function countOperations(operations: readonly Span[], by: 'op' | 'path'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op, path } of operations) {
    const key = by === 'op' ? op : `${op} ${path ?? '–'}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** See Capture.expectBaseline. A baseline that is not there yet is written. @throws where the file is none. */
export function checkBaseline(
  operations: readonly Span[],
  file: string,
  { by, update = process.env.FUSESCOPE_UPDATE === '1' }: BaselineOptions,
): string | null {
  if (update || !existsSync(file)) {
    const baseline: Baseline = {
      version: 1,
      by: by ?? 'op',
      counts: countOperations(operations, by ?? 'op'),
    };
    writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
    return null;
  }
  const baseline = readBaseline(file);
  return compareCounts(countOperations(operations, baseline.by), baseline.counts, file);
}

/** What differs, in words; null where nothing does. */
export function compareCounts(
  now: Readonly<Record<string, number>>,
  then: Readonly<Record<string, number>>,
  file: string,
): string | null {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(then)])].sort();
  const changed = keys
    .filter((key) => (now[key] ?? 0) !== (then[key] ?? 0))
    .map((key) => `  ${key}: ${now[key] ?? 0} instead of ${then[key] ?? 0}`);
  if (changed.length === 0) return null;
  return `operations differ from the baseline ${file} (FUSESCOPE_UPDATE=1 accepts them):\n${changed.join('\n')}`;
}

/** @throws where the file is no baseline. */
export function readBaseline(file: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(
      `${file} is no baseline (${(error as Error).message}). Remove it to have it written anew`,
    );
  }
  const { version, by, counts } = (value ?? {}) as Partial<Baseline>;
  if (version !== 1 || (by !== 'op' && by !== 'path') || typeof counts !== 'object')
    throw new Error(
      `${file} is no baseline (version, by or counts is wrong). Remove it to have it written anew`,
    );
  return { version, by, counts };
}
