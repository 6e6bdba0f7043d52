// Files of recordings: sent to another server, trimmed, of a newer version, broken, hostile; and by the command line.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError, SpanList } from '../../../shared/api.ts';
import type { Recording } from '../../../shared/recording.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../../server/cli/main.ts');
const BASE = 1_700_000_000_000_000;
const dir = mkdtempSync(join(tmpdir(), 'fusescope-files-'));
/** A recording of ten operations, one second apart, the last one open. */
const good = join(dir, 'good.fscope');
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  const lines = Array.from({ length: 10 }, (_, i) => {
    const enter = {
      ev: 'ENTER',
      mount: '/mnt/f',
      id: i,
      op: i % 2 ? 'write' : 'read',
      ts: BASE + i * 1e6,
      path: `/p${i}`,
    };
    const exit = { ev: 'EXIT', mount: '/mnt/f', id: i, ts: BASE + i * 1e6 + 500, durNs: 500_000, errno: 0 };
    return [enter, ...(i === 9 ? [] : [exit])].map((line) => JSON.stringify(line)).join('\n');
  });
  await server.post('/api/events', `${lines.join('\n')}\n`);
  const body = { from: String(BASE), to: String(BASE + 10e6), name: 'ten' };
  const made = (await (await server.post('/api/recordings', body)).json()) as Recording;
  const file = await fetch(new URL(`/api/recordings/${made.id}/file`, server.url));
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="ten.fscope"');
  writeFileSync(good, Buffer.from(await file.arrayBuffer()));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function cli(...args: string[]): Promise<Recording[]> {
  const json = args[0] === 'save' || args[0] === 'delete' ? [] : ['--json'];
  const { stdout } = await run(process.execPath, [MAIN, 'record', ...args, '--server', server.url, ...json]);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Recording);
}

async function upload(file: string, query = ''): Promise<{ status: number; answer: Recording & ApiError }> {
  const response = await fetch(new URL(`/api/recordings/file${query}`, server.url), {
    method: 'POST',
    body: readFileSync(file),
    headers: { 'content-type': 'application/octet-stream' },
  });
  return { status: response.status, answer: (await response.json()) as Recording & ApiError };
}

async function change(id: number, body: object): Promise<Recording> {
  const response = await fetch(new URL(`/api/recordings/${id}`, server.url), {
    method: 'PATCH',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return (await response.json()) as Recording;
}

const list = async () => (await server.get<{ items: Recording[] }>('/api/recordings')).items;

const pathsOf = async (recording: number) =>
  (await server.get<SpanList>('/api/spans', { recording, order: 'start:asc' })).items.map(({ path }) => path);

describe('a file of a recording', () => {
  it('is opened elsewhere with everything in it', async () => {
    const { answer: opened } = await upload(good, '?name=from%20another%20machine');
    expect(opened).toMatchObject({
      name: 'from another machine',
      spans: 10,
      open: 1,
      state: 'done',
      toUs: BASE + 10e6,
    });
    expect(await pathsOf(opened.id)).toHaveLength(10);
  });

  it('is trimmed by range and filter, renamed and annotated', async () => {
    const { id } = (await upload(good)).answer;
    const trimmed = await change(id, { trim: { from: String(BASE + 3e6), filter: 'op:write' } });
    expect(trimmed).toMatchObject({ name: 'ten', filter: 'op:write', spans: 4, open: 1, fromUs: BASE + 3e6 });
    expect(await pathsOf(id)).toEqual(['/p3', '/p5', '/p7', '/p9']);
    const noted = await change(id, { name: 'writes', notes: 'only those' });
    expect(noted).toMatchObject({ name: 'writes', notes: 'only those', spans: 4 });
  });

  it('says what is wrong with one that cannot be opened, and keeps none of it', async () => {
    const changed = (name: string, change: (db: Sqlite.Database) => void): string => {
      const file = join(dir, name);
      copyFileSync(good, file);
      const db = new Sqlite(file);
      change(db);
      db.close();
      return file;
    };
    const text = join(dir, 'text');
    writeFileSync(text, `${'no database at all '.repeat(20)}\n`);
    const cut = join(dir, 'cut');
    writeFileSync(cut, readFileSync(good).subarray(0, 30_000));
    const bytes = readFileSync(good);
    bytes.fill(0xff, 20_000, 60_000);
    const torn = join(dir, 'torn');
    writeFileSync(torn, bytes);
    const wrong: [file: string, why: RegExp][] = [
      [text, /no SQLite file/],
      [cut, /damaged|malformed|recording/],
      [torn, /damaged|malformed|corrupt/],
      [changed('other', (db) => db.pragma('application_id = 1')), /another program/],
      [changed('newer', (db) => db.pragma('user_version = 4000')), /newer FuseScope/],
      [
        changed('trigger', (db) =>
          db.exec('CREATE TRIGGER t AFTER UPDATE ON recording BEGIN DELETE FROM spans; END'),
        ),
        /holds what no recording has/,
      ],
      [
        changed('view', (db) =>
          db.exec("DROP VIEW operations; CREATE VIEW operations AS SELECT load_extension('x')"),
        ),
        /holds what no recording has/,
      ],
      [changed('none', (db) => db.exec('DELETE FROM recording')), /describes no recording/],
      [changed('store', (db) => db.exec('DROP TABLE recording')), /holds no recording/],
      [changed('kind', (db) => db.exec("UPDATE recording SET source = '<script>'")), /source/],
      [changed('args', (db) => db.exec("INSERT INTO arguments VALUES (7, '[1')")), /arguments/],
      [
        changed('stall', (db) =>
          db.exec("INSERT INTO stalls VALUES (999, 'open', 1, 1, 1, NULL, '{\"id\":1}')"),
        ),
        /stall/,
      ],
    ];
    const before = await list();
    for (const [file, why] of wrong) {
      const { status, answer } = await upload(file);
      expect([file, status, answer.code]).toEqual([file, 400, 'FUSESCOPE_INVALID']);
      expect(answer.message).toMatch(why);
    }
    expect(await list()).toEqual(before);
    expect(readdirSync(join(server.dir, 'trace-recordings')).filter((name) => name.includes('part'))).toEqual(
      [],
    );
  });

  it('that was put into the folder and is broken is listed as such, and can be removed', async () => {
    await using other = await startTestServer();
    const folder = join(other.dir, 'trace-recordings');
    await until('the folder', async () => {
      const { items } = await other.get<{ items: Recording[] }>('/api/recordings');
      return items.length === 0;
    });
    await other.stop();
    writeFileSync(join(folder, '7.fscope'), 'nothing');
    copyFileSync(good, join(folder, '8.fscope'));
    await using again = await startTestServer({ dir: other.dir });
    const { items } = await again.get<{ items: Recording[] }>('/api/recordings');
    expect(items.map(({ id, state }) => [id, state]).toSorted()).toEqual([
      [7, 'broken'],
      [8, 'done'],
    ]);
    await expect(again.get('/api/spans', { recording: 7 })).rejects.toThrow(/cannot be read/);
    const gone = await fetch(new URL('/api/recordings/7', again.url), { method: 'DELETE' });
    expect(gone.status).toBe(204);
  });
});

describe('a server that is killed while it records', () => {
  it('loses at most the last second, and the next start finishes the file', async () => {
    await using first = await startTestServer();
    const made = (await (await first.post('/api/recordings', { name: 'cut short' })).json()) as Recording;
    const line = (i: number, ev: string, more: object) =>
      `${JSON.stringify({ ev, mount: '/m', id: i, op: 'read', ts: Date.now() * 1e3, path: `/${i}`, ...more })}\n`;
    await first.post('/api/events', line(1, 'ENTER', {}) + line(1, 'EXIT', { durNs: 1_000, errno: 0 }));
    await first.post('/api/events', line(2, 'ENTER', {}));
    await until('both to be in the file', async () => {
      const { items } = await first.get<{ items: Recording[] }>('/api/recordings');
      return items[0]?.spans === 2;
    });
    await first.stop('SIGKILL');
    await using second = await startTestServer({ dir: first.dir });
    const { items } = await second.get<{ items: Recording[] }>('/api/recordings');
    expect(items).toMatchObject([{ id: made.id, state: 'done', name: 'cut short', spans: 2, open: 1 }]);
    const { items: spans } = await second.get<SpanList>('/api/spans', {
      recording: made.id,
      order: 'start:asc',
    });
    expect(spans.map(({ path, state }) => [path, state])).toEqual([
      ['/1', 'done'],
      ['/2', 'open'],
    ]);
  });
});

describe('the command line', () => {
  it('starts, stops the only one, saves, opens, lists', async () => {
    const [started] = await cli('start', '--name', 'by hand');
    expect(started).toMatchObject({ state: 'recording', name: 'by hand' });
    const [stopped] = await cli('stop');
    expect(stopped).toMatchObject({ id: started?.id, state: 'done' });
    const saved = join(dir, 'saved');
    await cli('save', String(started?.id), saved);
    const [opened] = await cli('open', saved, '--name', 'back again');
    expect((await cli('list')).map(({ name }) => name)).toContain('back again');
    const [trimmed] = await cli('trim', String(opened?.id), '--filter', 'op:read');
    expect(trimmed).toMatchObject({ name: 'back again', filter: 'op:read' });
    await cli('delete', String(opened?.id));
    expect((await list()).map(({ name }) => name)).not.toContain('back again');
  });

  it.each([
    [['stop'], 1, /nothing to stop/],
    [['open', join(dir, 'missing')], 2, /no such file/],
    [['show', 'x'], 2, /number of a recording/],
  ] as const)('says what it cannot: %j', async (args, status, says) => {
    const failed = await run(process.execPath, [MAIN, 'record', ...args, '--server', server.url]).then(
      () => null,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed?.code).toBe(status);
    expect(failed?.stderr).toMatch(says);
  });
});
