// A mount of another program's daemon is let go and taken up again on the page.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SpanList } from '../../shared/api.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { bindfs, type Daemon, provideTracefs } from '../support/daemons.ts';
import { bash, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

describeWith(['root', 'fuse', 'bindfs', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'a watched mount', () => {
  const place = new Workplace();
  let browser: Browser;
  let server: TestServer;
  let mount: Daemon;

  beforeAll(async () => {
    provideTracefs();
    mount = await bindfs(place, 'on-the-page');
    browser = await launchBrowser();
    server = await startTestServer({ args: ['--attach', mount.mountpoint] });
    // Before its first operation the page is another one.
    await until('an operation', async () => {
      await bash('ls', mount.mountpoint);
      return (await server.get<SpanList>('/api/spans', { limit: 1 })).items[0];
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await place.clean();
  });

  test('is let go by a button of its row, and taken up by another', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    const row = page.locator('.mrow', { hasText: 'on-the-page' });
    const unwatch = row.getByRole('button', { name: `Unwatch ${mount.mountpoint}` });
    await unwatch.waitFor();
    await row.hover();
    await unwatch.click();
    const watch = row.getByRole('button', { name: `Watch ${mount.mountpoint}`, exact: true });
    await watch.click();
    await unwatch.waitFor();
    expect(await row.locator('.tier').textContent()).toMatch(/BPF|tracefs/);
    expect(opened.complaints).toEqual([]);
  });
});
