// Everything that the map of mounts is made of, as one plain object: mounts of the registry, mount tables, what daemons
// stand on, and the open stalls.
import type { Footing } from '../../../shared/footing.ts';
import type { Mount } from '../../../shared/mount.ts';
import type { MountEntry } from '../../../shared/mountinfo.ts';
import type { Stall } from '../../../shared/stall.ts';

export type MapMount = Pick<
  Mount,
  'id' | 'mount' | 'alsoAt' | 'fsType' | 'source' | 'connection' | 'daemon' | 'state'
>;

export type MapStall = Pick<Stall, 'id' | 'span' | 'ageMs' | 'chain' | 'cycle' | 'cause'>;

/** A daemon and what it stands on. */
export interface DaemonFacts extends Pick<Footing, 'pid' | 'files' | 'named' | 'peers'> {
  /** Its mount table. */
  entries: readonly MountEntry[];
}

export interface MapFacts {
  takenUs: number;
  /** Those of this machine that are there, each connection once. */
  mounts: readonly MapMount[];
  /** Record of the kernel's collector to the mirror's that stands for it. */
  shownAs: ReadonlyMap<number, number>;
  /** Our own mount table. */
  entries: readonly MountEntry[];
  daemons: readonly DaemonFacts[];
  /** Daemons that could not be looked at, and why. */
  unseen: ReadonlyMap<number, string>;
  stalls: readonly MapStall[];
}
