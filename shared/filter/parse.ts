// Parses the filter language (shared/filter/ast.ts). Errors say where they are and what to try.
import { ERRNO_NAMES, errnoNumber } from '../errno.ts';
import { isOpName, OPS } from '../ops.ts';
import { SOURCE_KINDS, SPAN_STATES } from '../span.ts';
import type { ExactKey, Filter, FilterError, GlobKey, Key, NumberKey, Term } from './ast.ts';
import { isKey, KEY_NAMES, KEYS } from './ast.ts';
import { MAX_PATTERN } from './glob.ts';
import { LexError, lex, type RawTerm, type Value } from './lexer.ts';
import { nearest } from './nearest.ts';
import { parseRange } from './values.ts';

export type ParseResult = { ok: true; filter: Filter } | { ok: false; error: FilterError };

const OP_NAMES = OPS.map((op) => op.name);

/** Never throws for a wrong text: the error has its position. */
export function parse(text: string): ParseResult {
  try {
    return { ok: true, filter: { terms: lex(text).map(readTerm) } };
  } catch (error) {
    if (error instanceof LexError) return { ok: false, error: error.error };
    throw error;
  }
}

function readTerm(raw: RawTerm): Term {
  const { at, length, negated, values } = raw;
  const place = { negated, at, length };
  if (raw.key === null) {
    const text = values[0]?.text ?? '';
    if (text === '') throw fail({ at, length }, 'There is nothing between these quotes.', null);
    return { kind: 'text', text, ...place };
  }
  const key = keyOf(raw.key);
  for (const value of values) {
    if (value.text !== '') continue;
    const end = { at: raw.key.at, length: value.at + value.length - raw.key.at };
    throw fail(end, `"${key}:" needs a value. Try ${KEYS[key].example}.`, KEYS[key].example);
  }
  const info = KEYS[key];
  switch (info.kind) {
    case 'op':
      return { kind: 'op', key: 'op', values: values.map(readOp), ...place };
    case 'errno':
      return { kind: 'errno', key: 'errno', values: values.map(readErrno), ...place };
    case 'source':
      return {
        kind: 'source',
        key: 'source',
        values: values.map((v) => oneOf(v, SOURCE_KINDS, 'source')),
        ...place,
      };
    case 'state':
      return {
        kind: 'state',
        key: 'state',
        values: values.map((v) => oneOf(v, SPAN_STATES, 'state')),
        ...place,
      };
    case 'glob':
      return { kind: 'glob', key: key as GlobKey, values: values.map(readGlob), ...place };
    case 'number':
      return {
        kind: 'number',
        key: key as NumberKey,
        values: values.map((v) => readRange(key as NumberKey, v)),
        ...place,
      };
    case 'exact':
      return { kind: 'exact', key: key as ExactKey, values: values.map((v) => v.text), ...place };
  }
}

function keyOf(key: { name: string; at: number }): Key {
  const name = key.name.toLowerCase();
  if (isKey(name)) return name;
  const near = nearest(name, KEY_NAMES);
  const message =
    near === null
      ? `There is no key "${key.name}". Keys are ${KEY_NAMES.join(', ')}; text with a colon stands in quotes.`
      : `There is no key "${key.name}". Try ${near}:, or put text with a colon in quotes.`;
  throw fail({ at: key.at, length: key.name.length + 1 }, message, near === null ? null : `${near}:`);
}

function readOp(value: Value): string {
  const name = value.text.toLowerCase();
  if (isOpName(name)) return name;
  return unknown(value, 'operation', OP_NAMES);
}

function readErrno(value: Value): number | 'any' | 'none' {
  const word = value.text.toLowerCase();
  if (word === 'any' || word === 'none') return word;
  if (/^\d{1,4}$/.test(word)) return Number(word);
  return errnoNumber(word) ?? unknown(value, 'errno', [...ERRNO_NAMES, 'any', 'none']);
}

function oneOf<T extends string>(value: Value, words: readonly T[], what: string): T {
  const word = value.text.toLowerCase();
  const found = words.find((one) => one === word);
  return found ?? unknown(value, what, words, `It is one of ${words.join(', ')}.`);
}

function readGlob(value: Value): string {
  if (value.pattern.length <= MAX_PATTERN) return value.pattern;
  throw fail(value, `This pattern is longer than ${MAX_PATTERN} characters.`, null);
}

function readRange(key: NumberKey, value: Value) {
  const result = parseRange(key, value.text);
  if (result.ok) return result.range;
  throw fail(value, result.message, result.hint);
}

function unknown(value: Value, what: string, words: readonly string[], otherwise = ''): never {
  const near = nearest(value.text, words);
  const message = `"${value.text}" is no ${what}. ${near === null ? otherwise : `Try ${near}.`}`.trimEnd();
  throw fail(value, message, near);
}

function fail(place: { at: number; length: number }, message: string, hint: string | null): LexError {
  return new LexError({ message, at: place.at, length: Math.max(1, place.length), hint });
}
