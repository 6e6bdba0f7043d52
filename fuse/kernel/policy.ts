// Which mounts the tap listens to. The server says it, as a whole each time; nothing is remembered here.
import type { FuseMount } from './discovery/discovery.ts';

export interface Policy {
  /** Every mount, new ones too, but those in `detached` and mirrors, which trace themselves. */
  all: boolean;
  /** Mount points. */
  attached: string[];
  detached: string[];
}

export const NOTHING: Policy = { all: false, attached: [], detached: [] };

/** As fuse/mirror mounts. */
const MIRROR_TYPE = 'fuse.fusescope';

/** Null where the mount is to be listened to, else why it is not, in words for the user. */
export function whyNot(mount: Pick<FuseMount, 'mount' | 'alsoAt' | 'fsType'>, policy: Policy): string | null {
  const named = (list: readonly string[]) => [mount.mount, ...mount.alsoAt].some((one) => list.includes(one));
  if (named(policy.attached)) return null;
  if (named(policy.detached)) return 'detached; fusescope attach listens to it again';
  if (mount.fsType === MIRROR_TYPE)
    return 'a mirror, which traces itself; fusescope attach listens to its requests in the kernel too';
  return policy.all ? null : 'not attached; fusescope attach listens to it';
}
