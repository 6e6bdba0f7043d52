// Reads /proc/self/mountinfo. The only way we learn what is mounted: nothing here touches a mount.
import { readFileSync } from 'node:fs';
import { type MountEntry, parseMountinfo } from '../shared/mountinfo.ts';

/** What is mounted in this process's namespace now. Synchronous, so that a full thread pool cannot delay it. */
export function readMountinfo(): MountEntry[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** The mount on top at exactly this path, or null. */
export function mountAt(mountpoint: string, entries = readMountinfo()): MountEntry | null {
  return entries.findLast((entry) => entry.mountpoint === mountpoint) ?? null;
}
