// Highlight rules: filters that colour rows without hiding any. Pure.
import { compileFilter } from '../../../shared/filter/compile.ts';
import { parse } from '../../../shared/filter/parse.ts';
import type { Span } from '../../../shared/span.ts';

/** Number of the first rule that a span falls under; null: none. */
export type Marker = (span: Span) => number | null;

const NOTHING: Marker = () => null;

/** @param marks filters; one that cannot be read marks nothing */
export function markerOf(marks: readonly string[]): Marker {
  const rules = marks.map((text) => {
    const result = parse(text);
    return result.ok && result.filter.terms.length > 0 ? compileFilter(result.filter) : () => false;
  });
  if (rules.length === 0) return NOTHING;
  return (span) => {
    const at = rules.findIndex((matches) => matches(span));
    return at < 0 ? null : at;
  };
}

/** With one more rule; the same rules where it is there, or there is no colour left. */
export function withMark(marks: readonly string[], filter: string, most: number): readonly string[] {
  return filter.trim() === '' || marks.includes(filter) || marks.length >= most ? marks : [...marks, filter];
}
