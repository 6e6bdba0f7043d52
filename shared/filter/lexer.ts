// Splits a filter into terms and their values, with positions. Knows quotes, escapes and commas, not what keys mean.
import type { FilterError } from './ast.ts';

export interface Value {
  at: number;
  length: number;
  /** With quotes and escapes taken away. */
  text: string;
  /** The same as a glob: what was escaped is literal, `*` and `?` are not, also between quotes. */
  pattern: string;
}

export interface RawTerm {
  at: number;
  length: number;
  negated: boolean;
  /** As written; null for free text, which has one value. */
  key: { name: string; at: number } | null;
  values: Value[];
}

export class LexError extends Error {
  readonly error: FilterError;

  constructor(error: FilterError) {
    super(error.message);
    this.error = error;
  }
}

const SPACE = /\s/;
const KEY = /([A-Za-z]+):/y;

/** @throws LexError for a quote that is not closed, or an escape of nothing */
export function lex(text: string): RawTerm[] {
  const terms: RawTerm[] = [];
  let at = 0;
  while (at < text.length) {
    if (SPACE.test(text.charAt(at))) {
      at++;
      continue;
    }
    const term = readTerm(text, at);
    terms.push(term);
    at += term.length;
  }
  return terms;
}

function readTerm(text: string, start: number): RawTerm {
  let at = start;
  const next = text.charAt(start + 1);
  const negated = text.charAt(start) === '-' && next !== '' && !SPACE.test(next);
  if (negated) at++;
  KEY.lastIndex = at;
  const match = KEY.exec(text);
  const key = match ? { name: match[1] ?? '', at } : null;
  if (match) at += match[0].length;
  const values: Value[] = [];
  for (;;) {
    const value = readValue(text, at, key !== null);
    values.push(value);
    at += value.length;
    if (key === null || text.charAt(at) !== ',') break;
    at++;
  }
  return { at: start, length: at - start, negated, key, values };
}

function readValue(text: string, start: number, inList: boolean): Value {
  let plain = '';
  let pattern = '';
  let at = start;
  let quote = -1;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\\') {
      const escaped = text.charAt(at + 1);
      if (escaped === '')
        throw cutOff('A \\ at the end escapes nothing. Write \\\\ for the character itself.', at, '\\\\');
      plain += escaped;
      pattern += escaped === '*' || escaped === '?' || escaped === '\\' ? `\\${escaped}` : escaped;
      at += 2;
      continue;
    }
    if (char === '"') quote = quote < 0 ? at : -1;
    else if (quote < 0 && (SPACE.test(char) || (inList && char === ','))) break;
    else {
      plain += char;
      pattern += char;
    }
    at++;
  }
  if (quote >= 0) throw cutOff('This quote is not closed. Add " at the end.', quote, `${text.slice(quote)}"`);
  return { at: start, length: at - start, text: plain, pattern };

  function cutOff(message: string, from: number, hint: string): LexError {
    return new LexError({ message, at: from, length: text.length - from, hint });
  }
}
