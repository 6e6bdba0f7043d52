import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { enter, exit, lines, stored } from '../support/event-lines.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('--open', () => {
  it('opens the page in a browser, but not with a token in the address', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fusescope-open-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const script = '#!/bin/sh\necho "$1" > "$OPENED.new" && mv "$OPENED.new" "$OPENED"\n';
    writeFileSync(join(dir, 'xdg-open'), script, { mode: 0o755 });
    const opened = join(dir, 'opened');
    const env = { PATH: `${dir}:${process.env.PATH}`, DISPLAY: ':0', OPENED: opened };
    await using open = await startTestServer({ args: ['--open'], env });
    await until('the page to be opened', () => existsSync(opened));
    expect(readFileSync(opened, 'utf8')).toBe(`${open.url}/\n`);
    await using guarded = await startTestServer({ args: ['--open', '--token', 'sesame'], env });
    await until('the reason', () =>
      guarded.log().includes('the page is not opened (the address holds the token'),
    );
    await using blind = await startTestServer({
      args: ['--open'],
      env: { ...env, DISPLAY: '', WAYLAND_DISPLAY: '' },
    });
    await until('the reason', () => blind.log().includes('the page is not opened (there is no display'));
  });
});

describe('a restart', () => {
  it('keeps what was stored, closes an open span by its EXIT, and leaves nothing behind', async () => {
    await using first = await startTestServer();
    await first.post(
      '/api/events',
      lines(enter(1, { path: '/kept' }), exit(1), enter(2, { path: '/open', op: 'getattr' })),
    );
    await stored(first, 'path:/kept', 1);
    await stored(first, 'path:/open state:open', 1);
    expect(await first.stop()).toBe(0);
    expect(existsSync(first.socket)).toBe(false);

    await using second = await startTestServer({ dir: first.dir });
    await stored(second, 'path:/kept', 1);
    expect((await second.get<{ items: object[] }>('/api/inflight')).items).toMatchObject([
      { span: { path: '/open' } },
    ]);
    await second.post('/api/events', lines(exit(2, { op: 'getattr', errno: 0 })));
    const [closed] = await stored(second, 'path:/open state:done', 1);
    expect(closed?.durationNs).toBeGreaterThan(0);
  });

  it('refuses a second server on the same database with a sentence', async () => {
    await expect(startTestServer({ dir: server.dir })).rejects.toThrow(/in use by process \d+/);
  });
});

describe('a server that cannot start', () => {
  it('says which place or option is wrong, and what to do', async () => {
    await expect(startTestServer({ args: ['--db', '/proc/nope/trace.db'] })).rejects.toThrow(
      /the database \/proc\/nope\/trace.db cannot be opened .*--db/,
    );
    await expect(startTestServer({ args: ['--socket', '/proc/nope/a.sock'] })).rejects.toThrow(
      /no socket can be made .*--socket/,
    );
    const file = join(server.dir, 'not-ours');
    writeFileSync(file, 'kept');
    await expect(startTestServer({ args: ['--socket', file] })).rejects.toThrow(
      /no socket can be made .*another file is there/,
    );
    expect(readFileSync(file, 'utf8')).toBe('kept');
    await expect(startTestServer({ args: ['--socket', `/tmp/${'x'.repeat(120)}`] })).rejects.toThrow(
      /no socket can be made .*--socket/,
    );
    await expect(startTestServer({ args: ['--token-file', '/nope'] })).rejects.toThrow(
      /ended with 2: .*\/nope/,
    );
    await expect(startTestServer({ args: ['--port', '99999'] })).rejects.toThrow(
      /ended with 2: .*0 to 65535/,
    );
    await expect(startTestServer({ args: ['--port', new URL(server.url).port] })).rejects.toThrow(
      /port \d+ is taken/,
    );
  });
});

it('takes the folders away that it made for its socket', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const socket = join(dir, 'made/for/it.sock');
  const own = await startTestServer({ dir, args: ['--socket', socket] });
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  expect(await own.stop()).toBe(0);
  expect(existsSync(join(dir, 'made'))).toBe(false);
  expect(existsSync(join(dir, 'trace.db'))).toBe(true);
});
