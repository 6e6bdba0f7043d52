// The HTML export in a browser that is offline: what it shows, and that hostile names stay text.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { html } from '../../server/export/html.ts';
import { blankSpan, type Span } from '../../shared/span.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';

const BASE = 1_732_160_000_000_000;
const HOSTILE = '/</script><img src=x onerror="document.title=\'hit\'">';

async function* spans(): AsyncIterable<Span[]> {
  const at = (id: number, op: string, fields: Partial<Span>): Span => ({
    ...blankSpan(id, 1, '/mnt/x', 'mirror', op),
    startUs: BASE + id * 1_000,
    durationNs: 2_000,
    state: 'done',
    errno: 0,
    ...fields,
  });
  yield Array.from({ length: 300 }, (_, i) => at(i, 'getattr', { path: `/file${i}` }));
  yield [
    at(300, 'unlink', { path: HOSTILE, comm: '<b>rm</b>', errno: 2, error: 'ENOENT' }),
    at(301, 'read', { path: '/stuck', state: 'open', durationNs: null, errno: null }),
  ];
}

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'the HTML export', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('shows table, timeline, latency and stalls without a network', async () => {
    const parts: string[] = [];
    for await (const part of html.write(spans(), { untilUs: BASE + 60e6, version: '0' }))
      parts.push(String(part));
    const file = join(dir, 'trace.html');
    writeFileSync(file, parts.join(''));
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.goto(`file://${file}`);
    expect(await page.locator('#about').textContent()).toContain('302 operations');
    expect(await page.locator('#stalls td').allTextContents()).toContain('/stuck');
    expect(await page.locator('#latency tr').count()).toBe(4);
    expect(await page.locator('#page').textContent()).toBe('1–200 of 302');
    await page.locator('#search').fill('unlink');
    expect(await page.locator('#table td.path').allTextContents()).toEqual([HOSTILE]);
    expect(await page.locator('img, b').count()).toBe(0);
    expect(await page.title()).toBe('FuseScope trace');
    const painted = await page.evaluate(
      `document.querySelector('#timeline').getContext('2d').getImageData(0, 0, 1000, 60).data.some((value) => value > 0)`,
    );
    expect(painted).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });
});
