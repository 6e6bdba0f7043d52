// Operations that few programs make and few daemons let through, made by real system calls on a file system that answers
// them all: with the arguments and answers that the tap must tell. What no kernel of a plain mount sends (SETUPMAPPING,
// REMOVEMAPPING and SYNCFS are virtiofs's alone, NOTIFY_REPLY is not traced) is not among them.
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { type Daemon, startDaemon } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';
import { describeTap, type Heard, listen } from './bpf.ts';

const FILE = { nodeid: 2, errno: 0, comm: 'rare-calls', fh: 72 } as const;
const ROOT = { nodeid: 1, errno: 0, comm: 'rare-calls', fh: 71 } as const;
const INT64_MAX = (2n ** 63n - 1n).toString();
const owner = expect.anything();
const lock = (start: number, end: number | string, type: string) => ({
  ...FILE,
  args: { start, end, type, owner },
});

const flock = lock(0, INT64_MAX, 'write');
Object.assign(flock.args, { flock: true });

/** Of rare-calls.c, in its order. */
const CALLED: Readonly<Record<string, readonly object[]>> = {
  opendir: [{ ...ROOT, args: { flags: expect.any(Number) } }],
  fsyncdir: [{ ...ROOT, args: { dataOnly: false } }],
  readdir: [
    { ...ROOT, offset: 0, size: expect.any(Number), bytes: 32 },
    { ...ROOT, offset: 1, bytes: 0 },
  ],
  releasedir: [{ nodeid: 1, errno: 0, fh: 71, args: { flags: expect.any(Number) } }],
  getlk: [lock(3, 9, 'read')],
  setlk: [lock(10, 10, 'write'), lock(10, 10, 'unlock'), flock],
  setlkw: [lock(20, INT64_MAX, 'read')],
  // POLLIN and what poll adds by itself; no flag, as nobody waits.
  poll: [{ ...FILE, args: { flags: 0, events: expect.any(Number) } }],
  lseek: [{ ...FILE, offset: 10, args: { whence: 4, found: 4096 } }],
  fallocate: [{ ...FILE, offset: 30, size: 40, args: { mode: 1 } }],
  copy_file_range: [
    {
      ...FILE,
      offset: 50,
      size: 100,
      bytes: 100,
      args: { toNodeid: 2, toFh: 72, toOffset: 1000, flags: 0 },
    },
  ],
  // Asked by name, so without an open file: STATX_BASIC_STATS and STATX_BTIME.
  statx: [{ ...FILE, fh: null, args: { mask: 0xfff } }],
  listxattr: [
    { ...FILE, fh: null, size: 0, bytes: null },
    { ...FILE, fh: null, size: 64, bytes: 7 },
  ],
  tmpfile: [{ ...ROOT, fh: 73, replyNodeid: 3, args: { flags: expect.any(Number), mode: 0o100640 } }],
  rename2: [{ ...ROOT, fh: null, name: 'a', newName: 'b', newParent: 1, args: { flags: 1 } }],
};

describeTap('the BPF tap', () => {
  describeWith(['cc', 'losetup'], 'on operations that are rare', () => {
    const place = new Workplace();
    const daemon = join(place.dir, 'rare-fs');
    const calls = join(place.dir, 'rare-calls');
    let plain: Daemon;
    let block: Daemon;
    let loop = '';
    let heard: Heard;

    beforeAll(async () => {
      for (const program of [daemon, calls]) {
        const source = new URL(`${program.split('/').at(-1)}.c`, import.meta.url).pathname;
        execFileSync('cc', ['-O1', '-Wall', source, '-o', program]);
      }
      const image = join(place.dir, 'image');
      writeFileSync(image, '');
      truncateSync(image, 1 << 20);
      loop = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim();
      const mount = async (name: string, ...more: string[]) => {
        const mountpoint = place.make(name);
        return startDaemon(daemon, [mountpoint, ...more], '', mountpoint);
      };
      plain = await mount('plain');
      block = await mount('block', loop);
      heard = await listen([plain, block]);
    });
    afterAll(async () => {
      await heard.tap.close();
      for (const { mountpoint } of [plain, block]) await run('umount', ['-l', mountpoint]);
      await run('losetup', ['-d', loop]);
      await place.clean();
    });

    /** Makes the calls. @returns what they printed, and the finished operations of each kind. */
    async function make({ mountpoint, connection }: Daemon) {
      const { status, stdout, stderr } = await run(calls, [mountpoint]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const of = (op: string): TapRecord[] => heard.of(op).filter((one) => one.connection === connection);
      await until('the last look-up', () => of('lookup').some(({ name }) => name === 'last'));
      // Closing does not wait for its answer.
      await until('each close', () => of('release').length === 3 && of('releasedir').length === 1);
      return { stdout, of };
    }

    test('tells each with its arguments and its answer', async () => {
      const { stdout, of } = await make(plain);
      for (const [op, expected] of Object.entries(CALLED)) expect(of(op), op).toMatchObject(expected);
      // Only a file system on a block device is asked.
      expect(of('bmap')).toEqual([]);
      expect(stdout).toBe('0\n');
      expect(heard.tap.doubts).toEqual([]);
    });

    test('tells them of a file system on a block device too, and BMAP', async () => {
      const { stdout, of } = await make(block);
      for (const [op, expected] of Object.entries(CALLED)) expect(of(op), op).toMatchObject(expected);
      expect(of('bmap')).toMatchObject([
        { ...FILE, fh: null, args: { block: 7, blockSize: 4096, toBlock: 1234 } },
      ]);
      expect(stdout).toBe('1234\n');
      expect(heard.losses).toEqual([]);
    });
  });
});
