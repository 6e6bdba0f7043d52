// Who else waits for the same: operations with the same root, and threads without a request of their own that sleep on
// a lock or a page which an operation in flight holds. Pure.
import type { Affected, Waiter } from '../../shared/diagnosis.ts';
import type { ProcessFacts, ThreadFacts } from '../../shared/examination.ts';
import type { MountFacts, Operation } from './snapshot.ts';
import type { View } from './view.ts';
import { asks } from './waits.ts';

const WAITERS_SHOWN = 100;
const AFFECTED_SHOWN = 20;

/** By the kernel function that a thread sleeps in, what it waits for. */
const LOCKS: readonly [RegExp, string][] = [
  [/folio_wait|folio_lock|wait_on_page|filemap_/, 'the same page of the file'],
  [/d_alloc_parallel|d_wait_lookup/, 'the same look-up'],
  [
    /rwsem|down_(read|write)|inode_lock|lookup_slow|walk_component|path_openat|open_last_lookups|iterate_dir|do_unlinkat|filename_create|lock_rename/,
    'a lock of the folder',
  ],
  [/mutex|fuse_lock|__fuse_/, 'a lock of the file'],
  [/fuse_get_req|fuse_request_queue_background/, 'room in the queue of the mount'],
];

/** A thread that waits without a request of its own. */
export interface LockWaiter {
  process: ProcessFacts;
  thread: ThreadFacts;
  mount: MountFacts;
  /** Path inside the mount that it wants. */
  path: string | null;
  why: string;
}

/** Threads that wait for a lock of some mount. Those with a request in flight are not among them. */
export function lockWaiters(view: View): LockWaiter[] {
  const found: LockWaiter[] = [];
  for (const process of view.snapshot.processes) {
    for (const thread of process.threads) {
      if (view.ofCaller(thread.tid).length > 0) continue;
      if (thread.state !== 'D' && !asks(thread)) continue;
      const place = thread.syscall?.target?.startsWith('/')
        ? thread.syscall.target
        : thread.syscall?.paths[0];
      const mount = place === undefined ? null : view.mountOf(place);
      if (!mount || place === undefined) continue;
      const point = mount.points.find((one) => place === one || place.startsWith(`${one}/`));
      const path = point === undefined ? null : place.slice(point.length) || '/';
      found.push({ process, thread, mount, path, why: asks(thread) ? 'the daemon' : whyOf(thread) });
    }
  }
  return found;
}

function whyOf({ wchan, stack }: ThreadFacts): string {
  const frames = [wchan ?? '', ...stack.slice(0, 4)];
  for (const frame of frames) {
    const row = LOCKS.find(([pattern]) => pattern.test(frame));
    if (row) return row[1];
  }
  return 'a lock of the mount';
}

/** The operation that a lock waiter waits behind: of the same path, else of its folder, else the oldest of the mount. */
export function holderOf(view: View, waiter: LockWaiter): Operation | null {
  const operations = view.operationsOf(waiter.mount);
  const { path } = waiter;
  return (
    operations.find((one) => one.path !== null && one.path === path) ??
    operations.find(
      (one) => one.path !== null && path !== null && (isIn(path, one.path) || isIn(one.path, path)),
    ) ??
    operations[0] ??
    null
  );
}

function isIn(path: string, folder: string): boolean {
  return path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

export interface Waiting {
  waiters: Waiter[];
  affected: Affected[];
  count: number;
}

/**
 * Everyone who waits for a cause.
 * @param operations those that have it; @param locked lock waiters behind one of them.
 */
export function whoWaits(operations: readonly Operation[], locked: readonly LockWaiter[]): Waiting {
  const seen = new Set<string>();
  const waiters: Waiter[] = [];
  for (const one of [...operations].sort((a, b) => a.startUs - b.startUs)) {
    if (one.pid === null || one.tid === null) continue;
    // A mirror's operation is the kernel's too.
    const key = `${one.tid} ${one.op} ${one.path?.split('/').at(-1)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const { pid, tid, comm, spanId, op, path, startUs } = one;
    const why = one.picked === false ? 'has not been taken' : 'its own request';
    waiters.push({ pid, tid, comm, spanId, op, path, sinceUs: startUs, why });
  }
  for (const { process, thread, path, why } of locked) {
    const { pid, comm } = process;
    waiters.push({ pid, tid: thread.tid, comm, spanId: null, op: null, path, sinceUs: thread.sinceUs, why });
  }
  const byProcess = new Map<number, Affected>();
  for (const { pid, comm } of waiters) {
    const known = byProcess.get(pid);
    if (known) known.count++;
    else byProcess.set(pid, { pid, comm, count: 1 });
  }
  const affected = [...byProcess.values()].sort((a, b) => b.count - a.count).slice(0, AFFECTED_SHOWN);
  return { waiters: waiters.slice(0, WAITERS_SHOWN), affected, count: Math.max(1, waiters.length) };
}
