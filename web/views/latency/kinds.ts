// What the histograms are told apart by: in the URL, in words, in colour. Pure.
import type { HistogramAnswer, HistogramsBy } from '../../../shared/api.ts';
import { opClass } from '../../../shared/ops.ts';
import { visible } from '../../ui/visible.ts';

interface Kind {
  by: Exclude<HistogramsBy, 'none'>;
  /** On the switch, and above the column. */
  name: string;
  /** What operations are called that have none. */
  none: string;
  isPath?: boolean;
}

export type { Kind as HistogramKind };

const FIRST: Kind = { by: 'op', name: 'Operation', none: '' };
export const HISTOGRAM_KINDS: readonly Kind[] = [
  FIRST,
  { by: 'mount', name: 'Mount', none: '', isPath: true },
  { by: 'comm', name: 'Caller', none: 'no caller known' },
  { by: 'path', name: 'Path', none: 'no path known', isPath: true },
  { by: 'size', name: 'Size', none: 'no size' },
  { by: 'errno', name: 'Result', none: 'no result yet' },
];

/** The kind that a URL names; operations where it names none. */
export const kindOf = (text: string | null): Kind => HISTOGRAM_KINDS.find(({ by }) => by === text) ?? FIRST;

/** How it stands in the URL. */
export const writeKind = ({ by }: Kind): string | null => (by === FIRST.by ? null : by);

export const nameOf = (kind: Kind, key: string): string => (key === '' ? kind.none : visible(key));

/** Class colours belong to operations; what holds several is grey. */
export const barToken = (kind: Kind, key: string): string =>
  kind.by === 'op' ? `op-${opClass(key)}` : 'ink-3';

/** A tenth of the time at most goes into answers that have to look at each operation. */
export const restfulMs = (leastMs: number, tookMs: number): number => Math.max(leastMs, 9 * tookMs);

/**
 * The same histograms in the order in which they were first seen, and new ones after them: nothing moves while it is
 * read. @param places of keys, kept by who calls; filled here
 */
export function inPlace(items: readonly HistogramAnswer[], places: Map<string, number>): HistogramAnswer[] {
  for (const { key } of items) if (!places.has(key)) places.set(key, places.size);
  return items.toSorted((a, b) => (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0));
}
