// One examination: who waits for FUSE or for a lock, the daemons of the mounts that are waited for, their kin, and who
// is at the other end of their connections. Bounded in every direction; what is left out is said.
import type { ExamineAnswer, ExamineRequest, ProcessFacts, Unread } from '../../shared/examination.ts';
import { findHolders } from '../kernel/discovery/daemons.ts';
import { readLink, readStat } from '../kernel/discovery/proc.ts';
import { Devices } from './devices.ts';
import { stoppedAround } from './kin.ts';
import type { Modules } from './modules.ts';
import { type Depth, type Looked, lookInto, outline } from './process.ts';
import { readWchan, type ScannedProcess, scan } from './scan.ts';
import { findOwners, type NetSocket, readSockets } from './sockets.ts';
import { Moment } from './time.ts';
import { UserStacks } from './user-stacks.ts';

const WAITERS_MAX = 400;
const DAEMONS_MAX = 64;
const CHILDREN_MAX = 32;
const ANCESTORS_MAX = 8;
const SOCKETS_MAX = 64;
/** Where callers sleep until the daemon answers (fs/fuse/). */
const ASKING = /^(request_wait_answer|fuse_|__fuse_)/;
/** A daemon sleeps in FUSE's code too, waiting for work. */
const IDLE = /^fuse_dev_/;

type Wishes = Map<number, Depth>;

/**
 * @param at called with each process before anything that may hang is read of it.
 * @param modules what is known of program files, kept from one examination to the next.
 */
export async function examine(
  request: ExamineRequest,
  at: (pid: number) => void,
  modules: Modules,
): Promise<ExamineAnswer> {
  const begun = performance.now();
  const moment = new Moment();
  const skip = new Set(request.skip);
  const all = scan(at, skip);
  const left: string[] = [];
  const daemons = await daemonsOf(request, all);
  const wishes: Wishes = new Map();
  wishWaiters(all, new Set(request.callers), wishes, left);
  for (const pid of daemons.slice(0, DAEMONS_MAX)) wishFamily(pid, all, wishes);
  if (daemons.length > DAEMONS_MAX) left.push(`${daemons.length - DAEMONS_MAX} further daemons`);

  const fuse = new Set(request.mounts.flatMap((one) => one.connection ?? []));
  const userStacks = new UserStacks(modules);
  const tools = { devices: new Devices(fuse), moment, userStacks };
  const looked: Looked[] = [];
  const processes: ProcessFacts[] = [];
  const unread: Unread[] = [];
  const take = (pid: number, depth: Depth) => {
    const process = all.get(pid);
    if (!process) return;
    if (skip.has(pid)) {
      processes.push(outline(process));
      unread.push({ pid, why: 'hung' });
      return;
    }
    at(pid);
    const one = lookInto(process, depth, tools);
    if (isDenied(process)) unread.push({ pid, why: 'denied' });
    looked.push(one);
    processes.push(one.facts);
  };
  for (const [pid, depth] of wishes) take(pid, depth);
  const tables = new SocketTables(at);
  const helpers = helpersOf(looked, all, tables, at);
  for (const pid of new Set(helpers.values()))
    if (!wishes.has(pid)) take(pid, { threads: null, descriptors: true });
  joinSockets(looked, all, tables, helpers, at);
  left.push(...userStacks.left());
  const tookMs = Math.round(performance.now() - begun);
  return { id: request.id, takenUs: moment.takenUs, tookMs, processes, unread, left };
}

/** Daemons of the mounts that are waited for; where one is not known, whoever holds the connection's device. */
async function daemonsOf(
  { mounts }: ExamineRequest,
  all: ReadonlyMap<number, ScannedProcess>,
): Promise<number[]> {
  const looks = mounts.filter((mount) => mount.look);
  const pids = new Set(looks.flatMap(({ daemon }) => (daemon !== null && all.has(daemon) ? [daemon] : [])));
  const orphans = new Set(
    looks.flatMap(({ daemon, connection }) => (daemon !== null && all.has(daemon) ? [] : (connection ?? []))),
  );
  if (orphans.size > 0) {
    const holders = await findHolders();
    for (const { pid, connections } of holders)
      if (connections.some((one) => orphans.has(one))) pids.add(pid);
  }
  return [...pids];
}

/** Threads that wait in FUSE's code or cannot be interrupted, and the callers that are asked for. */
function wishWaiters(
  all: ReadonlyMap<number, ScannedProcess>,
  callers: ReadonlySet<number>,
  wishes: Wishes,
  left: string[],
): void {
  let count = 0;
  for (const { pid, threads } of all.values()) {
    const waiting = threads.filter(
      ({ tid, state, wchan }) =>
        callers.has(tid) || state === 'D' || (ASKING.test(wchan ?? '') && !IDLE.test(wchan ?? '')),
    );
    if (waiting.length === 0) continue;
    count += waiting.length;
    if (count > WAITERS_MAX) continue;
    wishes.set(pid, { threads: new Set(waiting.map((one) => one.tid)), descriptors: false });
  }
  if (count > WAITERS_MAX) left.push(`${count - WAITERS_MAX} further threads that wait`);
}

/** A daemon and its descendants whole; of its ancestors the main thread. */
function wishFamily(daemon: number, all: ReadonlyMap<number, ScannedProcess>, wishes: Wishes): void {
  const family = [daemon];
  for (const pid of family) {
    for (const one of all.values()) {
      if (one.ppid === pid && family.length < CHILDREN_MAX && !family.includes(one.pid)) family.push(one.pid);
    }
  }
  for (const pid of family) wishes.set(pid, { threads: null, descriptors: true });
  let pid = all.get(daemon)?.ppid ?? 0;
  for (let i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
    const wish = wishes.get(pid) ?? { threads: new Set<number>(), descriptors: false };
    if (wish.threads) wishes.set(pid, { ...wish, threads: new Set([...wish.threads, pid]) });
    pid = all.get(pid)?.ppid ?? 0;
  }
}

/** Also root may be kept from it, as in a container. Of a process that has ended there is nothing to see for anybody. */
function isDenied({ pid }: ScannedProcess): boolean {
  if (readLink(`/proc/${pid}/cwd`) !== null || readWchan(`/proc/${pid}`) !== null) return false;
  const stat = readStat(pid);
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X';
}

/** /proc/net of each network namespace, read once, through one of its processes. */
class SocketTables {
  readonly #tables = new Map<string, Map<string, NetSocket>>();
  readonly #at: (pid: number) => void;

  constructor(at: (pid: number) => void) {
    this.#at = at;
  }

  of(pid: number): Map<string, NetSocket> {
    this.#at(pid);
    const namespace = readLink(`/proc/${pid}/ns/net`) ?? '';
    const table = this.#tables.get(namespace) ?? readSockets(pid);
    this.#tables.set(namespace, table);
    return table;
  }

  *[Symbol.iterator](): Generator<NetSocket> {
    for (const table of this.#tables.values()) yield* table.values();
  }
}

function* each(all: ReadonlyMap<number, ScannedProcess>, at: (pid: number) => void): Generator<number> {
  for (const pid of all.keys()) {
    at(pid);
    yield pid;
  }
}

/**
 * Who holds the other end of a pair of Unix sockets, by the inode of this end. The kernel names no peers in /proc, but
 * numbers the two of a pair one after the other. A helper need be no descendant: sshfs lets go of its ssh.
 */
function helpersOf(
  looked: readonly Looked[],
  all: ReadonlyMap<number, ScannedProcess>,
  tables: SocketTables,
  at: (pid: number) => void,
): Map<string, number> {
  const isOfPair = (socket: NetSocket | undefined) => socket?.protocol === 'unix' && socket.local === '';
  const others = new Map<string, string>();
  for (const { facts, socketFds } of looked) {
    if (socketFds.size === 0) continue;
    const table = tables.of(facts.pid);
    for (const inode of socketFds.keys()) {
      if (!isOfPair(table.get(inode))) continue;
      for (const other of [Number(inode) - 1, Number(inode) + 1].map(String))
        if (!socketFds.has(other) && isOfPair(table.get(other))) others.set(other, inode);
    }
  }
  const helpers = new Map<string, number>();
  for (const [other, pid] of findOwners(new Set(others.keys()), each(all, at)))
    helpers.set(others.get(other) ?? '', pid);
  return helpers;
}

/** Puts what /proc/net knows on the sockets, and who holds the other end where that is here. */
function joinSockets(
  looked: readonly Looked[],
  all: ReadonlyMap<number, ScannedProcess>,
  tables: SocketTables,
  helpers: ReadonlyMap<string, number>,
  at: (pid: number) => void,
): void {
  for (const { facts, socketFds } of looked) {
    if (socketFds.size === 0) continue;
    const table = tables.of(facts.pid);
    for (const [inode, fd] of socketFds) {
      const socket = table.get(inode);
      if (socket && facts.sockets.length < SOCKETS_MAX) facts.sockets.push({ ...socket, fd, peer: null });
    }
  }
  const ends = new Map<string, NetSocket>();
  for (const socket of tables)
    if (socket.protocol === 'tcp' && socket.remote !== '')
      ends.set(`${socket.local} ${socket.remote}`, socket);
  const sockets = looked.flatMap(({ facts }) => facts.sockets);
  const otherEnd = (socket: NetSocket) => ends.get(`${socket.remote} ${socket.local}`);
  const inodes = new Set(sockets.flatMap((socket) => otherEnd(socket)?.inode ?? []));
  const owners = findOwners(inodes, each(all, at));
  for (const socket of sockets) {
    const end = otherEnd(socket);
    const owner = all.get(helpers.get(socket.inode) ?? (end && owners.get(end.inode)) ?? 0);
    if (!owner) continue;
    const receiveQueue = end?.receiveQueue ?? 0;
    const { pid, comm, state } = owner;
    socket.peer = { pid, comm, state, receiveQueue, stopped: stoppedAround(owner, all) };
  }
}
