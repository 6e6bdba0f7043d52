// Settings in the page: thresholds that a real mount then has, errors at their field; and what the page says while its
// server is away.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gauges } from '../../shared/live.ts';
import type { SettingsAnswer } from '../../shared/settings.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describeWith(['fuse', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'settings in the page', () => {
  let browser: Browser;
  let server: TestServer;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer({ args: ['--demo', '--max-size', '3G', '--max-age', '2'] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  test('say what is wrong at the field, and are in force once they are saved', async () => {
    await using opened = await openPage(browser, `${server.url}/settings`);
    const { page } = opened;
    const section = page.getByRole('region', { name: 'Thresholds' });
    await section.getByRole('table', { name: 'In force now' }).waitFor();
    await section.getByRole('button', { name: 'Add a rule' }).click();
    const rule = section.getByRole('group', { name: 'Rule 1' });
    await rule.getByLabel('Operation').fill('getatr');
    await rule.getByLabel('Slow over').fill('10 s');
    await rule.getByLabel('Stalled after').fill('2s');
    await section.getByRole('button', { name: 'Save' }).click();
    await rule.getByText('did you mean getattr?').waitFor();
    await rule.getByText('It must be slow before it is stalled').waitFor();
    expect(await rule.getByLabel('Operation').getAttribute('aria-invalid')).toBe('true');
    await rule.getByLabel('Operation').fill('getattr');
    await rule.getByLabel('Slow over').fill('750ms');
    const table = section.getByRole('table', { name: /once they are saved/ });
    await table.getByText('750 ms, 2 s').or(table.getByText('750 ms, 2.00 s')).first().waitFor();
    await section.getByRole('button', { name: 'Save' }).click();
    await section.getByRole('table', { name: 'In force now' }).waitFor();
    const { thresholds, startedWith } = await server.get<SettingsAnswer>('/api/settings');
    expect(thresholds).toEqual([{ op: 'getattr', slowMs: 750, stalledMs: 2_000 }]);
    expect(startedWith).toMatchObject({ token: false, maxBytes: 3 * 1024 ** 3, maxAgeS: 172_800 });
    await page
      .getByRole('region', { name: 'Retention' })
      .getByText(/larger than 3/)
      .waitFor();
    await page
      .getByRole('region', { name: 'Access' })
      .getByText(/nobody else is answered/)
      .waitFor();
    await page
      .getByRole('region', { name: 'Alerts' })
      .getByText(/was started without one/)
      .waitFor();
    await page.getByRole('region', { name: 'This machine' }).getByText('/dev/fuse').first().waitFor();
    await page.getByRole('button', { name: 'Light', exact: true }).click();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
    expect(opened.complaints).toEqual([]);
  });

  test('of retention say what is wrong, are in force at once, and are left to the options again', async () => {
    await using opened = await openPage(browser, `${server.url}/settings`);
    const { page } = opened;
    const section = page.getByRole('region', { name: 'Retention' });
    await section.getByLabel('At most').fill('1 MiB');
    await section.getByRole('button', { name: 'Save' }).click();
    await section.getByText('Give a size from 16 MiB on').waitFor();
    expect(await section.getByLabel('At most').getAttribute('aria-invalid')).toBe('true');
    await section.getByLabel('At most').fill('512M');
    await section.getByLabel('No older than').fill('36 h');
    await section.getByRole('button', { name: 'Save' }).click();
    await section
      .getByText(/^Operations go when they are older than 1 d 12 h, .* larger than 512 MiB/)
      .waitFor();
    await section.getByText('fusescope serve --max-size 512M --max-age 1.5', { exact: true }).waitFor();
    const limits = { maxBytes: 512 * 1024 ** 2, maxAgeS: 129_600 };
    expect((await server.get<SettingsAnswer>('/api/settings')).retention).toEqual(limits);
    const { gauges } = await server.get<{ gauges: Gauges }>('/api/health');
    expect(gauges.store.maxBytes).toBe(limits.maxBytes);
    const refused = await fetch(`${server.url}/api/settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ retention: { ...limits, maxBytes: 1 } }),
    });
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringMatching(/retention.*maxBytes/),
    ]);
    await section.getByRole('button', { name: 'As the server was started' }).click();
    await section.getByText(/larger than 3/).waitFor();
    expect((await server.get<SettingsAnswer>('/api/settings')).retention).toBe(null);
    expect(opened.complaints).toEqual([]);
  });

  test('the page says that the server is away, counts down, and goes on when it is back', async () => {
    await using opened = await openPage(browser, 'about:blank');
    const { page } = opened;
    let away = true;
    let connected: (() => Promise<void>) | null = null;
    await page.routeWebSocket('**/api/live*', (socket) => {
      if (away) {
        void socket.close({ code: 1001, reason: 'the server ends' });
        return;
      }
      socket.connectToServer();
      connected = () => socket.close({ code: 1001, reason: 'the server ends' });
    });
    await page.goto(`${server.url}/operations`);
    await page.getByRole('heading', { name: 'The server does not answer' }).waitFor();
    await page.getByText(/the server ends/).waitFor();
    await page.getByText(/the next try is in \d+ s/).waitFor();
    away = false;
    await page.getByRole('button', { name: 'Try now' }).last().click();
    await page.locator('.rows [role="row"]').first().waitFor();
    // Once seen, the last picture stays while the server is away.
    away = true;
    await (connected as unknown as () => Promise<void>)();
    await page.getByRole('status').filter({ hasText: 'No server' }).waitFor();
    await page.getByText(/again in \d+ s/).waitFor();
    expect(await page.locator('.rows [role="row"]').count()).toBeGreaterThan(0);
    away = false;
    // The countdown may be over first, and the button with it.
    const now = page.getByRole('button', { name: 'Try now' });
    await now.click({ timeout: 2_000 }).catch(() => null);
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  });
});
