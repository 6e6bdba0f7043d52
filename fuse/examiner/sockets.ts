// What /proc/net tells of sockets: addresses, state, queues. Each network namespace is read through one of its
// processes. Unix sockets have neither peer nor queue there.
import { listProc, readLink, readProc } from '../kernel/discovery/proc.ts';

export interface NetSocket {
  inode: string;
  protocol: 'tcp' | 'udp' | 'unix';
  local: string;
  remote: string;
  state: string;
  sendQueue: number;
  receiveQueue: number;
  retransmits: number;
}

/** include/net/tcp_states.h, from 1. */
const STATES = [
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];
/** Of a table that is longer than this, no more is looked at. */
const TABLE_MAX = 4 * 1024 * 1024;

/** The sockets of a process's network namespace, by inode. */
export function readSockets(pid: number): Map<string, NetSocket> {
  const found = new Map<string, NetSocket>();
  for (const [file, protocol] of [
    ['tcp', 'tcp'],
    ['tcp6', 'tcp'],
    ['udp', 'udp'],
    ['udp6', 'udp'],
  ] as const) {
    const text = readProc(`/proc/${pid}/net/${file}`)?.slice(0, TABLE_MAX) ?? '';
    for (const socket of parseInet(text, protocol)) found.set(socket.inode, socket);
  }
  for (const socket of parseUnix(readProc(`/proc/${pid}/net/unix`)?.slice(0, TABLE_MAX) ?? ''))
    found.set(socket.inode, socket);
  return found;
}

/** Of /proc/net/tcp, tcp6, udp or udp6 (Documentation/networking/proc_net_tcp.rst). */
export function parseInet(text: string, protocol: 'tcp' | 'udp'): NetSocket[] {
  const sockets: NetSocket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local, remote, state, queues, , retransmits, , , inode] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || inode === undefined) continue;
    const [send = '', receive = ''] = (queues ?? '').split(':');
    sockets.push({
      inode,
      protocol,
      local: address(local),
      remote: remote.endsWith(':0000') ? '' : address(remote),
      state: STATES[Number.parseInt(state ?? '', 16) - 1] ?? state ?? '',
      sendQueue: Number.parseInt(send, 16),
      receiveQueue: Number.parseInt(receive, 16),
      retransmits: Number.parseInt(retransmits ?? '0', 16),
    });
  }
  return sockets;
}

function parseUnix(text: string): NetSocket[] {
  const sockets: NetSocket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, , , , , state, inode, ...path] = line.trim().split(/\s+/);
    if (inode === undefined) continue;
    sockets.push({
      inode,
      protocol: 'unix',
      local: path.join(' '),
      remote: '',
      state: state === '03' ? 'CONNECTED' : 'UNCONNECTED',
      sendQueue: 0,
      receiveQueue: 0,
      retransmits: 0,
    });
  }
  return sockets;
}

/** From the kernel's words of four bytes, each in the order of this machine, to what people write. */
function address(text: string): string {
  const [host = '', port = ''] = text.split(':');
  const number = Number.parseInt(port, 16);
  const bytes = (host.match(/.{8}/g) ?? []).flatMap((word) =>
    [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)),
  );
  if (bytes.length === 4) return `${bytes.join('.')}:${number}`;
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return `${bytes.slice(12).join('.')}:${number}`;
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':').replace(/(?:^|:)0(?::0)+(?:$|:)/, '::')}]:${number}`;
}

/** Who holds sockets of these inodes. @param pids processes that are asked, @param max descriptors that are looked at. */
export function findOwners(
  inodes: ReadonlySet<string>,
  pids: Iterable<number>,
  max = 50_000,
): Map<string, number> {
  const owners = new Map<string, number>();
  if (inodes.size === 0) return owners;
  let looked = 0;
  for (const pid of pids) {
    for (const fd of listProc(`/proc/${pid}/fd`)) {
      if (looked++ >= max || owners.size === inodes.size) return owners;
      const inode = socketInode(readLink(`/proc/${pid}/fd/${fd}`));
      if (inode !== null && inodes.has(inode) && !owners.has(inode)) owners.set(inode, pid);
    }
  }
  return owners;
}

/** Inode of `socket:[…]`, or null. */
export function socketInode(link: string | null): string | null {
  return /^socket:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? null;
}
