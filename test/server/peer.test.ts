import { describe, expect, it } from 'vitest';
import { findUid, isLoopback } from '../../server/security/peer.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const row = (local: string, remote: string, uid: number) =>
  `   0: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 12345 1 0000 20 4 30 10 -1`;

describe('the uid of a loopback peer', () => {
  it('is that of the row whose ends are the peer’s and ours', () => {
    const table = [
      HEAD,
      row('0100007F:1CF3', '0100007F:D431', 0),
      row('0100007F:D431', '0100007F:1CF3', 1000),
    ].join('\n');
    expect(findUid(table, 0xd431, 0x1cf3)).toBe(1000);
    expect(findUid(table, 0x1cf3, 0xd431)).toBe(0);
    expect(findUid(table, 0xd432, 0x1cf3)).toBeNull();
  });

  it('is found over IPv6 and mapped addresses, and never by a row of another address', () => {
    const six = '00000000000000000000000001000000';
    const mapped = '0000000000000000FFFF00000100007F';
    expect(findUid(row(`${six}:D431`, `${six}:1CF3`, 7), 0xd431, 0x1cf3)).toBe(7);
    expect(findUid(row(`${mapped}:D431`, `${mapped}:1CF3`, 8), 0xd431, 0x1cf3)).toBe(8);
    expect(findUid(row('0500000A:D431', '0100007F:1CF3', 9), 0xd431, 0x1cf3)).toBeNull();
  });
});

describe('loopback', () => {
  it('is what never leaves the machine', () => {
    expect(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['10.0.0.1', '::', '0.0.0.0', '128.0.0.1'].map(isLoopback)).toEqual([false, false, false, false]);
  });
});
