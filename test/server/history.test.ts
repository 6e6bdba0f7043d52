// The life story of a file on a real mount, as the interface and the command tell it.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BreakdownAnswer, PathsAnswer, Process } from '../../shared/groups.ts';
import type { History } from '../../shared/history.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../server/cli/main.ts');

describeWith(['fuse', 'fusermount3'], 'what happened on a mount', () => {
  let server: TestServer;
  let mountpoint: string;
  const story = (path: string, more = {}) =>
    server.get<History>('/api/paths/history', { path: `${mountpoint}${path}`, ...more });
  const told = (path: string, what: string, ready: (story: History) => boolean) =>
    until(what, async () => {
      const answer = await story(path);
      return ready(answer) ? answer : null;
    });

  beforeAll(async () => {
    server = await startTestServer();
    mountpoint = join(server.dir, 'mnt');
    const source = join(server.dir, 'source');
    mkdirSync(source);
    mkdirSync(mountpoint);
    expect((await server.post('/api/mirrors', { source, mountpoint })).status).toBe(201);
    await run(
      'sh',
      [
        '-c',
        'mkdir d && printf hello > d/draft && mv d/draft d/report && printf more >> d/report && mv d e; ' +
          'printf x > gone; rm gone; mkdir held; rmdir e || true',
      ],
      { cwd: mountpoint },
    );
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  it('tells who removed a file, in one line', async () => {
    const answer = await told('/gone', 'the unlink', ({ fate }) => fate === 'removed');
    expect(answer.by).toMatchObject({ op: 'unlink', comm: 'rm', path: '/gone' });
    expect(answer.text).toMatch(/^Removed by rm \d+ \(uid \d+\) at \d{4}-.*Z, unlink\.$/);
    expect(answer.items.map(({ deed }) => deed)).toContain('created');
    const { stdout } = await run(process.execPath, [
      CLI,
      'history',
      `${mountpoint}/gone`,
      '--server',
      server.url,
    ]);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(answer.text);
    expect(stdout).toMatch(/removed +unlink +ok +rm \d+/);
  });

  it('follows a file across its own renames and those of its directory', async () => {
    const answer = await told('/e/report', 'the directory to be renamed', ({ names }) => names.length === 3);
    expect(answer.names).toEqual(['/d/draft', '/d/report', '/e/report']);
    const deeds = answer.items
      .filter(({ deed }) => deed !== 'failed')
      .map(({ deed, above }) => [deed, above]);
    expect(deeds).toEqual([
      ['created', true],
      ['created', false],
      ['wrote', false],
      ['renamed', false],
      ['wrote', false],
      ['renamed', true],
    ]);
    expect(answer.items.at(-1)).toMatchObject({
      op: 'rmdir',
      deed: 'failed',
      error: 'ENOTEMPTY',
      above: true,
    });
    const before = await story('/d/report');
    expect(before).toMatchObject({ fate: 'renamed', by: { above: true, newPath: '/e' } });
  });

  it('a path on no mount, or no path at all, is refused with what to do', async () => {
    for (const [path, code] of [
      ['/nowhere/at/all', 'FUSESCOPE_NOT_FOUND'],
      ['relative', 'FUSESCOPE_INVALID'],
    ]) {
      const answer = await fetch(`${server.url}/api/paths/history?path=${path}`);
      expect(((await answer.json()) as { code: string }).code).toBe(code);
    }
    await expect(
      run(process.execPath, [CLI, 'history', '/nowhere', '--server', server.url]),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^fusescope: .*lies on no mount/),
    });
  });

  it('paths and processes are told by what they took part in', async () => {
    const filter = `mount:${mountpoint}`;
    await told('/gone', 'the unlink', ({ fate }) => fate === 'removed');
    const { items } = await server.get<PathsAnswer>('/api/paths', { filter, under: '/' });
    expect(items.map(({ path }) => path)).toEqual(expect.arrayContaining(['/d', '/e', '/gone', '/held']));
    const processes = await server.get<{ items: Process[] }>('/api/processes', { filter });
    const rm = processes.items.find(({ comms }) => comms.includes('rm'));
    expect(rm).toMatchObject({ running: false, parent: null });
    expect(rm?.count).toBeGreaterThan(0);
    const by = await server.get<BreakdownAnswer>('/api/latency/breakdown', { filter, by: 'errno' });
    expect(by.items.map(({ key }) => key)).toContain('ENOTEMPTY');
  });

  it('top tells what costs most, by whatever it is asked for', async () => {
    const top = async (...options: string[]) =>
      (await run(process.execPath, [CLI, 'top', ...options, '--over', '10m', '--server', server.url])).stdout;
    const rows = (await top('--by', 'comm', '--filter', 'op:rename', '--json')).trimEnd().split('\n');
    expect(rows.map((row) => JSON.parse(row))).toMatchObject([{ key: 'mv', count: 2, errors: 0 }]);
    const table = (await top('--by', 'path', '--filter', 'op:unlink')).trimEnd().split('\n');
    expect(table[0]).toMatch(/^PATH +OPS +OPS\/S +ERRORS +BYTES\/S +TIME +P50 +P99 +MAX$/);
    expect(table.slice(1)).toEqual([expect.stringMatching(/^\/gone +1 +0\.0 +0 /)]);
    await expect(top('--by', 'shoe-size')).rejects.toThrow(/choices are op, mount, comm/);
  });
});
