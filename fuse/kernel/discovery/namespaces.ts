// The mount namespaces that /proc shows, and what is mounted in each. Every namespace is read once, through one of its
// processes; without root that is our own alone.
import { type MountEntry, parseMountinfo } from '../../../shared/mountinfo.ts';
import type { NamespaceMounts } from './connections.ts';
import { listPids, readLink, readProc } from './proc.ts';

interface Seen {
  pid: number;
  text: string;
  entries: readonly MountEntry[];
}

export class Namespaces {
  readonly #own = idOf(process.pid) ?? '';
  /** By namespace; our own is always there, and first. */
  readonly #seen = new Map<string, Seen>([[this.#own, { pid: process.pid, text: '', entries: [] }]]);

  /** Finds namespaces that are new, and forgets those without a process. */
  find(): void {
    const processes = new Map<string, number>();
    for (const pid of listPids()) {
      const id = idOf(pid);
      if (id !== null && !processes.has(id)) processes.set(id, pid);
    }
    for (const id of this.#seen.keys()) if (id !== this.#own && !processes.has(id)) this.#seen.delete(id);
    for (const [id, pid] of processes) {
      const known = this.#seen.get(id);
      if (!known) this.#seen.set(id, { pid, text: '', entries: [] });
      else if (id !== this.#own) known.pid = pid;
    }
  }

  /** Reads what is mounted. @returns null where nothing has changed since the last call. */
  read(): NamespaceMounts[] | null {
    let changed = false;
    for (const [id, seen] of this.#seen) {
      // Its process may have gone, or gone elsewhere; the next `find` tells.
      if (id !== this.#own && idOf(seen.pid) !== id) continue;
      const text = readProc(`/proc/${seen.pid}/mountinfo`);
      if (text === null || text === seen.text) continue;
      seen.text = text;
      seen.entries = parseMountinfo(text);
      changed = true;
    }
    if (!changed && this.#seen.size === this.#told) return null;
    this.#told = this.#seen.size;
    return [...this.#seen].map(([id, { entries }]) => ({
      namespace: id === this.#own ? null : id,
      entries,
    }));
  }

  #told = 0;
}

/** Inode number of a process's mount namespace, or null. */
function idOf(pid: number): string | null {
  return /^mnt:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/ns/mnt`) ?? '')?.[1] ?? null;
}
