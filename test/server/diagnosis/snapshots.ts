// Snapshots for the rules' tests, as the examiner and the tap tell of such things: threads that sleep where those of
// real daemons were seen to sleep.
import { diagnose } from '../../../server/diagnosis/diagnose.ts';
import type { MountFacts, Operation, Snapshot } from '../../../server/diagnosis/snapshot.ts';
import type { Diagnosis } from '../../../shared/diagnosis.ts';
import type { ProcessFacts, SyscallFacts, ThreadFacts } from '../../../shared/examination.ts';

export const NOW_US = 1_764_400_000_000_000;
export const DAEMON = 700;
export const CALLER = 900;

export function call(name: string, fields: Partial<SyscallFacts> = {}): SyscallFacts {
  return { name, text: `${name}(…)`, fd: null, target: null, paths: [], futex: null, ...fields };
}

export function thread(tid: number, fields: Partial<ThreadFacts> = {}): ThreadFacts {
  const sleeps = { state: 'S', wchan: null, syscall: null, stack: [], sinceUs: NOW_US - 5e6, place: null };
  return { tid, comm: 'fs', ...sleeps, ...fields };
}

/** Waits for the next request. */
export function idle(tid: number): ThreadFacts {
  const syscall = call('read', { fd: 3, target: '/dev/fuse' });
  return thread(tid, { wchan: 'fuse_dev_do_read', syscall, stack: ['fuse_dev_do_read', 'fuse_dev_read'] });
}

/** Waits for the answer to its request on a path. */
export function asking(tid: number, path: string): ThreadFacts {
  return thread(tid, {
    wchan: 'request_wait_answer',
    syscall: call('openat', { paths: [path] }),
    stack: ['request_wait_answer', '__fuse_simple_request', 'fuse_lookup_name'],
  });
}

export function process(
  pid: number,
  comm: string,
  threads: ThreadFacts[],
  fields: Partial<ProcessFacts> = {},
): ProcessFacts {
  return {
    pid,
    ppid: 1,
    comm,
    cmdline: comm,
    state: threads[0]?.state ?? 'S',
    startedUs: NOW_US - 3_600e6,
    cgroup: null,
    unit: null,
    container: null,
    frozen: false,
    tracer: null,
    threads,
    threadCount: threads.length,
    connections: [],
    sockets: [],
    pipes: [],
    ...fields,
  };
}

export function mount(fields: Partial<MountFacts> = {}): MountFacts {
  return {
    mountId: 1,
    mount: '/mnt/x',
    points: ['/mnt/x'],
    kind: 'kernel',
    connection: 42,
    fsType: 'fuse.fs',
    source: 'fs',
    daemon: { pid: DAEMON, comm: 'fs' },
    former: null,
    dead: false,
    waiting: 1,
    maxBackground: 12,
    unseen: null,
    ...fields,
  };
}

let spans = 0;
export function operation(op: string, fields: Partial<Operation> = {}): Operation {
  const spanId = ++spans;
  return {
    key: `span ${spanId}`,
    spanId,
    mountId: 1,
    op,
    path: '/a',
    pid: CALLER,
    tid: CALLER,
    comm: 'cat',
    startUs: NOW_US - 3e6,
    ageMs: 3_000,
    picked: true,
    fault: null,
    before: false,
    ...fields,
  };
}

/** One mount with a daemon and a caller, unless told otherwise. */
export function snapshot(
  operations: Operation[],
  processes: ProcessFacts[],
  fields: Partial<Snapshot> = {},
): Snapshot {
  const caller = process(CALLER, 'cat', [asking(CALLER, '/mnt/x/a')]);
  return {
    takenUs: NOW_US,
    mounts: [mount()],
    operations,
    processes: [caller, ...processes],
    unread: [],
    left: [],
    ...fields,
  };
}

/** What is told of the first operation. */
export function diagnosisOf(at: Snapshot): Diagnosis & { cause: NonNullable<Diagnosis['cause']> } {
  const patients = at.operations.flatMap(({ spanId }) =>
    spanId === null ? [] : { stallId: spanId, spanId },
  );
  const found = diagnose(at, patients).get(patients[0]?.stallId ?? 0);
  if (!found?.cause) throw new Error('no diagnosis');
  return { ...found, cause: found.cause };
}
