// A filter as text in its normal form: parse(print(filter)) is the same filter.
import { errnoName } from '../errno.ts';
import type { Filter, Term } from './ast.ts';
import { printRange } from './values.ts';

/** The normal form: what `parse` takes for the same filter. */
export function print(filter: Filter): string {
  return filter.terms.map(printTerm).join(' ');
}

function printTerm(term: Term): string {
  const sign = term.negated ? '-' : '';
  if (term.kind === 'text') return sign + quoteText(term.text);
  return `${sign}${term.key}:${printValues(term).join(',')}`;
}

function printValues(term: Exclude<Term, { kind: 'text' }>): string[] {
  switch (term.kind) {
    case 'errno':
      return term.values.map((value) => (typeof value === 'number' ? (errnoName(value) ?? '0') : value));
    case 'glob':
      return term.values.map(quotePattern);
    case 'number':
      return term.values.map((range) => printRange(term.key, range));
    case 'exact':
      return term.values.map(quoteValue);
    case 'op':
    case 'source':
    case 'state':
      return [...term.values];
  }
}

/** A literal text as a value of path, comm or mount: nothing in it acts as a wildcard. */
export function quoteLiteral(text: string): string {
  return quotePattern(text.replace(/[\\*?]/g, '\\$&'));
}

/** Free text, with quotes where it needs them. */
function quoteText(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&');
  return /\s|^-|^[A-Za-z]+:|^$/.test(text) ? `"${escaped}"` : escaped;
}

function quoteValue(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&');
  return /[\s,]/.test(text) ? `"${escaped}"` : escaped;
}

function quotePattern(pattern: string): string {
  const escaped = pattern.replace(/"/g, '\\"');
  return /[\s,]/.test(pattern) ? `"${escaped}"` : escaped;
}
