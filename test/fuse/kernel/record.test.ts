// From the arguments of a request, in each layout that kernels have had, to the record that is shown: through the C of
// the BPF program, compiled for this machine, and the decoder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FLAG, KIND, RECORD } from '../../../fuse/kernel/layout.ts';
import { decodeRecord } from '../../../fuse/kernel/record.ts';
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { opCode } from '../../../shared/ops.ts';
import { describeWith } from '../../support/requires.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope-record-'));
const program = join(dir, 'arguments');
beforeAll(() => {
  const source = new URL('arguments.c', import.meta.url).pathname;
  execFileSync('cc', ['-O1', source, '-o', program]);
});
afterAll(() => rmSync(dir, { recursive: true }));

const NOTHING = Buffer.alloc(0);
const named = (name: string) => Buffer.from(`${name}\0`);
const u32 = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
const u64 = (...values: (number | bigint)[]) => Buffer.from(BigUint64Array.from(values.map(BigInt)).buffer);
const bytes = (...parts: Buffer[]) => Buffer.concat(parts);

/** What the tap makes of these arguments. @param reply the 16 bytes kept of a good answer. */
function seen(op: string, args: readonly Buffer[], reply: readonly bigint[] = [], replyBytes = 16) {
  const words = [String(opCode(op)), ...args.map((arg) => arg.toString('hex'))];
  const [head = '', first = '', second = '', flags = '', tail = ''] = execFileSync(program, words, {
    encoding: 'utf8',
  }).split(' ');
  const buffer = Buffer.alloc(RECORD.tail + tail.length / 2);
  buffer.writeUInt32LE(opCode(op), RECORD.opcode);
  buffer.writeBigUInt64LE(77n, RECORD.nodeid);
  buffer.writeUInt8(KIND.DONE, RECORD.kind);
  buffer.writeUInt32LE(replyBytes, RECORD.replyBytes);
  for (const [i, value] of reply.entries()) buffer.writeBigUInt64LE(value, RECORD.reply + 8 * i);
  buffer.writeUInt8(Number(head), RECORD.headBytes);
  buffer.writeUInt8(Number(flags) | (reply.length > 0 ? FLAG.ANSWERED : 0), RECORD.flags);
  buffer.writeUInt16LE(Number(first), RECORD.nameBytes);
  buffer.writeUInt16LE(Number(second), RECORD.nameBytes + 2);
  buffer.write(tail, RECORD.tail, 'hex');
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  return { record: decodeRecord({ buffer, view }, 0), cut: (Number(flags) & FLAG.CUT) !== 0 };
}

/** An operation, its arguments in the layouts there have been, and what is to be seen. */
type Case = readonly [op: string, layouts: readonly (readonly Buffer[])[], fields: Partial<TapRecord>];
const CASES: readonly Case[] = [
  // The name first; after an empty argument; with its NUL apart.
  ...['lookup', 'unlink', 'rmdir', 'removexattr'].map(
    (op): Case => [
      op,
      [[named('a')], [NOTHING, named('a')], [NOTHING, Buffer.from('a'), Buffer.from('\0')]],
      { name: 'a', newName: null, args: op === 'removexattr' ? { name: 'a' } : null },
    ],
  ),
  [
    'symlink',
    [
      [named('a'), named('to/b')],
      [NOTHING, named('a'), named('to/b')],
    ],
    { name: 'a', newName: null, args: { target: 'to/b' } },
  ],
  ['mkdir', [[u32(0o755, 0o22), named('d')]], { name: 'd', args: { mode: 0o755 } }],
  // As new_encode_dev packs 259:300.
  [
    'mknod',
    [[u32(0o20644, 0x2c | (259 << 8) | (0x100 << 12), 0, 0), named('p')]],
    { name: 'p', args: { mode: 0o20644, rdev: '259:300' } },
  ],
  ['mknod', [[u32(0o10644, 0, 0, 0), named('p')]], { name: 'p', args: { mode: 0o10644 } }],
  [
    'create',
    [
      [u32(0x8241, 0o100644, 0o22, 0), named('f')],
      // A security context behind the name.
      [u32(0x8241, 0o100644, 0o22, 0), named('f'), Buffer.alloc(64, 1)],
    ],
    { name: 'f', args: { flags: 0x8241, mode: 0o100644 } },
  ],
  ['rename', [[u64(9), named('a'), named('b')]], { nodeid: 77, name: 'a', newParent: 9, newName: 'b' }],
  [
    'rename2',
    [[bytes(u64(9), u32(2, 0)), named('a'), named('b')]],
    { name: 'a', newParent: 9, newName: 'b', args: { flags: 2 } },
  ],
  ['link', [[u64(5), named('b')]], { nodeid: 5, name: null, newParent: 77, newName: 'b' }],
  ['open', [[u32(0x8000, 0)]], { args: { flags: 0x8000 } }],
  ['read', [[bytes(u64(3, 4096), u32(512, 0), u64(0), u32(0, 0))]], { fh: 3, offset: 4096, size: 512 }],
  ['write', [[bytes(u64(3, 2n ** 60n), u32(512, 0)), Buffer.alloc(100)]], { offset: (2n ** 60n).toString() }],
  ['release', [[bytes(u64(3), u32(1, 0), u64(0))]], { fh: 3, args: { flags: 1 } }],
  ['fsync', [[bytes(u64(3), u32(1, 0))]], { fh: 3, args: { dataOnly: true } }],
  ['flush', [[bytes(u64(3), u32(0, 0), u64(1))]], { fh: 3 }],
  // With and without the fields that FUSE_SETXATTR_EXT added.
  [
    'setxattr',
    [
      [u32(3, 1), named('user.a'), Buffer.from('xyz')],
      [u32(3, 1, 0, 0), named('user.a'), Buffer.from('xyz')],
    ],
    { name: 'user.a', size: 3, args: { name: 'user.a', flags: 1 } },
  ],
  ['getxattr', [[u32(256, 0), named('user.a')]], { name: 'user.a', size: 256, args: { name: 'user.a' } }],
  ['getattr', [[bytes(u32(1, 0), u64(3))]], { fh: 3 }],
  ['access', [[u32(4, 0)]], { args: { mask: 4 } }],
  ['fallocate', [[bytes(u64(3, 10, 20), u32(1, 0))]], { fh: 3, offset: 10, size: 20, args: { mode: 1 } }],
  ['lseek', [[bytes(u64(3, 10), u32(4, 0))]], { fh: 3, offset: 10, args: { whence: 4 } }],
  [
    'setlkw',
    [[bytes(u64(3, 8, 0, 99), u32(1, 41), u32(0, 0))]],
    { fh: 3, args: { start: 0, end: 99, type: 'write', owner: 8 } },
  ],
  [
    'setlk',
    [[bytes(u64(3, 8, 0, 2n ** 63n - 1n), u32(1, 41), u32(1, 0))]],
    { fh: 3, args: { start: 0, end: (2n ** 63n - 1n).toString(), type: 'write', owner: 8, flock: true } },
  ],
  [
    'getlk',
    [[bytes(u64(3, 8, 5, 9), u32(0, 41), u32(0, 0))]],
    { fh: 3, args: { start: 5, end: 9, type: 'read', owner: 8 } },
  ],
  ['poll', [[bytes(u64(3, 9), u32(1, 0x41))]], { fh: 3, args: { flags: 1, events: 0x41 } }],
  ['bmap', [[bytes(u64(7), u32(4096, 0))]], { fh: null, args: { block: 7, blockSize: 4096 } }],
  [
    'statx',
    [[bytes(u32(1, 0), u64(3), u32(0, 0xfff))], [bytes(u32(0, 0), u64(0), u32(0, 0xfff))]],
    { args: { mask: 0xfff } },
  ],
  // Its name, of which the kernel makes one, is in newer kernels; a security context may follow.
  [
    'tmpfile',
    [
      [u32(0x410002, 0o100640, 0o22, 0), named('#1')],
      [u32(0x410002, 0o100640, 0o22, 0), named('#1'), Buffer.alloc(64, 1)],
    ],
    { name: '#1', args: { flags: 0x410002, mode: 0o100640 } },
  ],
  ['opendir', [[u32(0x18000, 0)]], { args: { flags: 0x18000 } }],
  ...['readdir', 'readdirplus'].map(
    (op): Case => [
      op,
      [[bytes(u64(3, 16), u32(4096, 0), u64(0), u32(0x18000, 0))]],
      { fh: 3, offset: 16, size: 4096 },
    ],
  ),
  ['listxattr', [[u32(64, 0)]], { size: 64, name: null, args: null }],
  ['fsyncdir', [[bytes(u64(3), u32(0, 0))]], { fh: 3, args: { dataOnly: false } }],
  ['releasedir', [[bytes(u64(3), u32(0x18000, 0), u64(0))]], { fh: 3, args: { flags: 0x18000 } }],
  ['ioctl', [[bytes(u64(3), u32(0, 21505), u64(0), u32(0, 8))]], { fh: 3 }],
  ['copy_file_range', [[u64(3, 10, 6, 4, 20, 30, 0)]], { fh: 3, offset: 10, size: 30 }],
  ['interrupt', [[u64(1234)]], { args: { unique: 1234 } }],
];

describeWith(['cc'], 'a record of the BPF tap', () => {
  for (const [op, layouts, fields] of CASES) {
    for (const [i, args] of layouts.entries())
      test(`of ${op} is read right (layout ${i + 1} of ${layouts.length})`, () => {
        expect(seen(op, args).record).toMatchObject(fields);
      });
  }

  test('of setattr holds what its mask says, and no more', () => {
    const head = bytes(u32(1 | 8 | 32, 0), u64(3, 100, 0, 1, 2, 3), u32(4e6, 5e6, 6e6, 0o100600, 0, 7, 8, 0));
    const { record } = seen('setattr', [head]);
    expect(record).toMatchObject({ size: 100, fh: null });
    expect(record.args).toEqual({ valid: 41, mode: 0o100600, mtimeMs: 2005 });
  });

  test('holds what the answer says', () => {
    expect(seen('write', [bytes(u64(3, 0), u32(512, 0))], [(7n << 32n) | 100n]).record.bytes).toBe(100);
    expect(seen('read', [bytes(u64(3, 0), u32(512, 0))], [], 116).record.bytes).toBe(100);
    expect(seen('open', [u32(0, 0)], [9n]).record.fh).toBe(9);
    expect(seen('create', [u32(0, 0, 0, 0), named('f')], [5n, 9n]).record).toMatchObject({
      replyNodeid: 5,
      fh: 9,
    });
    expect(seen('lookup', [named('f')], [5n, (2n << 48n) | 1234n]).record).toMatchObject({
      replyNodeid: 5,
      replyLinks: 2,
      replyIno: 1234,
    });
    expect(seen('lseek', [bytes(u64(3, 10), u32(4, 0))], [4096n]).record.args).toMatchObject({ found: 4096 });
    expect(seen('getxattr', [u32(0, 0), named('a')], [], 24).record.bytes).toBeNull();
    expect(seen('getxattr', [u32(64, 0), named('a')], [], 24).record.bytes).toBe(8);
  });

  test('has the longest names whole and tells of a link target that was cut', () => {
    const long = 'x'.repeat(255);
    const rename = seen('rename', [u64(9), named(long), named(long)]);
    expect(rename).toMatchObject({ record: { name: long, newName: long }, cut: false });
    const symlink = seen('symlink', [NOTHING, named('a'), named('y'.repeat(4095))]);
    expect(symlink.cut).toBe(true);
    expect(symlink.record.args).toEqual({ target: 'y'.repeat(256), targetCut: true });
  });

  test('of a look-up that found nothing is an error, though the answer was none', () => {
    const { record } = seen('lookup', [named('f')], [0n, 0n]);
    expect(record).toMatchObject({ errno: 2, replyNodeid: 0, args: { negative: true } });
    // What was not read of an answer says nothing.
    expect(seen('lookup', [named('f')]).record).toMatchObject({ errno: 0, replyNodeid: null, args: null });
  });

  // The kernel that the project is tested on has no fuse_request_sent, so no mount of it can show this.
  test('tells the time in the queue where the kernel says when the daemon took it', () => {
    const times = (startNs: bigint, pickedNs: bigint) => {
      const buffer = Buffer.alloc(RECORD.tail);
      buffer.writeUInt8(KIND.DONE, RECORD.kind);
      buffer.writeBigUInt64LE(startNs, RECORD.startNs);
      buffer.writeBigUInt64LE(pickedNs, RECORD.pickedNs);
      buffer.writeBigUInt64LE(5_000n, RECORD.durationNs);
      return decodeRecord({ buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length) }, 0);
    };
    expect(times(2n ** 40n, 2n ** 40n + 1_500n)).toMatchObject({ queueNs: 1_500, durationNs: 5_000 });
    expect(times(2n ** 40n, 0n)).toMatchObject({ queueNs: null, durationNs: 5_000 });
  });

  test('of an opcode that the table lacks has no arguments', () => {
    expect(seen('op-61', [u64(1), named('a')]).record).toMatchObject({ name: null, args: null });
    expect(seen('op-4096', [u64(1)]).record).toMatchObject({ name: null, args: null });
  });
});
