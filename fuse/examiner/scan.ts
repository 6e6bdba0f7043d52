// Every thread of the machine in brief: its state and the kernel function it sleeps in, by which those that wait for a
// FUSE mount, or for a lock of one, are found. Kernel threads are left out.
import { listPids, listProc, readProc } from '../kernel/discovery/proc.ts';

export interface ScannedThread {
  tid: number;
  comm: string | null;
  state: string;
  wchan: string | null;
}

export interface ScannedProcess {
  pid: number;
  ppid: number;
  comm: string | null;
  state: string;
  tracer: number | null;
  threads: ScannedThread[];
}

/** Threads of one process that are looked at. */
const THREADS_MAX = 1_024;

/**
 * @param at called with each process before what is known to hang is read of it.
 * @param skip processes of which only what cannot hang is read.
 */
export function scan(at: (pid: number) => void, skip: ReadonlySet<number>): Map<number, ScannedProcess> {
  const found = new Map<number, ScannedProcess>();
  for (const pid of listPids()) {
    const status = readStatus(`/proc/${pid}/status`);
    if (!status || status.kernel) continue;
    const { kernel: _, threads: count, ...about } = status;
    const deep = !skip.has(pid);
    if (deep) at(pid);
    found.set(pid, { pid, ...about, threads: threadsOf(pid, count, status, deep) });
  }
  return found;
}

function threadsOf(pid: number, count: number, main: Status, deep: boolean): ScannedThread[] {
  const tids = count === 1 ? [String(pid)] : listProc(`/proc/${pid}/task`).slice(0, THREADS_MAX);
  const threads: ScannedThread[] = [];
  for (const tid of tids) {
    const path = `/proc/${pid}/task/${tid}`;
    const status = Number(tid) === pid ? main : readStatus(`${path}/status`);
    if (!status) continue;
    const { comm, state } = status;
    const sleeps = deep && (state === 'S' || state === 'D');
    threads.push({ tid: Number(tid), comm, state, wchan: sleeps ? readWchan(path) : null });
  }
  return threads;
}

/** Null where it runs or may not be read: the kernel writes 0 for both. */
export function readWchan(task: string): string | null {
  const wchan = readProc(`${task}/wchan`);
  return wchan === null || wchan === '' || wchan === '0'
    ? null
    : wchan.replace(/\.(isra|constprop|part).*$/, '');
}

interface Status {
  comm: string | null;
  state: string;
  ppid: number;
  tracer: number | null;
  threads: number;
  kernel: boolean;
}

/** Of /proc/PID/status, which never waits for the process. */
function readStatus(path: string): Status | null {
  const text = readProc(path);
  if (text === null) return null;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1];
  const tracer = Number(field('TracerPid') ?? 0);
  return {
    comm: unescaped(field('Name')),
    state: (field('State') ?? '?').charAt(0),
    ppid: Number(field('PPid') ?? 0),
    tracer: tracer === 0 ? null : tracer,
    threads: Number(field('Threads') ?? 1),
    kernel: field('Kthread') === '1' || (field('VmSize') === undefined && field('State')?.charAt(0) !== 'Z'),
  };
}

/** The kernel writes newlines and backslashes of a name as \n and \\. */
function unescaped(name: string | undefined): string | null {
  return name?.replaceAll(/\\(n|\\)/g, (_, one: string) => (one === 'n' ? '\n' : '\\')) ?? null;
}
