// Logs that programs print here and now, on real mounts, read by their readers.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mountAt, readMountinfo } from '../../../fuse/mountinfo.ts';
import { provideTracefs } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';
import { readLog } from './reading.ts';

/** What every daemon is made to do, in a shell of its own: a file that is there and one that is not, and a new one. */
const CHORES =
  'ls >/dev/null; cat a.txt >/dev/null; cat nope 2>/dev/null; echo new > new; mv new newer; rm newer; true';

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.clean());

interface Logged {
  mountpoint: string;
  log: string;
}

/** Runs a daemon in the foreground with its output in a file, does the chores on its mount, and unmounts. */
async function logged(
  name: string,
  program: string,
  args: (source: string, mountpoint: string) => string[],
  over = false,
): Promise<Logged> {
  const source = place.make(`${name}-source`);
  const mountpoint = over ? source : place.make(name);
  writeFileSync(join(source, 'a.txt'), 'hello\n');
  const file = join(place.dir, `${name}.log`);
  const out = openSync(file, 'w');
  const child: ChildProcess = spawn(program, args(source, mountpoint), {
    stdio: ['ignore', out, out],
    cwd: '/',
  });
  closeSync(out);
  const ended = once(child, 'exit');
  await until(`${program} to mount`, () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${readFileSync(file, 'utf8')}`);
    return mountAt(mountpoint);
  });
  await run('sh', ['-c', CHORES], { cwd: mountpoint });
  await until('the mount to be free', async () => (await run('fusermount', ['-u', mountpoint])).status === 0);
  await ended;
  return { mountpoint, log: readFileSync(file, 'utf8') };
}

function paths(log: ReturnType<typeof readLog>, op: string): (string | null)[] {
  return [...new Set(log.operations.filter((one) => one.op === op).map((one) => one.path))];
}

describeWith(['fuse', 'bindfs'], 'bindfs -d', () => {
  it('is read to the last request', async () => {
    const { log } = await logged('bindfs', 'bindfs', (source, at) => ['-d', '--no-allow-other', source, at]);
    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 'libfuse', open: 0, unpaired: 0, rejected: 0 });
    expect(paths(read, 'lookup')).toEqual(expect.arrayContaining(['/a.txt', '/nope', '/new']));
    expect(read.operations.find((one) => one.op === 'read')).toMatchObject({
      path: '/a.txt',
      bytes: 6,
      errno: 0,
    });
    expect(read.operations.find((one) => one.path === '/nope')).toMatchObject({ errno: 2 });
    expect(read.operations.find((one) => one.op === 'rename')).toMatchObject({
      path: '/new',
      newPath: '/newer',
    });
    expect(read.operations.find((one) => one.op === 'unlink')).toMatchObject({ path: '/newer', errno: 0 });
  });
});

describeWith(['fuse', 'root', 'loggedfs'], 'LoggedFS', () => {
  it('is read, and knows where it is mounted', async () => {
    const config = join(place.dir, 'loggedfs.xml');
    writeFileSync(
      config,
      '<?xml version="1.0"?><loggedFS logEnabled="true" printProcessName="true"><includes><include extension=".*" uid="*" action=".*" retname=".*"/></includes></loggedFS>',
    );
    const { log, mountpoint } = await logged(
      'loggedfs',
      'loggedfs',
      (source) => ['-f', '-c', config, '-p', source],
      true,
    );
    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 'loggedfs', open: 0, unpaired: 0, rejected: 0 });
    expect(read.mounts).toContain(mountpoint);
    expect(read.operations.find((one) => one.op === 'read')).toMatchObject({
      path: '/a.txt',
      bytes: 6,
      comm: 'cat',
    });
    expect(read.operations.find((one) => one.op === 'rename')).toMatchObject({
      path: '/new',
      newPath: '/newer',
    });
    expect(read.operations.find((one) => one.path === '/nope')?.args).toEqual({ result: 'FAILURE' });
  });
});

describeWith(['fuse', 'rclone'], 'rclone mount -vv', () => {
  it('is read, each operation once', async () => {
    const { log } = await logged('rclone', 'rclone', (source, at) => ['mount', source, at, '-vv']);
    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 'rclone', open: 0, unpaired: 0, rejected: 0, foreign: 0 });
    const opens = read.operations.filter((one) => one.op === 'open' && one.path === '/a.txt');
    expect(opens).toHaveLength(1);
    expect(read.operations.find((one) => one.op === 'read')).toMatchObject({
      path: '/a.txt',
      bytes: 6,
      errno: 0,
    });
    expect(read.operations.find((one) => one.path === '/nope')).toMatchObject({ op: 'lookup', errno: 2 });
    expect(read.operations.find((one) => one.op === 'rename')).toMatchObject({
      path: '/new',
      newPath: '/newer',
    });
  });
});

describeWith(['fuse', 'sshfs'], 'sshfs -d', () => {
  it('is read: the requests behind the operations', async () => {
    const command = join(place.dir, 'sftp.sh');
    writeFileSync(command, '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n');
    chmodSync(command, 0o755);
    const { log } = await logged('sshfs', 'sshfs', (source, at) => [
      '-d',
      '-o',
      `ssh_command=${command}`,
      `localhost:${source}`,
      at,
    ]);
    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 'sshfs', open: 0, unpaired: 0, rejected: 0 });
    const ops = read.operations.map((one) => one.op);
    expect(ops).toEqual(expect.arrayContaining(['getattr', 'open', 'read', 'write', 'release', 'unlink']));
    expect(read.operations.find((one) => one.op === 'read' && (one.bytes ?? 0) > 0)).toMatchObject({
      bytes: 6,
    });
  });
});

describeWith(['strace'], 'strace -f -ttt -T -y', () => {
  it('is read, with calls that go on later, and only below the mount', async () => {
    const dir = place.make('strace');
    const out = join(place.dir, 'strace.out');
    writeFileSync(join(dir, 'a.txt'), 'hello\n');
    const several = 'cat a.txt & cat a.txt & cat nope & wait; mv a.txt b.txt';
    await run('strace', ['-f', '-ttt', '-T', '-y', '-o', out, 'sh', '-c', several], { cwd: dir });
    const read = readLog(readFileSync(out, 'utf8'), { mount: dir });
    expect(read.report).toMatchObject({ format: 'strace', open: 0, unpaired: 0, rejected: 0, foreign: 0 });
    const opened = read.operations.filter((one) => one.op === 'open');
    expect(opened.map((one) => [one.path, one.errno]).toSorted()).toEqual([
      ['/a.txt', 0],
      ['/a.txt', 0],
      ['/nope', 2],
    ]);
    expect(read.operations.filter((one) => one.op === 'read' && one.bytes === 6)).toHaveLength(2);
    expect(read.operations.find((one) => one.op === 'rename')).toMatchObject({
      path: '/a.txt',
      newPath: '/b.txt',
    });
    for (const one of read.operations) expect(one.durNs).not.toBeNull();
  });
});

describeWith(['fuse', 'root', 'bindfs'], 'the kernel’s trace as text', () => {
  it('is read as tracefs prints it', async () => {
    provideTracefs();
    const tracefs = readMountinfo().find((entry) => entry.fsType === 'tracefs')?.mountpoint ?? '';
    const instance = join(tracefs, 'instances', `fusescope-test-${process.pid}`);
    mkdirSync(instance);
    try {
      writeFileSync(join(instance, 'events/fuse/enable'), '1');
      await logged('traced', 'bindfs', (source, at) => ['-f', source, at]);
      writeFileSync(join(instance, 'events/fuse/enable'), '0');
      const read = readLog(readFileSync(join(instance, 'trace'), 'utf8'));
      expect(read.report).toMatchObject({ format: 'ftrace', rejected: 0, foreign: 0 });
      // Other mounts of this machine are in it too; some operation of a cat that failed is ours.
      expect(
        read.operations.some((one) => one.op === 'lookup' && one.comm === 'cat' && one.errno === 2),
      ).toBe(true);
      expect(read.operations.some((one) => one.op === 'read' && (one.durNs ?? 0) > 0)).toBe(true);
    } finally {
      rmdirSync(instance);
    }
  });
});
