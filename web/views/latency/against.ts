// What a stretch is compared with: the time before, another stretch, another mount, another recording. How it stands
// in the URL, what is asked of the server for it, and what the two are called. Pure.
import { parse } from '../../../shared/filter/parse.ts';
import type { TimeRange } from '../../api/queries.ts';
import { clockText } from '../../ui/time.ts';
import { term, withTerm } from '../../url/terms.ts';

export type Against =
  | { kind: 'before' }
  | { kind: 'range'; fromUs: number; toUs: number }
  | { kind: 'mount'; mount: string }
  | { kind: 'recording'; id: number };

/** `before`, `range:FROM TO`, `mount:PATH`, `recording:ID`; null where it is none of them. */
export function readAgainst(text: string | null): Against | null {
  const [, kind, rest = ''] = /^(before|range|mount|recording)(?::(.*))?$/s.exec(text ?? '') ?? [];
  if (kind === 'before') return { kind };
  if (kind === 'mount' && rest !== '') return { kind, mount: rest };
  if (kind === 'recording' && /^[1-9]\d{0,14}$/.test(rest)) return { kind, id: Number(rest) };
  const [fromUs = Number.NaN, toUs = Number.NaN] = rest.split(' ').map((one) => Date.parse(one) * 1e3);
  return kind === 'range' && fromUs < toUs ? { kind, fromUs, toUs } : null;
}

export function writeAgainst(against: Against): string {
  switch (against.kind) {
    case 'before':
      return 'before';
    case 'mount':
      return `mount:${against.mount}`;
    case 'recording':
      return `recording:${against.id}`;
    case 'range':
      return `range:${[against.fromUs, against.toUs].map((us) => new Date(Math.round(us / 1e3)).toISOString()).join(' ')}`;
  }
}

/** What the view shows. `recording` is that of the page, or null for the live trace. */
export interface Shown {
  filter: string;
  range: TimeRange;
  recording: number | null;
}

/** Both sides as they are asked for. */
export interface Pair {
  a: Shown;
  b: Shown;
}

/** @returns null where the time before is meant of all time */
export function pairOf(shown: Shown, against: Against): Pair | null {
  const { filter, range } = shown;
  if (against.kind === 'recording') {
    return { a: shown, b: { filter, recording: against.id, range: { fromUs: null, toUs: null } } };
  }
  if (against.kind === 'mount') {
    const own = mountsOf(filter);
    const other = term('mount', against.mount);
    // Of all mounts it would be compared with a whole that it is a part of.
    const a = own.length > 0 ? filter : withTerm(filter, `-${other}`);
    const rest = own.reduce((text, one) => text.replace(one, ''), filter).trim();
    return { a: { ...shown, filter: a }, b: { ...shown, filter: withTerm(rest, other) } };
  }
  if (against.kind === 'range')
    return { a: shown, b: { ...shown, range: { fromUs: against.fromUs, toUs: against.toUs } } };
  if (range.fromUs === null || range.toUs === null) return null;
  const length = range.toUs - range.fromUs;
  return { a: shown, b: { ...shown, range: { fromUs: range.fromUs - length, toUs: range.fromUs } } };
}

/** Terms of a filter that name the mounts it leaves, as they are written in it. */
function mountsOf(filter: string): string[] {
  const parsed = parse(filter);
  if (!parsed.ok) return [];
  const named = parsed.filter.terms.some((one) => one.kind === 'glob' && one.key === 'mount' && !one.negated);
  return named ? (filter.match(/(?<=^|\s)mount:(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g) ?? []) : [];
}

/** What the other side is called in a sentence. */
export function againstName(against: Against, recordings: ReadonlyMap<number, string>): string {
  switch (against.kind) {
    case 'before':
      return 'the same time before';
    case 'range':
      return `${clockText(against.fromUs)} – ${clockText(against.toUs)}`;
    case 'mount':
      return against.mount;
    case 'recording':
      return `the recording ${recordings.get(against.id) ?? against.id}`;
  }
}
