// A filter as a function of a span: closures built once, each for what its term really needs.
import { opFamily } from '../ops.ts';
import type { Span } from '../span.ts';
import type { ExactKey, Filter, GlobKey, NumberKey, NumberRange, Term } from './ast.ts';
import { compileGlob, type GlobMode, type Matcher } from './glob.ts';

/** `nowUs` (default: the clock) is needed for the age of open spans only. */
export type SpanTest = (span: Span, nowUs?: number) => boolean;

const GLOB_MODES: Readonly<Record<GlobKey, GlobMode>> = { path: 'anywhere', comm: 'flat', mount: 'whole' };

/** True where every term fits; without terms, for every span. */
export function compileFilter(filter: Filter): SpanTest {
  const [a, b, c, ...rest] = filter.terms.map(compileTerm);
  if (!a) return () => true;
  if (!b) return a;
  if (!c) return (span, nowUs) => a(span, nowUs) && b(span, nowUs);
  const all = [a, b, c, ...rest];
  return (span, nowUs) => {
    for (const test of all) if (!test(span, nowUs)) return false;
    return true;
  };
}

/** One term, with its negation. */
function compileTerm(term: Term): SpanTest {
  const test = positive(term);
  return term.negated ? (span, nowUs) => !test(span, nowUs) : test;
}

/** The strings that a glob term lets through. */
export function compilePatterns(key: GlobKey, patterns: readonly string[]): Matcher {
  const matchers = patterns.map((pattern) => compileGlob(pattern, GLOB_MODES[key]));
  const [only] = matchers;
  if (only && matchers.length === 1) return only;
  return (text) => matchers.some((matches) => matches(text));
}

/** The strings that hold a text in any case of letters. */
export function compileText(text: string): Matcher {
  const wanted = text.toLowerCase();
  return (within) => within.toLowerCase().includes(wanted);
}

/** The errnos that a term lets through; null (open) never passes. */
function compileErrnos(values: readonly (number | 'any' | 'none')[]): (errno: number | null) => boolean {
  const any = values.includes('any');
  const wanted = new Set(values.filter((value) => typeof value === 'number'));
  if (values.includes('none')) wanted.add(0);
  return (errno) => errno !== null && ((any && errno !== 0) || wanted.has(errno));
}

/** The operations that a term stands for, families spelled out. */
export function opsOf(values: readonly string[]): Set<string> {
  return new Set(values.flatMap(opFamily));
}

function positive(term: Term): SpanTest {
  switch (term.kind) {
    case 'text':
      return textTest(compileText(term.text));
    case 'op': {
      const ops = opsOf(term.values);
      const [only] = ops;
      return ops.size === 1 ? (span) => span.op === only : (span) => ops.has(span.op);
    }
    case 'errno': {
      const passes = compileErrnos(term.values);
      return (span) => passes(span.errno);
    }
    case 'source':
      return (span) => term.values.includes(span.source);
    case 'state':
      return (span) => term.values.includes(span.state);
    case 'glob':
      return globTest(term.key, compilePatterns(term.key, term.values));
    case 'number':
      return numberTest(term.key, term.values);
    case 'exact':
      return exactTest(term.key, new Set(term.values));
  }
}

function textTest(holds: Matcher): SpanTest {
  return (span) =>
    (span.path !== null && holds(span.path)) ||
    (span.newPath !== null && holds(span.newPath)) ||
    (span.comm !== null && holds(span.comm)) ||
    holds(span.op) ||
    (span.error !== null && holds(span.error));
}

function globTest(key: GlobKey, matches: Matcher): SpanTest {
  if (key === 'mount') return (span) => matches(span.mount);
  if (key === 'comm') return (span) => span.comm !== null && matches(span.comm);
  return (span) =>
    (span.path !== null && matches(span.path)) || (span.newPath !== null && matches(span.newPath));
}

function numberTest(key: NumberKey, ranges: readonly NumberRange[]): SpanTest {
  if (key === 'dur') return durationTest(ranges);
  const field = key === 'queue' ? 'queueNs' : key;
  return (span) => {
    const value = span[field];
    return value !== null && inRanges(ranges, Number(value));
  };
}

function durationTest(ranges: readonly NumberRange[]): SpanTest {
  const unbounded = ranges.filter((range) => range.max === Number.POSITIVE_INFINITY);
  return (span, nowUs) => {
    if (span.durationNs !== null) return inRanges(ranges, span.durationNs);
    if (span.state !== 'open' || unbounded.length === 0) return false;
    return inRanges(unbounded, ((nowUs ?? Date.now() * 1_000) - span.startUs) * 1_000);
  };
}

function exactTest(key: ExactKey, values: ReadonlySet<string>): SpanTest {
  return (span) => {
    const value = span[key];
    return value !== null && values.has(String(value));
  };
}

function inRanges(ranges: readonly NumberRange[], value: number): boolean {
  for (const range of ranges) {
    const above = range.minIncluded ? value >= range.min : value > range.min;
    if (above && (range.maxIncluded ? value <= range.max : value < range.max)) return true;
  }
  return false;
}
