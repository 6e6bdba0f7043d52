// Which process answers a connection: one that holds /dev/fuse open, with the connection's number in its fdinfo. Links
// of /proc/PID/fd are read, never followed.
import { readdirSync } from 'node:fs';
import { listPids, type ProcessStat, readLink, readProc, readStat } from './proc.ts';

export interface Holder extends ProcessStat {
  pid: number;
  /** Connections of its descriptors, as their fdinfo says. */
  connections: number[];
  /** Descriptors of /dev/fuse whose connection the kernel does not tell. */
  nameless: number;
}

export interface Wanted {
  connection: number;
  fsType: string;
}

/** Processes looked at before others get their turn. */
const CHUNK = 64;
/** The first pid namespace, in which every process is seen (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const FIRST_PIDS = 'pid:[4026531836]';

/** Every process that holds /dev/fuse, as far as this user may see. */
export async function findHolders(): Promise<Holder[]> {
  return (await searchHolders()).holders;
}

/** @returns also whether all descriptors of the machine were seen: who is not among the holders holds nothing then. */
export async function searchHolders(): Promise<{ holders: Holder[]; complete: boolean }> {
  const holders: Holder[] = [];
  let complete = readLink('/proc/self/ns/pid') === FIRST_PIDS;
  for (const [i, pid] of listPids().entries()) {
    if (i % CHUNK === CHUNK - 1) await new Promise((resolve) => setImmediate(resolve));
    const fds = descriptorsOf(pid);
    if (fds === null) {
      complete = false;
      continue;
    }
    const devices = fds.filter((fd) => readLink(`/proc/${pid}/fd/${fd}`)?.endsWith('/fuse'));
    if (devices.length === 0) continue;
    const stat = readStat(pid);
    if (!stat) continue;
    const numbers = devices.map((fd) => connectionOf(readProc(`/proc/${pid}/fdinfo/${fd}`) ?? ''));
    const connections = numbers.filter((number) => number !== null);
    const nameless = numbers.length - connections.length;
    if (nameless > 0) complete = false;
    holders.push({ pid, ...stat, connections, nameless });
  }
  return { holders, complete };
}

/** None of a process that has ended; null where they are not ours to see. */
function descriptorsOf(pid: number): string[] | null {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return code === 'EACCES' || code === 'EPERM' ? null : [];
  }
}

/** `fuse_connection` of the text of an fdinfo, or null where the kernel does not tell. */
export function connectionOf(fdinfo: string): number | null {
  const digits = /^fuse_connection:\s*(\d+)$/m.exec(fdinfo)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * The daemon of each connection, where it is certain. Descriptors are inherited, so of several holders the oldest is
 * it, and fusermount, which stays for auto_unmount, only if there is no other. On a kernel that tells no numbers it is
 * the only holder there is for the only connection, or the only one named as the mount's type.
 */
export function chooseDaemons(holders: readonly Holder[], wanted: readonly Wanted[]): Map<number, Holder> {
  const chosen = new Map<number, Holder>();
  const ordered = [...holders].sort(
    (a, b) => Number(isHelper(a)) - Number(isHelper(b)) || a.startTicks - b.startTicks || a.pid - b.pid,
  );
  for (const { connection } of wanted) {
    const daemon = ordered.find((holder) => holder.connections.includes(connection));
    if (daemon) chosen.set(connection, daemon);
  }
  const nameless = ordered.filter((holder) => holder.nameless > 0 && !isHelper(holder));
  const open = wanted.filter((one) => !chosen.has(one.connection) && one.fsType !== 'virtiofs');
  for (const { connection, fsType } of open) {
    const alike = open.filter((one) => one.fsType === fsType).length;
    const named = nameless.filter((holder) => `fuse.${holder.comm}` === fsType);
    const [daemon, ...others] = open.length === 1 ? nameless : named;
    if (daemon && others.length === 0 && (open.length === 1 || alike === 1)) chosen.set(connection, daemon);
  }
  return chosen;
}

/** True while the process is still the same one. */
export function isSameProcess({ pid, startTicks }: { pid: number; startTicks: number }): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

function isHelper(holder: Holder): boolean {
  return holder.comm.startsWith('fusermount');
}
