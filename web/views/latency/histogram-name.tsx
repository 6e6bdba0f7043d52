// What a histogram is of, and that there are more than are shown.
import type { HistogramAnswer } from '../../../shared/api.ts';
import { formatCount } from '../../../shared/units.ts';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { type HistogramKind, nameOf } from './kinds.ts';

/** An operation with its class, a path shortened by measure, anything else as it is. */
export function HistogramName({ kind, name }: { kind: HistogramKind; name: string }) {
  if (kind.by === 'op') return <Op op={name} />;
  if (name === '') return <span className="hname dim ell">{kind.none}</span>;
  if (kind.isPath) return <PathText path={name} />;
  return <span className="hname ell">{nameOf(kind, name)}</span>;
}

/** That not all are shown. */
export function MoreKeys({ items, keys }: { items: readonly HistogramAnswer[]; keys: number }) {
  const rest = keys - items.length;
  if (rest <= 0) return null;
  return (
    <p className="quiet-note">and {formatCount(rest).text} more, of fewer operations; a filter shows them</p>
  );
}
