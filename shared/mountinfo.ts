// The text of /proc/PID/mountinfo (proc(5)). Pure.

export interface MountEntry {
  id: number;
  /** The mount that this one lies on. */
  parent: number;
  /** Minor device number: for FUSE the number of the connection in fusectl. */
  minor: number;
  /** Device as the kernel keeps it (dev_t); of FUSE the number of the connection, also where that is a block device's. */
  device: number;
  /** What of the file system is shown there: `/`, or less for a bind mount of a part. */
  root: string;
  mountpoint: string;
  fsType: string;
  source: string;
  /** Of the mount point, then of the file system. */
  options: string;
}

/** MINORBITS of include/linux/kdev_t.h. */
const MINORS = 2 ** 20;

/** Entries of mountinfo text, in mount order: of several on one mount point the last is on top. */
export function parseMountinfo(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    if (dash < 0) continue;
    const [major = 0, minor = 0] = (fields[2] ?? '').split(':').map(Number);
    entries.push({
      id: Number(fields[0]),
      parent: Number(fields[1]),
      minor,
      device: major * MINORS + minor,
      root: unescaped(fields[3] ?? ''),
      mountpoint: unescaped(fields[4] ?? ''),
      fsType: fields[dash + 1] ?? '',
      source: unescaped(fields[dash + 2] ?? ''),
      options: unescaped([fields[5], fields[dash + 3]].filter(Boolean).join(',')),
    });
  }
  return entries;
}

/** True for file systems that are mounted through /dev/fuse. */
export function isFuse(entry: Pick<MountEntry, 'fsType'>): boolean {
  return entry.fsType === 'fuse' || entry.fsType === 'fuseblk' || entry.fsType.startsWith('fuse.');
}

/** The kernel writes space, tab, newline, backslash and # as three octal digits. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
