// What daemons stand on: on which mounts they have files open, and which machines they have a connection to. Links of
// /proc/PID/fd are read, never followed; the mount of a file is told by the number in its fdinfo.
import type { FootingLine } from '../../shared/footing.ts';
import { type NetSocket, readSockets, socketInode } from '../examiner/sockets.ts';
import { listProc, readLink, readProc, readStat } from '../kernel/discovery/proc.ts';
import { mountIdOf } from './holders.ts';

const DESCRIPTORS_MAX = 4_096;
const PEERS_MAX = 8;
const NAMED_MAX = 64;
/** Of a mount table that is longer than this, no more is told. */
const TABLE_MAX = 2 * 1024 * 1024;
/** Input, output and errors are its starter's business. */
const STANDARD = new Set(['0', '1', '2']);

export interface FootingQuery {
  pids: readonly number[];
  skip: ReadonlySet<number>;
}

/** @param at is told each process before its files are read: they wait for one that hangs in execve. */
export function findFootings(
  { pids, skip }: FootingQuery,
  at: (pid: number) => void,
  tell: (line: FootingLine) => void,
): void {
  const told = new Set<string>();
  const tables = new Map<string, Map<string, NetSocket>>();
  for (const pid of pids) {
    if (skip.has(pid)) continue;
    at(pid);
    const namespace = readLink(`/proc/${pid}/ns/mnt`);
    if (namespace === null) {
      if (readStat(pid) !== null)
        tell({ footing: { pid, namespace: null, files: [], named: [], peers: [] } });
      continue;
    }
    if (!told.has(namespace)) {
      const text = readProc(`/proc/${pid}/mountinfo`) ?? '';
      tell({ table: { namespace, text: text.slice(0, TABLE_MAX) } });
      told.add(namespace);
    }
    const { files, inodes } = descriptorsOf(pid);
    const peers = peersOf(pid, inodes, tables);
    tell({ footing: { pid, namespace, files, named: namedBy(pid), peers } });
  }
}

/** Of the command line only what may be a directory: the rest of it may hold secrets. */
function namedBy(pid: number): string[] {
  const words = (readProc(`/proc/${pid}/cmdline`) ?? '').split(/[\0:,=]/);
  return words.filter((one) => one.startsWith('/')).slice(0, NAMED_MAX);
}

function descriptorsOf(pid: number): { files: { mount: number; count: number }[]; inodes: Set<string> } {
  const counts = new Map<number, number>();
  const inodes = new Set<string>();
  for (const fd of listProc(`/proc/${pid}/fd`).slice(0, DESCRIPTORS_MAX)) {
    const link = readLink(`/proc/${pid}/fd/${fd}`);
    const inode = socketInode(link);
    if (inode !== null) inodes.add(inode);
    if (link === null || STANDARD.has(fd) || !link.startsWith('/') || link.startsWith('/dev/')) continue;
    const mount = mountIdOf(readProc(`/proc/${pid}/fdinfo/${fd}`) ?? '');
    if (mount >= 0) counts.set(mount, (counts.get(mount) ?? 0) + 1);
  }
  return { files: [...counts].map(([mount, count]) => ({ mount, count })), inodes };
}

/** Whom it has called. Who has called it, at a port that it listens on, is a client of it. */
function peersOf(
  pid: number,
  inodes: ReadonlySet<string>,
  tables: Map<string, Map<string, NetSocket>>,
): string[] {
  if (inodes.size === 0) return [];
  const namespace = readLink(`/proc/${pid}/ns/net`) ?? '';
  const table = tables.get(namespace) ?? readSockets(pid);
  tables.set(namespace, table);
  const own = [...inodes].flatMap((inode) => table.get(inode) ?? []).filter((one) => one.protocol === 'tcp');
  const listening = new Set([...table.values()].filter(({ state }) => state === 'LISTEN').map(portOf));
  const called = own.filter((one) => one.state === 'ESTABLISHED' && !listening.has(portOf(one)));
  return [...new Set(called.map(({ remote }) => remote))].sort().slice(0, PEERS_MAX);
}

const portOf = ({ local }: NetSocket) => local.slice(local.lastIndexOf(':') + 1);
