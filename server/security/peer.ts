// Who is at the other end of a loopback connection: the uid that owns the peer's socket, from /proc/net/tcp*
// (proc_pid_net(5)). A server with root's power must not lend it to every local user.
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Uid of the process that holds the peer's end; null where the tables do not show it. */
export async function peerUid(socket: Socket): Promise<number | null> {
  const { remoteAddress, remotePort, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined || localPort === undefined) return null;
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    const uid = findUid(text, remotePort, localPort);
    if (uid !== null) return uid;
  }
  return null;
}

/**
 * Finds the row whose local port is the peer's and whose remote port is ours, both ends loopback. Pure.
 * @param table text of /proc/net/tcp or tcp6.
 */
export function findUid(table: string, peerPort: number, ourPort: number): number | null {
  const local = `:${hexPort(peerPort)}`;
  const remote = `:${hexPort(ourPort)}`;
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const [, from, to] = fields;
    if (!from?.endsWith(local) || !to?.endsWith(remote)) continue;
    if (!isLoopbackHex(from) || !isLoopbackHex(to)) continue;
    const uid = Number(fields[7]);
    if (Number.isInteger(uid)) return uid;
  }
  return null;
}

/** True for 127.0.0.0/8, ::1 and their mapped form. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Addresses are words in host byte order: 127.0.0.1 is 0100007F on little-endian machines. */
function isLoopbackHex(address: string): boolean {
  const [hex = ''] = address.split(':');
  if (hex.length === 8) return hex.endsWith('7F');
  return (
    hex === '00000000000000000000000001000000' ||
    (hex.startsWith('0000000000000000FFFF0000') && hex.endsWith('7F'))
  );
}
