// Who has files of a mount open, or works in it. Links of /proc/PID/fd are read, never followed; which mount a file is
// of is told by the number in its fdinfo, so that deleted files and other namespaces are no riddle.
import type { Holder } from '../../shared/ways.ts';
import { listPids, listProc, readLink, readProc } from '../kernel/discovery/proc.ts';

const FILES_TOLD = 20;

export interface HolderQuery {
  /** Numbers of the mounts (mountinfo), also of those that were detached. */
  ids: ReadonlySet<number>;
  /** Mount points in our own namespace: a working directory has no fdinfo. */
  points: readonly string[];
  skip: ReadonlySet<number>;
}

/** @param at is told each process before its links are read: they wait for one that hangs in execve. */
export function findFileHolders(
  query: HolderQuery,
  at: (pid: number) => void,
  found: (holder: Holder) => void,
): void {
  for (const pid of listPids()) {
    if (query.skip.has(pid) || pid === process.pid) continue;
    at(pid);
    const files: Holder['files'] = [];
    let fileCount = 0;
    const add = (fd: string, path: string) => {
      fileCount++;
      if (files.length < FILES_TOLD) files.push({ fd, path });
    };
    for (const name of ['cwd', 'root']) {
      const path = readLink(`/proc/${pid}/${name}`);
      if (path !== null && query.points.some((point) => isIn(path, point))) add(name, path);
    }
    for (const fd of listProc(`/proc/${pid}/fd`)) {
      const path = readLink(`/proc/${pid}/fd/${fd}`);
      if (path === null || !path.startsWith('/')) continue;
      if (query.ids.has(mountIdOf(readProc(`/proc/${pid}/fdinfo/${fd}`) ?? ''))) add(fd, path);
    }
    if (fileCount > 0) {
      const comm = readProc(`/proc/${pid}/comm`)?.trimEnd() ?? null;
      found({ pid, comm, files, fileCount });
    }
  }
}

/** Number of the mount that a file is of, by the text of its fdinfo; -1: it does not say. */
export function mountIdOf(fdinfo: string): number {
  return Number(/^mnt_id:\s*(\d+)$/m.exec(fdinfo)?.[1] ?? -1);
}

function isIn(path: string, point: string): boolean {
  return path === point || path.startsWith(point === '/' ? '/' : `${point}/`);
}
