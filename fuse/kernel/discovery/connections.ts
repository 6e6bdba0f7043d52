// From what is mounted in each mount namespace to FUSE connections: one entry per connection, with all places where it
// is seen. Pure.
import { isFuse, type MountEntry } from '../../../shared/mountinfo.ts';

/** What is mounted in one mount namespace. */
export interface NamespaceMounts {
  /** Inode number of the namespace; null for our own. */
  namespace: string | null;
  entries: readonly MountEntry[];
}

export interface Connection {
  /** Number in fusectl. */
  connection: number;
  /** Its mount points, each once: those of our own namespace first, whole mounts before binds of a part. */
  points: string[];
  fsType: string;
  source: string;
  options: string;
  /** Namespace of the first mount point; null for our own. */
  namespace: string | null;
}

/** Every FUSE and virtiofs connection, by number. @param namespaces our own first. */
export function findConnections(namespaces: readonly NamespaceMounts[]): Map<number, Connection> {
  const found = new Map<number, Connection>();
  for (const { namespace, entries } of namespaces) {
    const served = entries.filter((entry) => isFuse(entry) || entry.fsType === 'virtiofs');
    const whole = served.filter((entry) => entry.root === '/');
    for (const entry of [...whole, ...served.filter((one) => one.root !== '/')]) {
      const known = found.get(entry.device);
      if (!known) {
        found.set(entry.device, {
          connection: entry.device,
          points: [entry.mountpoint],
          fsType: entry.fsType,
          source: entry.source,
          options: entry.options,
          namespace,
        });
      } else if (!known.points.includes(entry.mountpoint)) {
        known.points.push(entry.mountpoint);
      }
    }
  }
  return found;
}
