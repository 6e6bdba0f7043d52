// The self-contained page of an export: opened from a file, without a network.
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HTML_SPANS, html } from '../../server/export/html.ts';
import { blankSpan } from '../../shared/span.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { exportInfo } from '../support/export-info.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../server/cli/main.ts');
const HOSTILE = '/</script><script>alert(1)</script>\u202e';

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'a report', () => {
  let browser: Browser;
  let server: TestServer;
  let file: string;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startTestServer()]);
    const base = Date.now() * 1_000 - 60_000_000;
    let lines = '';
    for (let id = 1; id <= 3_000; id++) {
      const op = ['read', 'getattr', 'write', 'open'][id % 4];
      const path = id === 7 ? HOSTILE : `/d/file-${id % 50}`;
      const at = { mount: '/mnt/x', id, op, pid: 40 + (id % 5), comm: 'rsync' };
      lines += `${JSON.stringify({ ...at, ev: 'ENTER', ts: base + id * 1_000, path })}\n`;
      if (id === 2_999) continue;
      const errno = id % 500 === 0 ? 5 : 0;
      lines += `${JSON.stringify({ ...at, ev: 'EXIT', ts: base + id * 1_000, durNs: 20_000 + id * 100, errno })}\n`;
    }
    await server.post('/api/events', lines);
    await until('the stall', async () => {
      const { items } = await server.get<{ items: object[] }>('/api/stalls', { state: 'open' });
      return items.length === 1;
    });
    file = join(server.dir, 'report.html');
    await run(process.execPath, [MAIN, 'export', file, '--format', 'html', '--server', server.url]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  it('shows stalls, latency, timeline and table offline, in both themes', async () => {
    await using opened = await openPage(browser, 'about:blank');
    const { page, context } = opened;
    await context.setOffline(true);
    await page.goto(pathToFileURL(file).href);
    await page.getByRole('heading', { name: /^Operations 3,000 of 3,000/ }).waitFor();
    expect(await page.locator('header').textContent()).toContain('3,000 operations');
    const read = page.locator('.figures tr', { hasText: /^read/ });
    expect(await read.locator('td').nth(2).textContent()).toBe('750');
    const field = page.getByLabel('Filter of the table');
    await field.fill('errno:EIO');
    await page.getByRole('heading', { name: /^Operations 6 of 3,000/ }).waitFor();
    expect(await page.locator('.vrow.error').count()).toBe(6);
    await field.fill('errno:NOPE');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    // From the stall to its operation; the filter that hid it is taken away.
    await field.fill('op:getattr');
    await page
      .locator('section', { hasText: /^Stalls/ })
      .getByRole('button')
      .click();
    expect(await page.locator('.vrow.chosen').textContent()).toContain('open');
    await field.fill('script');
    await page.getByRole('heading', { name: /^Operations 1 of/ }).waitFor();
    expect(await page.locator('.rows .path').textContent()).toBe(
      '/</script><script>alert(1)</script>\\u202e',
    );
    await page.locator('canvas').press('w');
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.reload();
      await page.getByRole('heading', { name: /^Operations 3,000/ }).waitFor();
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
      expect(violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target}`)).toEqual([]);
    }
    expect(opened.complaints).toEqual([]);
  });

  it('says in the file what it had no room for, and stays small enough to be mailed', async () => {
    const spans = Array.from({ length: HTML_SPANS + 5 }, (_, i) => ({
      ...blankSpan(i + 1, 1, '/mnt/x', 'kernel', 'read'),
      state: 'done' as const,
      errno: 0,
      startUs: 1e15 + i * 137,
      durationNs: 1_000 + ((i * 7_919) % 99_991),
      path: `/some/directory-${i % 97}/a-file-with-a-name-${(i * 31) % 9_973}.dat`,
      pid: 4_000 + (i % 23),
      comm: 'worker',
      size: 4_096,
      offset: i * 4_096,
      bytes: 4_096,
    }));
    async function* chunks() {
      for (let i = 0; i < spans.length; i += 5_000) yield spans.slice(i, i + 5_000);
    }
    let text = '';
    for await (const part of html.write(chunks(), exportInfo(1e15, 2e15))) text += part;
    expect(text.length).toBeLessThan(10_000_000);
    expect(text).toContain(`"spans":${HTML_SPANS},"leftOut":5`);
    expect(statSync(file).size).toBeLessThan(text.length);
    expect(readFileSync(file, 'utf8')).not.toContain('<script>alert');
  });
});
