// One process in depth: what each of its threads does, its sockets, its place among units and containers. All of it
// from /proc; any of these reads may hang with the process, which is why this runs in a process of its own.
import type { ProcessFacts, ThreadFacts } from '../../shared/examination.ts';
import { connectionOf } from '../kernel/discovery/daemons.ts';
import { listProc, readLink, readProc, readStat } from '../kernel/discovery/proc.ts';
import { readCgroup } from './cgroup.ts';
import { readSyscall } from './decode.ts';
import type { Devices } from './devices.ts';
import { Memory } from './memory.ts';
import { Places } from './places.ts';
import type { ScannedProcess, ScannedThread } from './scan.ts';
import { socketInode } from './sockets.ts';
import type { Moment } from './time.ts';
import type { UserStacks } from './user-stacks.ts';

const THREADS_MAX = 256;
const DESCRIPTORS_MAX = 2_048;
const CMDLINE_MAX = 1_000;
/** Frames beyond this tell the same for every thread: the entry into the kernel. */
const ENTRY =
  /^(do_syscall_64|entry_SYSCALL|el0|invoke_syscall|ret_from_fork|x64_sys_call|__x64_sys_|__arm64_sys_)/;

/** A process before its sockets are joined with the tables of /proc/net. */
export interface Looked {
  facts: ProcessFacts;
  /** Descriptors that are sockets, by inode. */
  socketFds: Map<string, number>;
}

export interface Depth {
  /** Threads that are looked at; null: all. */
  threads: ReadonlySet<number> | null;
  /** Whether its descriptors are looked through. */
  descriptors: boolean;
}

/** What one examination has for all processes. */
export interface Tools {
  devices: Devices;
  moment: Moment;
  userStacks: UserStacks;
}

export function lookInto(process: ScannedProcess, depth: Depth, tools: Tools): Looked {
  const { pid } = process;
  const { moment } = tools;
  const memory = new Memory(pid, tools.devices);
  const places = new Places(pid);
  const wanted = process.threads
    .filter((one) => depth.threads === null || depth.threads.has(one.tid))
    .slice(0, THREADS_MAX);
  const stat = readStat(pid);
  const threads = wanted.map((thread) => lookAtThread(pid, thread, memory, places, moment));
  const userStacks = tools.userStacks.of(pid, wanted, memory);
  memory.close();
  const facts: ProcessFacts = {
    ...outline(process),
    cmdline: cmdline(pid),
    startedUs: stat === null ? null : moment.sinceBoot(stat.startTicks),
    threads: threads.map((one) => ({ ...one, userStack: userStacks.get(one.tid) ?? [] })),
  };
  const socketFds = new Map<string, number>();
  if (depth.descriptors) lookThroughDescriptors(pid, facts, socketFds);
  return { facts, socketFds };
}

/** What is known of a process without anything that could hang. */
export function outline(process: ScannedProcess): ProcessFacts {
  const { pid, ppid, comm, state, tracer } = process;
  return {
    pid,
    ppid,
    comm,
    cmdline: null,
    state,
    tracer,
    startedUs: null,
    ...readCgroup(pid),
    threads: [],
    threadCount: process.threads.length,
    connections: [],
    sockets: [],
    pipes: [],
  };
}

function lookAtThread(
  pid: number,
  { tid, comm, state, wchan }: ScannedThread,
  memory: Memory,
  places: Places,
  moment: Moment,
): ThreadFacts {
  const task = `/proc/${pid}/task/${tid}`;
  const syscall = readSyscall(pid, tid, memory);
  const path = syscall?.target?.startsWith('/') ? syscall.target : syscall?.paths[0];
  return {
    tid,
    comm,
    state,
    wchan,
    syscall,
    stack: parseStack(readProc(`${task}/stack`) ?? ''),
    sinceUs: state === 'R' ? null : moment.sinceRan(readProc(`${task}/sched`) ?? ''),
    place: path === undefined ? null : places.of(path),
  };
}

/** Function names of /proc/PID/stack, innermost first. */
export function parseStack(text: string): string[] {
  const names = text.split('\n').map((line) => /^\[<\w+>\] ([^+\s]+)/.exec(line)?.[1] ?? '');
  return names
    .filter((name) => name !== '' && !ENTRY.test(name))
    .map((name) => name.replace(/\.(isra|constprop|part).*$/, ''));
}

function cmdline(pid: number): string | null {
  const text = readProc(`/proc/${pid}/cmdline`);
  return text === null || text === '' ? null : text.replaceAll('\0', ' ').trim().slice(0, CMDLINE_MAX);
}

function lookThroughDescriptors(pid: number, facts: ProcessFacts, sockets: Map<string, number>): void {
  for (const name of listProc(`/proc/${pid}/fd`).slice(0, DESCRIPTORS_MAX)) {
    const link = readLink(`/proc/${pid}/fd/${name}`);
    if (link === null) continue;
    const inode = socketInode(link);
    if (inode !== null && !sockets.has(inode)) sockets.set(inode, Number(name));
    if (link.startsWith('pipe:')) facts.pipes.push(link);
    if (link.endsWith('/fuse')) {
      const connection = connectionOf(readProc(`/proc/${pid}/fdinfo/${name}`) ?? '');
      if (connection !== null && !facts.connections.includes(connection)) facts.connections.push(connection);
    }
  }
}
