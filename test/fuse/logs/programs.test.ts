// Logs that programs print here and now, on real mounts, read by their readers.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { mountAt, readMountinfo } from '../../../fuse/mountinfo.ts';
import { provideTracefs } from '../../support/daemons.ts';
import { run, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { type S3Server, startS3 } from '../../support/s3-server.ts';
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

interface LoggedOptions {
  /** The daemon mounts over its source. */
  over?: boolean;
  /** What is done on the mount: a command, and where it runs. */
  command?: readonly [program: string, ...args: string[]];
  cwd?: string;
}

/** Runs a daemon in the foreground with its output in a file, does the chores on its mount, and unmounts. */
async function logged(
  name: string,
  program: string,
  args: (source: string, mountpoint: string) => string[],
  options: LoggedOptions = {},
): Promise<Logged> {
  const source = place.make(`${name}-source`);
  const mountpoint = options.over ? source : place.make(name);
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
  const [does, ...words] = options.command ?? ['sh', '-c', CHORES];
  const done = await run(does, words, { cwd: options.cwd ?? mountpoint });
  await until('the mount to be free', async () => (await run('fusermount', ['-u', mountpoint])).status === 0);
  await ended;
  expect(done).toMatchObject({ status: 0 });
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
      traced = await logged('trace-cmd', 'bindfs', (source, at) => ['-d', '--no-allow-other', source, at], {
        command: [...record, 'sh', '-c', chores, mountpoint],
        cwd: place.dir,
      });
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

describeWith(['fuse', 's3fs'], 's3fs -f -d', () => {
  let s3: S3Server;
  beforeEach(async () => {
    s3 = await startS3();
  });
  afterEach(() => s3.close());

  /** Every sort of operation; a name with brackets, a folder that is renamed with what is in it, and a refusal. */
  const S3_CHORES = [
    'set -e',
    'cd "$0"',
    'ls > "$1"',
    'cat a.txt >/dev/null',
    '! cat nope 2>/dev/null',
    '! cat locked 2>/dev/null',
    'echo new > new',
    "mv new 'b [c].txt'",
    'mkdir dir',
    'echo in > dir/in',
    'mv dir moved',
    'ln -s a.txt link',
    "rm 'b [c].txt' link",
    'rm moved/in',
    'rmdir moved',
  ].join('\n');

  async function s3Logged(
    name: string,
    options: readonly string[],
  ): Promise<{ log: string; listed: string }> {
    const owner = { 'x-amz-meta-uid': `${process.getuid?.()}`, 'x-amz-meta-gid': `${process.getgid?.()}` };
    for (const key of ['a.txt', 'é & <x>'])
      s3.objects.set(key, {
        body: Buffer.from('hello\n'),
        headers: { ...owner, 'x-amz-meta-mode': '33188' },
        modified: new Date(),
      });
    s3.denied.add('locked');
    const password = join(place.dir, `${name}.passwd`);
    writeFileSync(password, 'some:one\n', { mode: 0o600 });
    const listing = join(place.dir, `${name}.listing`);
    const all = ['use_path_request_style', `url=${s3.url}`, `passwd_file=${password}`, ...options].join(',');
    const { log } = await logged(name, 's3fs', (_, at) => ['bucket', at, '-f', '-d', '-o', all], {
      command: ['sh', '-c', S3_CHORES, place.make(name), listing],
      // Not on the mount: starting a program there would wait for a server that waits in this very process.
      cwd: '/',
    });
    return { log, listed: readFileSync(listing, 'utf8') };
  }

  const QUIET = new Set(['getattr', 'access', 'flush', 'opendir', 'readdir', 'statfs']);
  /** What was done, without what the kernel asks for of its own accord. */
  const done = (read: ReturnType<typeof readLog>) =>
    read.operations
      .filter((one) => !QUIET.has(one.op))
      .map(({ op, path, newPath }) => (newPath === null ? [op, path] : [op, path, newPath]));
  const DONE = [
    ['open', '/a.txt'],
    ['release', '/a.txt'],
    ['create', '/new'],
    ['release', '/new'],
    ['rename', '/new', '/b [c].txt'],
    ['mkdir', '/dir'],
    ['create', '/dir/in'],
    ['release', '/dir/in'],
    ['rename', '/dir', '/moved'],
    ['symlink', '/link'],
    ['unlink', '/b [c].txt'],
    ['unlink', '/link'],
    ['unlink', '/moved/in'],
    ['rmdir', '/moved'],
  ];

  it('is read: each operation once, none that s3fs does for itself, and what the server refused', async () => {
    const { log, listed } = await s3Logged('s3fs', ['dbglevel=info']);
    expect(listed).toBe('a.txt\né & <x>\n');
    expect([...s3.objects.keys()]).toEqual(['a.txt', 'é & <x>']);

    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 's3fs', open: 0, unpaired: 0, rejected: 0, foreign: 0 });
    expect(done(read)).toEqual(DONE);
    expect(paths(read, 'getattr')).toEqual(expect.arrayContaining(['/', '/nope', '/locked', '/é & <x>']));
    expect(paths(read, 'readdir')).toEqual(['/']);
    expect(read.operations.find((one) => one.op === 'release')?.fh).toBeTypeOf('number');
    expect(read.operations.find((one) => one.op === 'symlink')?.args).toEqual({ target: 'a.txt' });
    // It tells of no ends.
    for (const one of read.operations) expect(one).toMatchObject({ state: 'lost', errno: null, durNs: null });
    expect(read.problems).toContainEqual(
      expect.objectContaining({ level: 'error', text: expect.stringContaining('403') }),
    );
  });

  it('is read with dbglevel=debug too: reads and writes, and no getattr twice', async () => {
    const options = ['dbglevel=debug', 'listobjectsv2', 'list_object_max_keys=1'];
    const { log, listed } = await s3Logged('s3fs-debug', options);
    expect(listed).toBe('a.txt\né & <x>\n');
    expect(s3.requests.some((one) => one.includes('continuation-token='))).toBe(true);

    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 's3fs', open: 0, unpaired: 0, rejected: 0, foreign: 0 });
    const io = (one: readonly (string | null)[]) => one[0] === 'read' || one[0] === 'write';
    expect(done(read).filter((one) => !io(one))).toEqual(DONE);
    expect(done(read).filter(io)).toEqual([
      ['read', '/a.txt'],
      ['write', '/new'],
      ['write', '/dir/in'],
    ]);
    expect(read.operations.find((one) => one.op === 'write')).toMatchObject({ size: 4, offset: 0 });
    const asked = log.split('\n').filter((line) => /\[INF\] s3fs\.cpp:s3fs_getattr\(\d+\)/.test(line));
    expect(read.operations.filter((one) => one.op === 'getattr')).toHaveLength(asked.length);
  });
});
