// Logs that programs print here and now, on real mounts, read by their readers.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readMountinfo } from '../../../fuse/mountinfo.ts';
import { provideTracefs } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { CHORES, type Logged, logged } from './logged.ts';
import { pathsOf, readLog } from './reading.ts';

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.clean());

describeWith(['fuse', 'bindfs'], 'bindfs -d', () => {
  it('is read to the last request', async () => {
    const { log } = await logged(place, 'bindfs', 'bindfs', (source, at) => [
      '-d',
      '--no-allow-other',
      source,
      at,
    ]);
    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 'libfuse', open: 0, unpaired: 0, rejected: 0 });
    expect(pathsOf(read, 'lookup')).toEqual(expect.arrayContaining(['/a.txt', '/nope', '/new']));
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
      place,
      'loggedfs',
      'loggedfs',
      (source) => ['-f', '-c', config, '-p', source],
      { over: true },
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
    const { log } = await logged(place, 'rclone', 'rclone', (source, at) => ['mount', source, at, '-vv']);
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
    const { log } = await logged(place, 'sshfs', 'sshfs', (source, at) => [
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
      await logged(place, 'traced', 'bindfs', (source, at) => ['-f', source, at]);
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

describeWith(['fuse', 'root', 'bindfs', 'trace-cmd'], 'trace-cmd report', () => {
  it('is read: every request with the answer that the daemon says it gave', async () => {
    provideTracefs();
    const tracefs = readMountinfo().find((entry) => entry.fsType === 'tracefs')?.mountpoint ?? '';
    const buffer = `fusescope-test-${process.pid}`;
    const file = join(place.dir, 'trace.dat');
    let traced: Logged;
    try {
      // -B: a buffer of its own. -d and -k: what belongs to the function tracer is left alone, as some machines ask.
      const record = [
        'trace-cmd',
        'record',
        '-q',
        '-k',
        '-d',
        '-B',
        buffer,
        '-e',
        'fuse',
        '-o',
        file,
      ] as const;
      const chores = `cd "$0"; ${CHORES}`;
      const mountpoint = place.make('trace-cmd');
      traced = await logged(
        place,
        'trace-cmd',
        'bindfs',
        (source, at) => ['-d', '--no-allow-other', source, at],
        {
          command: [...record, 'sh', '-c', chores, mountpoint],
          cwd: place.dir,
        },
      );
    } finally {
      const instance = join(tracefs, 'instances', buffer);
      if (existsSync(instance)) rmdirSync(instance);
    }
    const read = readLog(execFileSync('trace-cmd', ['report', file], { encoding: 'utf8' }));
    expect(read.report).toMatchObject({ format: 'ftrace', open: 0, unpaired: 0, rejected: 0, foreign: 0 });

    // Other mounts of this machine are in it too; ours is the one that a file was removed from.
    const { mount } = read.operations.find((one) => one.op === 'unlink' && one.comm === 'rm') ?? {};
    expect(mount).toMatch(new RegExp(`^connection \\d+ \\(${buffer}\\)$`));
    const ours = read.operations.filter((one) => one.mount === mount);
    const told = new Map(readLog(traced.log).operations.map((one) => [one.id, one]));
    expect(ours.length).toBeGreaterThan(15);
    expect(ours.map(({ id, op, errno }) => ({ id, op, errno }))).toEqual(
      ours.map(({ id }) => ({ id, op: told.get(id)?.op, errno: told.get(id)?.errno })),
    );
    for (const one of ours) expect(one.durNs).toBeGreaterThan(0);

    // As the chores have it, by who did it.
    const did = (comm: string) => ours.filter((one) => one.comm === comm).map((one) => [one.op, one.errno]);
    expect(did('cat')).toEqual(
      expect.arrayContaining([
        ['open', 0],
        ['read', 0],
        ['release', 0],
        ['lookup', 2],
      ]),
    );
    expect(did('sh')).toEqual(
      expect.arrayContaining([
        ...[
          ['create', 0],
          ['write', 0],
        ],
      ]),
    );
    expect(did('mv')).toContainEqual([expect.stringMatching(/^rename2?$/), 0]);
    expect(did('rm')).toContainEqual(['unlink', 0]);
  });
});
