// What a way out has to know of a connection: where it is mounted, whether it may be aborted, its daemon's processes
// and its callers. From /proc and fusectl; no mount is touched. `at` is told each process before it is read, since
// /proc/PID/stat waits for one that hangs in execve.
import { accessSync, constants } from 'node:fs';
import { isFuse, type MountEntry, parseMountinfo } from '../../shared/mountinfo.ts';
import type { ConnectionFacts, MountPlace, ProcessFact } from '../../shared/ways.ts';
import { readCounts } from '../kernel/discovery/fusectl.ts';
import { listPids, readLink, readProc, readStat } from '../kernel/discovery/proc.ts';

const FUSECTL = '/sys/fs/fuse/connections';

export interface Looking {
  /** Is told each process before its files are read. */
  at: (pid: number) => void;
  /** Processes whose files were seen to hang. */
  skip: ReadonlySet<number>;
}

/** Every place where the connection is mounted, in any namespace that this user may see; our own first. */
function placesOf(connection: number, { at, skip }: Looking): MountPlace[] {
  const own = readLink('/proc/self/ns/mnt');
  const seen = new Map<string, number>([[own ?? '', process.pid]]);
  for (const pid of listPids()) {
    if (skip.has(pid)) continue;
    at(pid);
    const namespace = readLink(`/proc/${pid}/ns/mnt`);
    if (namespace !== null && !seen.has(namespace)) seen.set(namespace, pid);
  }
  const places: MountPlace[] = [];
  for (const [name, pid] of seen) {
    const namespace = name === own ? null : name;
    for (const { id, mountpoint, source } of mountsIn(namespace === null ? 'self' : pid, connection)) {
      if (!places.some((place) => place.id === id)) places.push({ id, mountpoint, source, namespace, pid });
    }
  }
  return places;
}

/** Of these places, those where the connection still is. `mountinfo` never waits. */
export function stillThere(connection: number, places: readonly MountPlace[]): MountPlace[] {
  return places.filter(({ id, mountpoint, source, namespace, pid }) =>
    mountsIn(namespace === null ? 'self' : pid, connection).some(
      (entry) => entry.id === id && entry.mountpoint === mountpoint && entry.source === source,
    ),
  );
}

function mountsIn(pid: number | 'self', connection: number): MountEntry[] {
  return parseMountinfo(readProc(`/proc/${pid}/mountinfo`) ?? '').filter(
    (entry) => entry.device === connection && (isFuse(entry) || entry.fsType === 'virtiofs'),
  );
}

/** @param daemon its first process, where it is known. */
export function factsOf(
  connection: number,
  daemon: number | null,
  callers: readonly number[],
  looking: Looking,
): ConnectionFacts {
  const families = daemon === null ? [] : [daemon, ...below(daemon)];
  const look = (pid: number) => {
    if (looking.skip.has(pid)) return null;
    looking.at(pid);
    return processFact(pid);
  };
  return {
    places: placesOf(connection, looking),
    abort: abortable(connection),
    fusectl: fusectlMounted(),
    waiting: readCounts(connection).waiting,
    daemon: families.map(look).filter((fact) => fact !== null),
    callers: callers.map(look).filter((fact) => fact !== null),
    root: process.geteuid?.() === 0,
  };
}

/** Null for a process that is gone, and for one that has ended and not been waited for. */
export function processFact(pid: number): ProcessFact | null {
  const stat = readStat(pid);
  if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
  const status = readProc(`/proc/${pid}/status`) ?? '';
  const number = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const { comm, state, startTicks } = stat;
  return {
    pid,
    ppid: number('PPid'),
    comm,
    state,
    startTicks,
    tracer: number('TracerPid'),
    signalable: maySignal(pid),
  };
}

export function fusectlFile(connection: number, name: string): string {
  return `${FUSECTL}/${connection}/${name}`;
}

function abortable(connection: number): ConnectionFacts['abort'] {
  try {
    accessSync(fusectlFile(connection, 'abort'), constants.W_OK);
    return 'yes';
  } catch (error) {
    // Its folder is closed to other users: what they may not see is not absent.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'denied';
  }
}

function fusectlMounted(): boolean {
  return parseMountinfo(readProc('/proc/self/mountinfo') ?? '').some((entry) => entry.fsType === 'fusectl');
}

function maySignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Children of a process, and theirs. `status` is one of the files of /proc that never wait. */
function below(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of listPids()) {
    const parent = Number(/^PPid:\s*(\d+)/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1] ?? -1);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  for (let next = children.get(root) ?? []; next.length > 0; ) {
    found.push(...next);
    next = next.flatMap((pid) => children.get(pid) ?? []);
  }
  return found;
}
