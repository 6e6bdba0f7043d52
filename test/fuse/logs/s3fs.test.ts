// The log of a real s3fs, on a bucket of a server in this process, read by its reader.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { type S3Server, startS3 } from '../../support/s3-server.ts';
import { logged } from './logged.ts';
import { pathsOf, readLog } from './reading.ts';

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.clean());

/** Every sort of operation; a name with brackets, a folder that is renamed with what is in it, and a refusal. */
const S3_CHORES = [
  'set -e',
  'cd "$0"',
  'ls > "$1"',
  'ls -l >/dev/null',
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

interface S3Logged {
  log: string;
  /** What `ls` printed. */
  listed: string;
  /** The server, closed. */
  s3: S3Server;
}

async function s3Logged(name: string, options: readonly string[], pageKeys?: number): Promise<S3Logged> {
  const s3 = await startS3(pageKeys);
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
  try {
    const { log } = await logged(place, name, 's3fs', (_, at) => ['bucket', at, '-f', '-d', '-o', all], {
      command: ['sh', '-c', S3_CHORES, place.make(name), listing],
      // Not on the mount: starting a program there would wait for a server that waits in this very process.
      cwd: '/',
    });
    return { log, listed: readFileSync(listing, 'utf8'), s3 };
  } finally {
    await s3.close();
  }
}

const QUIET = new Set(['getattr', 'access', 'flush', 'opendir', 'readdir', 'statfs']);
/** What was done, without what the kernel asks for of its own accord. */
const done = (read: ReturnType<typeof readLog>) =>
  read.operations
    .filter((one) => !QUIET.has(one.op))
    .map(({ op, path, newPath }) => (newPath === null ? [op, path] : [op, path, newPath]));
/** The same by the chores; s3fs lets root open a file whose attributes it may not have, and nobody else. */
const DONE = [
  ['open', '/a.txt'],
  ['release', '/a.txt'],
  ['open', '/locked'],
  ...(process.getuid?.() === 0 ? [['release', '/locked']] : []),
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

describeWith(['fuse', 's3fs'], 's3fs -f -d', () => {
  it('is read: each operation once, none that s3fs does for itself, and what the server refused', async () => {
    const { log, listed, s3 } = await s3Logged('s3fs', ['dbglevel=info']);
    expect(listed).toBe('a.txt\né & <x>\n');
    expect([...s3.objects.keys()]).toEqual(['a.txt', 'é & <x>']);

    const read = readLog(log);
    expect(read.report).toMatchObject({ format: 's3fs', open: 0, unpaired: 0, rejected: 0, foreign: 0 });
    expect(done(read)).toEqual(DONE);
    expect(pathsOf(read, 'getattr')).toEqual(expect.arrayContaining(['/', '/nope', '/locked', '/é & <x>']));
    expect(pathsOf(read, 'readdir')).toEqual(['/']);
    expect(read.operations.find((one) => one.op === 'release')?.fh).toBeTypeOf('number');
    expect(read.operations.find((one) => one.op === 'symlink')?.args).toEqual({ target: 'a.txt' });
    // It tells of no ends.
    for (const one of read.operations) expect(one).toMatchObject({ state: 'lost', errno: null, durNs: null });
    expect(read.problems).toContainEqual(
      expect.objectContaining({ level: 'error', text: expect.stringContaining('403') }),
    );
  });

  it('is read with dbglevel=debug too: reads and writes, and no getattr twice', async () => {
    const { log, listed, s3 } = await s3Logged('s3fs-debug', ['dbglevel=debug', 'listobjectsv2'], 1);
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
