// Filters as the page writes them, in the language of shared/filter.
import { quoteLiteral } from '../../shared/filter/print.ts';

/** `key:value` for exactly this value, whatever it holds. */
export function term(key: string, value: string | number): string {
  return `${key}:${quoteLiteral(String(value))}`;
}

/** A filter with one more term; the same filter where it has the term. */
export function withTerm(filter: string, added: string): string {
  const trimmed = filter.trim();
  if (trimmed === '') return added;
  return ` ${trimmed} `.includes(` ${added} `) ? trimmed : `${trimmed} ${added}`;
}
