// A mirror is a mount like any other, so the kernel tap may listen to it too, and each of its operations is told twice.
// Lists show the mirror's; whoever asks by `source:` gets what it asks for. Pure.
import type { Filter } from '../../shared/filter/ast.ts';
import type { SourceKind } from '../../shared/span.ts';

/** What of a mount decides. */
export interface Twin {
  id: number;
  host: string;
  mount: string;
  kind: SourceKind;
  connection: number | null;
  /** When a mirror ended, µs since the epoch; null while it is there. */
  goneUs: number | null;
  /** Left out for mounts as they are stored. */
  present?: boolean;
}

/**
 * The mounts of the kernel collector that a mirror tells of, by id, with the time (µs since the epoch) from which it does
 * so no longer; null: it does. Numbers of connections are given again in time.
 */
export function kernelTwins(mounts: readonly Twin[]): Map<number, number | null> {
  const mirrors = mounts.filter(({ kind, connection }) => kind === 'mirror' && connection !== null);
  const mirrorsOf = (kernel: Twin) =>
    mirrors.filter(
      (mirror) =>
        mirror.host === kernel.host &&
        mirror.connection === kernel.connection &&
        (mirror.mount === kernel.mount || (mirror.present === true && kernel.present === true)),
    );
  const twins = new Map<number, number | null>();
  for (const kernel of mounts) {
    const ends = kernel.kind === 'kernel' ? mirrorsOf(kernel).map(({ goneUs }) => goneUs) : [];
    if (ends.length > 0) twins.set(kernel.id, ends.includes(null) ? null : Math.max(...ends.map(Number)));
  }
  return twins;
}

/** Whether a filter asks for sources, and so for each by itself. */
export function asksForSource(filter: Filter): boolean {
  return filter.terms.some((term) => term.kind === 'source');
}
