// What the examiner makes of the texts of /proc, as kernels write them.
import { expect, test } from 'vitest';
import { areaAt, parseAreas } from '../../../fuse/examiner/areas.ts';
import { type Code, callBefore } from '../../../fuse/examiner/call-site.ts';
import { parseCgroup } from '../../../fuse/examiner/cgroup.ts';
import { kindsOf } from '../../../fuse/examiner/devices.ts';
import { parseStack } from '../../../fuse/examiner/process.ts';
import { parseInet } from '../../../fuse/examiner/sockets.ts';
import { Moment } from '../../../fuse/examiner/time.ts';
import { placeOf } from '../../../fuse/examiner/user-stacks.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

test('sockets: addresses in the order of people, queues, state, how often it was sent again', () => {
  const line =
    '   1: 0100007F:1CF3 0200000A:0016 01 000001F4:0000000A 01:00000014 00000003     0        0 4711 2 0 0\n';
  expect(parseInet(HEAD + line, 'tcp')).toEqual([
    {
      inode: '4711',
      protocol: 'tcp',
      local: '127.0.0.1:7411',
      remote: '10.0.0.2:22',
      state: 'ESTABLISHED',
      sendQueue: 500,
      receiveQueue: 10,
      retransmits: 3,
    },
  ]);
});

test('sockets: IPv6 shortened, IPv4 within it as IPv4, one that listens has no other end', () => {
  const of = (local: string, remote: string, state: string) =>
    parseInet(`${HEAD}   0: ${local} ${remote} ${state} 0:0 00:0 0 0 0 1\n`, 'tcp')[0];
  const loopback = '00000000000000000000000001000000:1CF3';
  const nobody = '00000000000000000000000000000000:0000';
  expect(of(loopback, nobody, '0A')).toMatchObject({ local: '[::1]:7411', remote: '', state: 'LISTEN' });
  const mapped = '0000000000000000FFFF00000100007F:0016';
  expect(of(mapped, mapped, '01')).toMatchObject({ local: '127.0.0.1:22', remote: '127.0.0.1:22' });
});

test('sockets: what is no line of a table is passed over', () => {
  expect(parseInet('', 'tcp')).toEqual([]);
  expect(parseInet(`${HEAD}nonsense\n\n`, 'udp')).toEqual([]);
});

test('stacks: names, innermost first, without what every system call ends with', () => {
  const text =
    '[<0>] request_wait_answer+0x1d/0x240\n[<0>] fuse_lookup_name.isra.0+0x9e/0x200\n[<0>] do_syscall_64+0x5d/0x90\n[<0>] entry_SYSCALL_64_after_hwframe+0x76/0xe0\n';
  expect(parseStack(text).slice(0, 2)).toEqual(['request_wait_answer', 'fuse_lookup_name']);
  expect(parseStack(text)).not.toContain('entry_SYSCALL_64_after_hwframe');
  expect(parseStack('')).toEqual([]);
});

test('cgroups: the unit and the container of a process, and whether it is frozen', () => {
  const id = 'ab'.repeat(32);
  const of = (text: string) => parseCgroup(text, (path) => path.includes('frozen'));
  expect(of('0::/system.slice/smbd.service\n')).toMatchObject({ unit: 'smbd.service', container: null });
  expect(of(`0::/system.slice/docker-${id}.scope\n`)).toMatchObject({ container: id.slice(0, 12) });
  expect(of(`12:cpu:/x\n1:name=systemd:/docker/${id}\n`)).toMatchObject({ container: id.slice(0, 12) });
  expect(of('0::/frozen/app.scope\n')).toMatchObject({ frozen: true });
  expect(of('')).toMatchObject({ unit: null, container: null });
});

test('when a thread last ran: about, in wall time; not known of one that was just moved to another processor', () => {
  const moment = new Moment();
  const at = (ms: string) =>
    moment.sinceRan(`cat (9, #threads: 1)\nse.exec_start    :    ${ms}\nse.vruntime : 1.0\n`);
  expect(at('0.000000')).toBeNull();
  const early = at('1000.500000') ?? 0;
  expect((at('3000.500000') ?? 0) - early).toBe(2e6);
  expect(early).toBeLessThan(moment.takenUs);
  expect(moment.sinceRan('')).toBeNull();
});

test('memory: areas with what they map, and which of them no one may read', () => {
  const text = [
    '55d0a0000000-55d0a0002000 r-xp 00001000 fd:01 4711                       /usr/bin/fs (deleted)',
    '7f0000000000-7f0000021000 rw-p 00000000 00:00 0 ',
    '7f1000000000-7f1000004000 r--s 00002000 00:2a 12                         /mnt/x/a b/lib.so',
    '7f2000000000-7f2000001000 ---p 00000000 00:00 0',
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]',
  ].join('\n');
  const areas = parseAreas(text, (device) => (device === 42 ? 'fuse' : 'local'));
  expect(areas.map(({ readable, executable }) => [readable, executable])).toEqual([
    [true, true],
    [true, false],
    [true, false],
    [false, false],
  ]);
  expect(areas[0]?.file).toEqual({
    kind: 'local',
    device: 0xfd * 2 ** 20 + 1,
    inode: '4711',
    offset: 0x1000,
    name: 'fs',
  });
  expect(areas[1]?.file).toBeNull();
  expect(areas[2]?.file).toMatchObject({ kind: 'fuse', device: 42, name: 'lib.so' });
  expect(areaAt(areas, 0x7f0000020fff)).toBe(areas[1]);
  expect(areaAt(areas, 0x7f0000021000)).toBeNull();
  expect(areaAt(areas, 1)).toBeNull();
  expect(areaAt(areas, 2 ** 50)).toBeNull();
});

test('devices: FUSE is told from what is of this machine, and from what others answer for', () => {
  const line = (device: string, type: string) => `36 35 ${device} / /mnt rw,noatime - ${type} source rw`;
  const kinds = kindsOf(
    [
      line('0:42', 'fuse.sshfs'),
      line('8:17', 'fuseblk'),
      line('8:1', 'ext4'),
      line('0:50', 'nfs4'),
      line('0:51', 'virtiofs'),
      line('0:52', 'overlay'),
    ].join('\n'),
  );
  expect([...kinds]).toEqual([
    [42, 'fuse'],
    [8 * 2 ** 20 + 17, 'fuse'],
    [8 * 2 ** 20 + 1, 'local'],
    [50, 'other'],
    [51, 'other'],
    [52, 'local'],
  ]);
});

test('where a thread sleeps: the last two words of its system call, none where it runs', () => {
  expect(placeOf('0 0x0 0x7ffc 0x1 0x0 0x0 0x0 0x7ffc6f10 0x7f28a0d1\n')).toEqual({
    sp: 0x7ffc6f10,
    pc: 0x7f28a0d1,
  });
  expect(placeOf('-1 0x7ffc6f10 0x7f28a0d1\n')).toEqual({ sp: 0x7ffc6f10, pc: 0x7f28a0d1 });
  expect(placeOf('running\n')).toBeNull();
  expect(placeOf('')).toBeNull();
});

const BASE = 0x1000;

/** Code that ends at 0x1020, where words that it goes through are at 0x1040. */
function codeOf(bytes: readonly number[], stub: readonly number[] = []): Code {
  const memory = Buffer.alloc(256, 0x90);
  Buffer.from(bytes).copy(memory, 0x20 - bytes.length);
  Buffer.from(stub).copy(memory, 0x60);
  memory.writeBigUInt64LE(0x5000n, 0x40);
  return {
    bytes: (at, length) => (at < BASE ? null : memory.subarray(at - BASE, at - BASE + length)),
    word: (at) => Number(memory.readBigUInt64LE(at - BASE)),
  };
}

test.each<[string, number[], number | null]>([
  ['direct', [0xe8, 0x40, 0, 0, 0], BASE + 0x60],
  ['through a word near it', [0xff, 0x15, 0x20, 0, 0, 0], 0x5000],
  ['through a register', [0xff, 0xd0], null],
  ['through one of the later registers', [0x41, 0xff, 0xd3], null],
  ['through a word that a register points to', [0xff, 0x13], null],
  ['through a table', [0xff, 0x14, 0xc3], null],
  ['through a table at a fixed place', [0xff, 0x14, 0xc5, 0, 0, 0x40, 0], null],
  ['of a method', [0xff, 0x50, 0x18], null],
  ['of a method on the stack', [0xff, 0x54, 0x24, 8], null],
  ['of a far method', [0xff, 0x90, 0, 1, 0, 0], null],
  ['of a far method on the stack', [0xff, 0x94, 0x24, 0, 1, 0, 0], null],
])('calls: one %s is known by what it ends with', (_how, bytes, target) => {
  expect(callBefore(codeOf(bytes), BASE + 0x20)).toEqual({ target });
});

test.each<[string, number[]]>([
  ['as old linkers write it', [0xff, 0x25, 0xda, 0xff, 0xff, 0xff]],
  ['with a landing mark', [0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0xd6, 0xff, 0xff, 0xff]],
  ['with a landing mark and a prefix', [0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0xd5, 0xff, 0xff, 0xff]],
])('calls: through a stub, %s, to where that leads', (_how, stub) => {
  expect(callBefore(codeOf([0xe8, 0x40, 0, 0, 0], stub), BASE + 0x20)).toEqual({ target: 0x5000 });
});

test.each<[string, number[]]>([
  ['a jump', [0xff, 0x25, 0x20, 0, 0, 0]],
  ['a push', [0xff, 0x70, 0x18]],
  ['a jump through a register', [0xff, 0xe0]],
  ['nothing', []],
])('calls: %s is none', (_what, bytes) => {
  expect(callBefore(codeOf(bytes), BASE + 0x20)).toBeNull();
  expect(callBefore(codeOf(bytes), BASE)).toBeNull();
});
