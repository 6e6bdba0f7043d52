// Filters of requests: the parser's error, with its position, as an error of the interface.
import { parse } from '../shared/filter/parse.ts';
import { CodedError } from './errors.ts';

/** @throws CodedError FUSESCOPE_FILTER */
export function parseFilter(text: string) {
  const result = parse(text);
  if (result.ok) return result.filter;
  const { message, at } = result.error;
  throw new CodedError('FUSESCOPE_FILTER', `filter, at ${at + 1}: ${message}`);
}
