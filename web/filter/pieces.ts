// A filter's text cut into pieces for colouring: keys, negations, what is wrong. Pure.

import type { FilterError } from '../../shared/filter/ast.ts';
import { type ParseResult, parse } from '../../shared/filter/parse.ts';

export interface Piece {
  text: string;
  kind: 'space' | 'term' | 'negated' | 'wrong';
  /** Characters at the begin that are key and `-`. */
  keyLength: number;
}

/** The pieces of `text` in order; together they are the text. */
export function filterPieces(text: string, result: ParseResult): Piece[] {
  if (!result.ok) return piecesAround(text, result.error);
  const pieces: Piece[] = [];
  let at = 0;
  for (const term of result.filter.terms) {
    if (term.at > at) pieces.push(space(text.slice(at, term.at)));
    const piece = text.slice(term.at, term.at + term.length);
    const keyLength = term.kind === 'text' ? (term.negated ? 1 : 0) : piece.indexOf(':') + 1;
    pieces.push({ text: piece, kind: term.negated ? 'negated' : 'term', keyLength });
    at = term.at + term.length;
  }
  if (at < text.length) pieces.push(space(text.slice(at)));
  return pieces;
}

function piecesAround(text: string, error: FilterError): Piece[] {
  const end = Math.min(text.length, error.at + Math.max(1, error.length));
  const before = text.slice(0, error.at);
  const after = text.slice(end);
  return [
    ...(before === '' ? [] : [space(before)]),
    { text: text.slice(error.at, end), kind: 'wrong' as const, keyLength: 0 },
    ...(after === '' ? [] : [space(after)]),
  ];
}

const space = (text: string): Piece => ({ text, kind: 'space', keyLength: 0 });

/** Parses once for both the pieces and the message. */
export const readFilter = (text: string): ParseResult => parse(text);
