// Which mount stands first: the worst; among equals by name, so that rows stay where they are.
import type { Mount } from '../../../shared/mount.ts';

const RANK: Readonly<Record<Mount['state'], number>> = { stalled: 0, dead: 1, slow: 2, ok: 3, gone: 5 };

const rank = (mount: Mount) => (mount.state === 'ok' && !isWatched(mount) ? 4 : RANK[mount.state]);

/** Whether operations of a mount are captured at all. */
export const isWatched = (mount: Mount): boolean => mount.tier !== 'none' && mount.tier !== 'proc';

export function worstFirst(mounts: readonly Mount[]): Mount[] {
  return [...mounts].sort((a, b) => rank(a) - rank(b) || a.mount.localeCompare(b.mount) || a.id - b.id);
}

/** What the list is apart from its stalls, in words; empty where all is well. */
export function healthWords(mounts: readonly Mount[]): string {
  const counts = (['dead', 'slow'] as const)
    .map((state) => [mounts.filter((mount) => mount.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count === 1 ? 'one mount is' : `${count} mounts are`} ${state}`);
  return counts.join(' and ');
}
