// Who waits for a mount, for mounts whose operations nobody captures: threads that sleep in FUSE's code, laid to a
// mount by the descriptor that their system call was given, or by their working directory. All of it from /proc.
import type { Blocked } from '../../../shared/wire/frames.ts';
import { CALLS } from '../../examiner/syscalls.ts';
import { listPids, listProc, readLink, readProc, readStat } from './proc.ts';

/** A thread that waits, with the places it may be waiting for, likeliest first. */
export interface Waiter extends Blocked {
  places: string[];
  /** Its system call, where that may be read and is known. */
  call: string | null;
  /** How often it went to sleep: the same at two looks is the same wait. */
  switches: number;
}

/** Where callers sleep until the daemon answers (fs/fuse/dev.c; /proc/PID/wchan). */
const SLEEPS = /^(request_wait_answer|fuse_|__fuse_)/;
/** A daemon sleeps in FUSE's code too, waiting for work. */
const IDLE = /^fuse_dev_/;

/** Every thread that waits for FUSE, as far as this user may see. */
export function findWaiters(): Waiter[] {
  const waiters: Waiter[] = [];
  for (const pid of listPids()) {
    for (const tid of listProc(`/proc/${pid}/task`)) {
      const task = `/proc/${pid}/task/${tid}`;
      const wchan = readProc(`${task}/wchan`) ?? '';
      if (!SLEEPS.test(wchan) || IDLE.test(wchan)) continue;
      const syscall = readProc(`${task}/syscall`) ?? '';
      const call = CALLS.get(Number.parseInt(syscall, 10))?.name ?? null;
      const fd = firstArgument(syscall);
      const links = [fd === null ? null : readLink(`/proc/${pid}/fd/${fd}`), readLink(`/proc/${pid}/cwd`)];
      waiters.push({
        pid,
        tid: Number(tid),
        comm: readStat(pid)?.comm ?? null,
        places: links.filter((link) => link !== null),
        call,
        switches: switchesOf(readProc(`${task}/status`) ?? ''),
      });
    }
  }
  return waiters;
}

function switchesOf(status: string): number {
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

/** First argument of a system call as /proc/PID/syscall shows it, where it may be a descriptor. */
function firstArgument(syscall: string): number | null {
  const value = Number(syscall.split(' ')[1] ?? Number.NaN);
  return Number.isInteger(value) && value >= 0 && value < 1_000_000 ? value : null;
}

/**
 * Waiters by the key of the mount they wait for. What cannot be laid to a mount by its places belongs to the only
 * mount that is waited for; with several of them it is left out, not guessed.
 */
export function assignWaiters<K>(
  waiters: readonly Waiter[],
  mounts: readonly { key: K; points: readonly string[] }[],
): Map<K, Waiter[]> {
  const assigned = new Map<K, Waiter[]>(mounts.map(({ key }) => [key, []]));
  for (const waiter of waiters) {
    const at = waiter.places.map((place) => mountOf(place, mounts)).find((one) => one !== null);
    const mount = at ?? (mounts.length === 1 ? mounts[0] : undefined);
    if (mount) assigned.get(mount.key)?.push(waiter);
  }
  return assigned;
}

/** The innermost mount on the way to a place. */
function mountOf<M extends { points: readonly string[] }>(place: string, mounts: readonly M[]): M | null {
  let best: M | null = null;
  let length = 0;
  for (const mount of mounts) {
    for (const point of mount.points) {
      const below = place === point || place.startsWith(point === '/' ? '/' : `${point}/`);
      if (below && point.length > length) {
        best = mount;
        length = point.length;
      }
    }
  }
  return best;
}
