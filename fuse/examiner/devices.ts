// What kind of file system a device is, by mountinfo: a FUSE mount, which nothing of ours may touch; one of this
// machine's own; or another, which may not answer.
import { isFuse, parseMountinfo } from '../../shared/mountinfo.ts';
import { readLink, readProc } from '../kernel/discovery/proc.ts';

export type DeviceKind = 'fuse' | 'local' | 'other';

/** File systems that need nobody else to answer. A file of any other is not read. */
const LOCAL = new Set([
  'bcachefs',
  'btrfs',
  'erofs',
  'ext2',
  'ext3',
  'ext4',
  'f2fs',
  'iso9660',
  'jfs',
  'overlay',
  'ramfs',
  'rootfs',
  'squashfs',
  'tmpfs',
  'xfs',
  'zfs',
]);

/** For the time of one examination: mounts come and go. */
export class Devices {
  readonly #fuse: ReadonlySet<number>;
  readonly #own = kindsOf(readProc('/proc/self/mountinfo') ?? '');
  /** Of the other mount namespaces. */
  readonly #others = new Map<string, ReadonlyMap<number, DeviceKind>>();

  /** @param fuse connections that are mounted now. */
  constructor(fuse: ReadonlySet<number>) {
    this.#fuse = fuse;
  }

  /** @param pid process that has a file of it. */
  kindOf(device: number, pid: number): DeviceKind {
    if (this.#fuse.has(device)) return 'fuse';
    return this.#own.get(device) ?? this.#seenBy(pid).get(device) ?? 'other';
  }

  #seenBy(pid: number): ReadonlyMap<number, DeviceKind> {
    const namespace = readLink(`/proc/${pid}/ns/mnt`) ?? '';
    const kinds = this.#others.get(namespace) ?? kindsOf(readProc(`/proc/${pid}/mountinfo`) ?? '');
    this.#others.set(namespace, kinds);
    return kinds;
  }
}

/** A device that is mounted twice is of one kind. */
export function kindsOf(mountinfo: string): Map<number, DeviceKind> {
  return new Map(
    parseMountinfo(mountinfo).map((entry) => [
      entry.device,
      isFuse(entry) ? 'fuse' : LOCAL.has(entry.fsType) ? 'local' : 'other',
    ]),
  );
}
