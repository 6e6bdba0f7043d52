// What one thread waits for, as its system call, the kernel function it sleeps in and its stack tell. Pure.
import type { PlaceFacts, ProcessFacts, SocketFacts, ThreadFacts } from '../../shared/examination.ts';
import type { MountFacts, Operation } from './snapshot.ts';
import type { View } from './view.ts';

export type Wait =
  /** For the next request: it is free. */
  | { kind: 'idle' }
  | { kind: 'mount'; mount: MountFacts; operation: Operation | null }
  | { kind: 'mutex'; owner: number | null }
  /** For another thread: a condition, a semaphore, or a lock that does not say who has it. */
  | { kind: 'signal' }
  | { kind: 'network'; socket: SocketFacts | null }
  /** A network file system, by its server. */
  | { kind: 'remote'; place: PlaceFacts }
  | { kind: 'pipe'; link: string; socket: SocketFacts | null }
  | { kind: 'disk'; place: PlaceFacts | null; frozen: boolean }
  | { kind: 'child' }
  | { kind: 'sleep' }
  | { kind: 'poll' }
  | { kind: 'stopped' }
  | { kind: 'runs' }
  | { kind: 'other' };

/** Where callers of FUSE sleep (fs/fuse/dev.c). */
const ASKING = /^(request_wait_answer|fuse_(?!dev_)|__fuse_)/;
const READING = /^fuse_dev_/;
const FREEZER = /percpu_rwsem_wait|percpu_down_read|sb_start_write|mnt_want_write/;
const REMOTE_TYPES = /^(nfs|nfs4|cifs|smb3|ceph|9p|afs|lustre|glusterfs|beegfs)$/;
const SLEEPING = new Set(['nanosleep', 'clock_nanosleep']);
const POLLING = new Set([
  'poll',
  'ppoll',
  'select',
  'pselect6',
  'epoll_wait',
  'epoll_pwait',
  'epoll_pwait2',
  'io_uring_enter',
]);
const CHILDREN = new Set(['wait4', 'waitid']);
/** Waits for callers, which is no work. */
const ACCEPTING = new Set(['accept', 'accept4']);

/** The thread waits in the kernel for a FUSE mount's answer. */
export function asks(thread: ThreadFacts): boolean {
  return (
    ASKING.test(thread.wchan ?? '') || (thread.wchan === null && thread.stack.some((one) => ASKING.test(one)))
  );
}

/** What a thread of a process waits for, by its state, its system call and where it is in the kernel. */
export function waitOf(view: View, process: ProcessFacts, thread: ThreadFacts): Wait {
  const { syscall, state, wchan } = thread;
  if (state === 'T' || state === 't') return { kind: 'stopped' };
  if (isReading(thread)) return { kind: 'idle' };
  const mount = mountWait(view, thread);
  if (mount) return mount;
  if (syscall?.futex) {
    const { kind, owner } = syscall.futex;
    return kind === 'mutex' ? { kind, owner } : { kind };
  }
  if (state === 'D') return stuckInKernel(thread);
  const link = syscall?.target ?? '';
  const name = syscall?.name ?? '';
  if (link.startsWith('socket:') && !ACCEPTING.has(name)) return socketWait(process, link);
  if (link.startsWith('pipe:')) return { kind: 'pipe', link, socket: null };
  if (CHILDREN.has(name)) return { kind: 'child' };
  if (SLEEPING.has(name)) return { kind: 'sleep' };
  if (POLLING.has(name)) return { kind: 'poll' };
  if (state === 'R') return { kind: 'runs' };
  return wchan !== null && thread.place ? stuckInKernel(thread) : { kind: 'other' };
}

/** It waits for the next request of its mount. */
function isReading({ wchan, stack, syscall }: ThreadFacts): boolean {
  if (READING.test(wchan ?? '')) return true;
  if (syscall === null) return stack.some((one) => READING.test(one));
  return ['read', 'readv', 'splice'].includes(syscall.name) && syscall.target === '/dev/fuse';
}

function mountWait(view: View, thread: ThreadFacts): Wait | null {
  const path = thread.syscall?.target?.startsWith('/') ? thread.syscall.target : thread.syscall?.paths[0];
  const named = path === undefined ? null : view.mountOf(path);
  const operations = view.ofCaller(thread.tid);
  const known =
    operations.find((one) => named !== null && one.mountId === named.mountId) ??
    operations.find((one) => view.mount(one.mountId)?.kind === 'kernel') ??
    operations[0];
  if (known) {
    const mount = view.mount(known.mountId);
    if (mount) return { kind: 'mount', mount, operation: known };
  }
  const sleeps = asks(thread) || thread.state === 'D';
  return named && sleeps ? { kind: 'mount', mount: named, operation: null } : null;
}

function stuckInKernel({ wchan, stack, place }: ThreadFacts): Wait {
  if (place && REMOTE_TYPES.test(place.fsType)) return { kind: 'remote', place };
  const frozen = FREEZER.test(wchan ?? '') || stack.slice(0, 3).some((one) => FREEZER.test(one));
  return { kind: 'disk', place, frozen };
}

function socketWait(process: ProcessFacts, link: string): Wait {
  const inode = link.slice('socket:['.length, -1);
  const socket = process.sockets.find((one) => one.inode === inode) ?? null;
  if (socket?.protocol === 'unix') return { kind: 'pipe', link, socket };
  return { kind: 'network', socket };
}

/** Waits that are work in hand, of which one can say what they wait for. */
const STRONG: ReadonlySet<Wait['kind']> = new Set([
  'mount',
  'mutex',
  'network',
  'remote',
  'pipe',
  'disk',
  'child',
]);

export interface Worker {
  thread: ThreadFacts;
  wait: Wait;
}

/** A daemon's threads by what they do. */
export interface Crew {
  idle: Worker[];
  /** At work on something that can be named. */
  strong: Worker[];
  /** Neither free nor seen at work: waiting for each other, asleep, running. */
  weak: Worker[];
}

/** Threads of a daemon by what they wait for; of `strong` and `weak` those first that have waited the longest. */
export function crewOf(view: View, process: ProcessFacts): Crew {
  const workers = process.threads.map((thread) => ({ thread, wait: waitOf(view, process, thread) }));
  const idle = workers.filter(({ wait }) => wait.kind === 'idle');
  const strong = workers.filter(({ wait }) => STRONG.has(wait.kind));
  // The main thread of a daemon with several only waits for its end.
  const alone = process.threadCount === 1;
  const weak = workers.filter(
    ({ wait, thread }) =>
      wait.kind !== 'idle' && !STRONG.has(wait.kind) && (alone || thread.tid !== process.pid),
  );
  const bySince = (a: Worker, b: Worker) => (a.thread.sinceUs ?? 0) - (b.thread.sinceUs ?? 0);
  return { idle, strong: strong.sort(bySince), weak: weak.sort(bySince) };
}

/** Of when a thread went to sleep: the scheduler keeps a clock for each processor, and they are apart by so much. */
const SLACK_US = 2e6;

/**
 * The thread that most likely has an operation in hand. The kernel does not tell; but those that began first sleep
 * first, and who waits for a lock came after who holds it.
 */
export function workerOf(crew: Crew, operation: Operation, picked: readonly Operation[]): Worker | null {
  const sleepers = candidates(crew.strong, picked);
  const own = sleepers[picked.findIndex((one) => one.key === operation.key)];
  if (own) return own;
  const shared = crew.strong.find(({ wait }) => wait.kind !== 'mutex') ?? crew.strong[0];
  return shared ?? crew.weak[0] ?? null;
}

/** One for each operation, in their order. Where there are more, those that slept before the first began are not among them. */
function candidates(strong: readonly Worker[], picked: readonly Operation[]): Worker[] {
  const begun = Math.min(...picked.map((one) => one.startUs)) - SLACK_US;
  const since = strong.filter(({ thread }) => (thread.sinceUs ?? Number.POSITIVE_INFINITY) >= begun);
  const used = strong.length > picked.length && since.length > 0 ? since : strong;
  return [
    ...used.filter(({ wait }) => wait.kind !== 'mutex'),
    ...used.filter(({ wait }) => wait.kind === 'mutex'),
  ];
}
