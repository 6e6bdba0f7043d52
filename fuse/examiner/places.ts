// Which file system a path of a process is on, by its mountinfo. Nothing is looked up: symbolic links in the path are
// not followed, so the answer is of the path as it is written.
import type { PlaceFacts } from '../../shared/examination.ts';
import { isFuse, type MountEntry, parseMountinfo } from '../../shared/mountinfo.ts';
import { readProc } from '../kernel/discovery/proc.ts';

export class Places {
  readonly #pid: number;
  #entries: MountEntry[] | null = null;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Null for FUSE, and where it cannot be known. */
  of(path: string): PlaceFacts | null {
    if (!path.startsWith('/')) return null;
    this.#entries ??= parseMountinfo(readProc(`/proc/${this.#pid}/mountinfo`) ?? '');
    let best: MountEntry | null = null;
    for (const entry of this.#entries) {
      const at = entry.mountpoint;
      const below = at === '/' || path === at || path.startsWith(`${at}/`);
      if (below && (best === null || at.length >= best.mountpoint.length)) best = entry;
    }
    if (!best || isFuse(best)) return null;
    return { device: best.source, fsType: best.fsType, mountpoint: best.mountpoint };
  }
}
