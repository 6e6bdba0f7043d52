// The disk of the database, while the server runs: full, read-only, failing, hanging, gone and back. It is a mirror of
// ours, which can be told to behave so. The live view goes on, the page says what is the matter, and it passes by itself.
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health, SpanList } from '../../shared/api.ts';
import type { FaultRule } from '../../shared/fault.ts';
import { CHROMIUM, launchBrowser, type OpenPage, openPage } from '../support/browser.ts';
import { FakeServer } from '../support/ingest.ts';
import { connectLive, type LiveClient } from '../support/live.ts';
import { guardOf, type Mirror, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const needs = ['fuse', 'fusermount3', CHROMIUM.split('/').at(-1) ?? 'chromium'];
describeWith(needs, 'the disk of the database', () => {
  const place = new Workplace();
  const words = [place.make('source'), place.make('disk'), '--socket', join(place.dir, 'control.sock')];
  let browser: Browser;
  let page: OpenPage;
  let control: FakeServer;
  let disk: Mirror;
  let server: TestServer;
  let live: LiveClient;
  let count = 0;

  beforeAll(async () => {
    control = await FakeServer.start(join(place.dir, 'control.sock'));
    disk = await place.start(words);
    const args = ['--socket', join(place.dir, 'ingest.sock')];
    [browser, server] = await Promise.all([launchBrowser(), startTestServer({ dir: disk.mountpoint, args })]);
    live = await connectLive(server.url);
    await operation('there before');
    page = await openPage(browser, server.url);
  }, 60_000);
  afterAll(async () => {
    live?.[Symbol.dispose]();
    await browser?.close();
    await server?.stop();
    await place.clean();
    await control?.kill();
  });

  const store = async () => (await server.get<Health>('/api/health')).gauges.store;
  const notice = () => page.page.getByRole('status', { name: 'The store' });

  /** Sends one, and waits until it is in the live feed. @returns its path. */
  async function operation(name: string): Promise<string> {
    const path = `/${name} ${++count}`;
    const event = { mount: '/mnt/x', id: count, op: 'unlink', path, ts: Date.now() * 1_000 };
    const lines = [
      { ev: 'ENTER', ...event },
      { ev: 'EXIT', ...event, errno: 0 },
    ];
    await server.post('/api/events', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await live.wait(
      path,
      (frame) => frame.type === 'batch' && frame.spans.some((span) => span.path === path),
    );
    return path;
  }

  const stored = (path: string) =>
    until(`${path} to be stored`, async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter: `path:"${path}"` });
      return items.length === 1;
    });

  it.each<[string, FaultRule['match'], FaultRule['effect'], RegExp]>([
    ['full', { op: ['write', 'fallocate'] }, { errno: 'ENOSPC' }, /full/],
    [
      'read-only',
      { op: ['write', 'truncate', 'create', 'unlink'] },
      { errno: 'EROFS' },
      /disk I\/O|readonly/,
    ],
    ['failing', { op: ['write', 'fsync', 'read', 'open'] }, { errno: 'EIO' }, /disk I\/O|cannot be opened/],
    ['hanging', { op: ['write', 'fsync'] }, { hang: {} }, /has taken nothing for 3 s/],
  ])(
    '%s: live goes on, it is said, and what waited is stored afterwards',
    async (name, match, effect, says) => {
      await control.control({ do: 'put', rule: { id: 'disk', match, effect } });
      const path = await operation(name);
      await until(
        'the store to fail',
        async () => says.test((await store()).message ?? '') && (await store()).state === 'failing',
      );
      expect((await server.get<Health>('/api/health')).status).toBe('degraded');
      const second = await operation(name);
      await notice().getByText('Nothing is stored now').waitFor();
      await notice().getByText(says).waitFor();

      await control.control({ do: 'clear' });
      await until('the store to recover', async () => {
        const { state, queued } = await store();
        return state === 'ok' && queued === 0;
      });
      for (const one of [path, second]) await stored(one);
      await notice().getByText('Nothing is stored now').waitFor({ state: 'detached' });
      expect((await server.get<Health>('/api/health')).losses).toEqual({});
    },
  );

  it('gone, and back under another process: it is opened again', async () => {
    // Its guard would take the mount away at once.
    process.kill(await until('its guard', () => guardOf(disk.mountpoint)), 'SIGKILL');
    await until('the guard to end', () => guardOf(disk.mountpoint) === null);
    disk.child.kill('SIGKILL');
    await disk.ended;
    const path = await operation('gone');
    await until('the store to fail', async () => (await store()).state === 'failing');
    disk = await place.start(words);
    await until('the store to recover', async () => (await store()).state === 'ok');
    await stored(path);
    const { items } = await server.get<SpanList>('/api/spans', { filter: 'path:"/there before 1"' });
    expect(items).toHaveLength(1);
    await notice()
      .getByText(/opened again|started again/)
      .waitFor();
    await notice().getByRole('button', { name: 'Put away' }).click();
    await notice().getByRole('button').waitFor({ state: 'detached' });
    // What was asked meanwhile was answered with 503, which the browser notes.
    expect(page.complaints.filter((one) => !one.includes('503'))).toEqual([]);
  });
});
