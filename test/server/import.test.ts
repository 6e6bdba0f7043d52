// Importing logs, from the command line to the recording: formats, packed files, refusals, and following a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LatencyAnswer, SpanList } from '../../shared/api.ts';
import type { ImportAnswer } from '../../shared/import.ts';
import type { Mount } from '../../shared/mount.ts';
import type { ErrorsAnswer } from '../../shared/patterns/answer.ts';
import type { RankedPattern } from '../../shared/patterns/pattern.ts';
import type { Recording } from '../../shared/recording.ts';
import type { Stall } from '../../shared/stall.ts';
import { CAUSE, cascadeLog } from '../fuse/logs/cascade-log.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const MAIN = join(import.meta.dirname, '../../server/cli/main.ts');
const dir = mkdtempSync(join(tmpdir(), 'fusescope-import-'));
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const LOG = [
  '2025/10/01 12:00:00.100000 [FUSE] Read ENTER fh=1 off=0 len=131072',
  '2025/10/01 12:00:00.102300 [FUSE] Read EXIT  dur=2.3ms',
  '2025/10/01 12:00:01.000000 [FUSE] Open ENTER path=/movie.mkv',
  '2025/10/01 12:00:02.000000 [FUSE] Mkdir ENTER path=/d',
  '2025/10/01 12:00:05.000000 [FUSE] Mkdir EXIT  dur=3s',
  '2025/10/01 12:00:06.000000 ERROR upload failed error="connection reset by peer"',
  '2025/10/01 12:00:07.000000 [FUSE] Getattr ENTER path=/x',
  '2025/10/01 12:00:07.000400 [FUSE] Getattr EXIT  dur=400µs',
  '2025/10/01 12:00:08.000000 [FUSE] Read EXIT  dur=',
  '',
].join('\n');

function put(name: string, content: string | Uint8Array): string {
  const file = join(dir, name);
  writeFileSync(file, content);
  return file;
}

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FUSESCOPE_SERVER: server.url, FUSESCOPE_DIE_WITH_PARENT: '1' },
  });
}

async function run(...args: string[]) {
  const child = start(...args);
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('no pipes');
  const [out, err, code] = await Promise.all([
    text(stdout),
    text(stderr),
    new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status))),
  ]);
  return { out, err, code };
}

describe('fusescope import', () => {
  it('makes a recording with stalls, latency and operations by the clock of the log', async () => {
    const { out, code } = await run('import', put('upload.log', LOG), '--json', '--mount', '/mnt/upload');
    expect(code).toBe(0);
    const answer = JSON.parse(out.trim().split('\n').at(-1) ?? '') as ImportAnswer;
    expect(answer).toMatchObject({
      file: join(dir, 'upload.log'),
      format: 'fusestream',
      lines: 9,
      spans: 4,
      open: 1,
      unpaired: 0,
      foreign: 1,
      rejected: 1,
      rejections: [{ line: 9, reason: 'the line is cut' }],
      stalls: 2,
      patterns: 1,
    });
    const { recording } = answer;
    const kept = await server.get<Recording>(`/api/recordings/${recording}`);
    expect(kept).toMatchObject({ name: 'upload.log', source: 'log', state: 'done', mounts: ['/mnt/upload'] });
    const spans = await server.get<SpanList>('/api/spans', { recording, order: 'start:asc' });
    expect(spans.items.map(({ op, state, durationNs, source }) => [op, state, durationNs, source])).toEqual([
      ['read', 'done', 2_300_000, 'log'],
      ['open', 'open', null, 'log'],
      ['mkdir', 'done', 3_000_000_000, 'log'],
      ['getattr', 'done', 400_000, 'log'],
    ]);
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { recording });
    expect(items.map((stall) => [stall.span.op, stall.state]).toSorted()).toEqual([
      ['mkdir', 'closed'],
      ['open', 'open'],
    ]);
    const latency = await server.get<LatencyAnswer>('/api/latency', { recording, filter: 'op:mkdir' });
    expect(latency.items).toMatchObject([{ key: 'mkdir', count: 1, maxNs: 3e9 }]);
  });

  it('reads packed logs, and keeps what was read of a damaged one', async () => {
    const gz = put('a.log.gz', gzipSync(LOG));
    const zst = put('a.log.zst', zstdCompressSync(Buffer.from(LOG)));
    const cut = put('cut.log.gz', gzipSync(LOG.repeat(2_000)).subarray(0, -500));
    const { out, code } = await run('import', gz, zst, cut, '--json');
    expect(code).toBe(0);
    const [first, second, third] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ImportAnswer);
    expect(first).toMatchObject({ format: 'fusestream', spans: 4, lines: 9 });
    expect(second).toMatchObject({ format: 'fusestream', spans: 4, lines: 9 });
    expect(third?.spans).toBeGreaterThan(0);
    expect(third?.rejections.length).toBeGreaterThan(0);
  });

  it('says what is wrong, and leaves nothing of what it refused', async () => {
    const before = await server.get<{ items: Recording[] }>('/api/recordings');
    const { err, code } = await run('import', put('notes.txt', 'nothing\nthat anybody knows\n'));
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^fusescope: .*no format fits.*FUSESCOPE_FORMAT/s),
    ]);
    const missing = await run('import', join(dir, 'missing.log'));
    expect([missing.code, missing.err]).toEqual([1, expect.stringMatching(/cannot be read \(ENOENT/)]);
    expect((await run('import', '--format', 'pdf', join(dir, 'notes.txt'))).code).toBe(2);
    const after = await server.get<{ items: Recording[] }>('/api/recordings');
    expect(after.items.length).toBe(before.items.length);
  });

  it('shows a log live while it is followed, through its rotation', async () => {
    const file = join(dir, 'live.log');
    const mount = '/mnt/followed';
    const follower = start('import', '--follow', file, '--mount', mount, '--socket', server.socket, '--json');
    const out = follower.stdout ? text(follower.stdout) : Promise.resolve('');
    const ended = new Promise<number | null>((resolve) => follower.once('close', (code) => resolve(code)));
    const stamp = (ms: number) => {
      const at = new Date(ms);
      const two = (n: number) => String(n).padStart(2, '0');
      const day = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
      const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
      return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}000`;
    };
    const paths = async () => {
      const { items } = await server.get<SpanList>('/api/spans', {
        filter: `mount:${mount}`,
        order: 'start:asc',
      });
      return items.map((span) => `${span.path} ${span.state}`);
    };
    const now = Date.now();
    writeFileSync(file, `${stamp(now - 10_000)} [FUSE] Getattr ENTER path=/there-before\n`);
    appendFileSync(file, `${stamp(now - 9_999)} [FUSE] Getattr EXIT  dur=1ms\n`);
    await until('what was in the file', async () => (await paths()).includes('/there-before done'));
    appendFileSync(file, `${stamp(now - 4_000)} [FUSE] Open ENTER path=/hangs\n`);
    const stall = await until('the stall', async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
      return items.find((one) => one.span.path === '/hangs');
    });
    expect(stall.span).toMatchObject({ op: 'open', source: 'log', mount });
    renameSync(file, `${file}.1`);
    writeFileSync(file, `${stamp(now - 1_000)} [FUSE] Getattr ENTER path=/after-rotation\n`);
    appendFileSync(file, `${stamp(now - 990)} [FUSE] Getattr EXIT  dur=10ms\n`);
    await until('the new file', async () => (await paths()).includes('/after-rotation done'));
    const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
    expect(items.find((one) => one.mount === mount)).toMatchObject({ kind: 'log', tier: 'log' });
    follower.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(JSON.parse((await out).trim())).toMatchObject({
      format: 'fusestream',
      lines: 5,
      spans: 3,
      open: 1,
    });
  });
});

describe('errors', () => {
  it('are patterns of a log, without a server and in its recording, the first cause on top', async () => {
    const file = put('fusefs_tests.log', cascadeLog({ seed: 5 }));
    const [here, table, imported] = await Promise.all([
      run('errors', file, '--json'),
      run('errors', file),
      run('import', file, '--json'),
    ]);
    const [first] = here.out.split('\n').map((line) => JSON.parse(line || 'null') as RankedPattern | null);
    expect(first).toMatchObject({ role: 'cause', count: 300, example: expect.stringMatching(CAUSE) });
    expect(table.out).toMatch(/likely cause +300 .*\n/);
    expect(table.out).toMatch(/A mount did not come up: Timed out waiting/);
    const { recording, format, spans } = JSON.parse(imported.out) as ImportAnswer;
    expect([format, spans]).toEqual(['application', 0]);
    const kept = await server.get<ErrorsAnswer>('/api/errors', { recording });
    expect(kept.items[0]).toEqual(first);
    expect(kept.mount?.checks.length).toBeGreaterThan(1);
    const none = await run('errors', '--recording', String(recording), '--filter', 'op:read');
    expect(none.out).toBe('No errors.\n');
  });

  it('are patterns of operations in the live trace, by filter', async () => {
    const ts = Date.now() * 1_000;
    const lines = Array.from({ length: 30 }, (_, i) => {
      const what = { mount: '/mnt/errs', id: i, op: 'write', comm: `job${i % 2}` };
      return [
        { ev: 'ENTER', ...what, ts: ts + i, path: `/data/part-${i}.bin` },
        { ev: 'EXIT', ...what, ts: ts + i + 1, durNs: 1_000, errno: i === 0 ? 30 : 28 },
      ];
    });
    await server.post(
      '/api/events',
      lines
        .flat()
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    const answer = await server.get<ErrorsAnswer>('/api/errors', { filter: 'mount:/mnt/errs' });
    expect(answer.items.map((one) => [one.op, one.error, one.count, one.text])).toEqual([
      ['write', 'ENOSPC', 29, '/data/part-<n>.bin'],
      ['write', 'EROFS', 1, '/data/part-<n>.bin'],
    ]);
    expect(answer.items.find((one) => one.count === 29)).toMatchObject({
      mounts: ['/mnt/errs'],
      processes: ['job1', 'job0'],
      firstUs: ts + 1,
      lastUs: ts + 29,
    });
    const { out } = await run('errors', '--filter', 'mount:/mnt/errs errno:EROFS', '--json');
    expect(out.trim().split('\n')).toHaveLength(1);
  });
});
