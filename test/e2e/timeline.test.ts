// The timeline on a real mount, in a real browser: by pointer, and by keys alone.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mirror } from '../../shared/api.ts';
import type { Span } from '../../shared/span.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

describeWith(['fuse', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'the timeline on a real mount', () => {
  const place = new Workplace();
  let browser: Browser;
  let server: TestServer;
  let spans: Span[];
  /** The stretch of time in which the mount was used. */
  let range: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer();
    const [source, mountpoint] = [place.make('source'), place.make('mnt')];
    const answer = await server.post('/api/mirrors', { source, mountpoint });
    expect(answer.status).toBe(201);
    for (const name of ['one', 'two', 'three']) await run('touch', [join(mountpoint, name)]);
    spans = await until('the operations to be stored', async () => {
      const { items } = await server.get<{ items: Span[] }>('/api/spans', {
        order: 'start:asc',
        limit: 1_000,
      });
      return items.some((span) => span.path === '/three' && span.op === 'release') && items;
    });
    const starts = spans.map((span) => span.startUs);
    range = `from=${Math.floor(Math.min(...starts)) - 20_000}&to=${Math.ceil(Math.max(...starts)) + 20_000}`;
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    if (server) {
      const { items } = await server.get<{ items: Mirror[] }>('/api/mirrors');
      for (const { id } of items) await fetch(`${server.url}/api/mirrors/${id}`, { method: 'DELETE' });
      await server[Symbol.asyncDispose]();
    }
    await place.clean();
  });

  test('shows what is stored of a range; the wheel zooms, dragging pans, the URL follows, and lanes are chosen', async () => {
    await using opened = await openPage(browser, `${server.url}/timeline?${range}`);
    const { page } = opened;
    await counted(page);
    const before = await rangeOf(page);
    await page.mouse.move(800, 400);
    await page.mouse.wheel(0, -400);
    await until(
      'the zoom to be in the URL',
      async () => lengthOf(await rangeOf(page)) < lengthOf(before) * 0.9,
    );
    const zoomed = await rangeOf(page);
    await page.mouse.down();
    await page.mouse.move(900, 400, { steps: 4 });
    await page.mouse.up();
    await until('the pan to be in the URL', async () => (await rangeOf(page)).from < zoomed.from);
    expect(Math.abs(lengthOf(await rangeOf(page)) - lengthOf(zoomed))).toBeLessThanOrEqual(2);
    await page.getByRole('button', { name: 'Operation', exact: true }).click();
    await until('the lanes to be in the URL', () => new URL(page.url()).searchParams.get('lanes') === 'op');
    expect(opened.complaints).toEqual([]);
  });

  test('what was moved looks as if it were drawn anew', async () => {
    await using opened = await openPage(browser, `${server.url}/timeline?${range}`);
    const { page } = opened;
    await counted(page);
    const before = await rangeOf(page);
    await page.mouse.move(700, 400);
    await page.mouse.down();
    await page.mouse.move(933, 400, { steps: 7 });
    await page.mouse.up();
    await page.mouse.move(700, 20);
    await until('the pan to be in the URL', async () => (await rangeOf(page)).from < before.from);
    const drawn = () => page.evaluate("document.querySelector('.tl-stage canvas').toDataURL()");
    let moved = await drawn();
    await until('the picture to be at rest', async () => {
      const last = moved;
      moved = await drawn();
      return moved === last;
    });
    // Another theme draws all of it anew.
    await page.emulateMedia({ colorScheme: 'light' });
    await until('the light picture', async () => (await drawn()) !== moved);
    await page.emulateMedia({ colorScheme: 'dark' });
    await until('the same picture as before', async () => (await drawn()) === moved);
    expect(opened.complaints).toEqual([]);
  });

  test('Shift and dragging selects a stretch, whose figures stand beneath', async () => {
    await using opened = await openPage(browser, `${server.url}/timeline?${range}`);
    const { page } = opened;
    await counted(page);
    await page.keyboard.down('Shift');
    await page.mouse.move(240, 400);
    await page.mouse.down();
    await page.mouse.move(1_425, 420, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
    const selected = page.getByRole('region', { name: 'Selected stretch of time' });
    await selected.getByRole('rowheader', { name: 'getattr' }).waitFor();
    await selected.getByRole('rowheader', { name: /touch/ }).waitFor();
    expect(new URL(page.url()).searchParams.get('selected')).toMatch(/^\S+ \S+$/);
    await selected.getByRole('button', { name: /Clear/ }).click();
    await selected.waitFor({ state: 'detached' });
    expect(opened.complaints).toEqual([]);
  });

  test('can be used by keys alone: to an operation and its details, marks, a selection, the table, and back to live', async () => {
    await using opened = await openPage(browser, `${server.url}/timeline?${range}`);
    const { page } = opened;
    await counted(page);
    await page.keyboard.press('ArrowRight');
    const inspector = page.getByRole('complementary', { name: 'Selected operation' });
    await inspector.getByRole('heading', { level: 2 }).waitFor();
    const first = spanOf(page);
    await page.keyboard.press('ArrowRight');
    await until('the next operation', () => spanOf(page) !== null && spanOf(page) !== first);
    await page.keyboard.press('m');
    await until('the mark to be in the URL', () => new URL(page.url()).searchParams.has('marks'));
    await page.keyboard.press('e');
    await page.getByRole('region', { name: 'Selected stretch of time' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Selected stretch of time' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await inspector.waitFor({ state: 'detached' });
    await page.keyboard.press('v');
    await page.getByRole('rowheader', { name: /touch/ }).first().waitFor();
    // Its looks come with it, whatever was opened before.
    const head = page.getByRole('columnheader', { name: 'Lane' });
    expect(await head.evaluate((cell) => getComputedStyle(cell).borderBottomStyle)).toBe('solid');
    await page.keyboard.press('v');
    await page.getByRole('application', { name: 'Timeline' }).waitFor();
    await page.keyboard.press('l');
    await until('it to follow now', () => !new URL(page.url()).searchParams.has('from'));
    expect(opened.complaints).toEqual([]);
  });

  test('a link to an operation shows that operation', async () => {
    const touched = spans.find((span) => span.path === '/two');
    await using opened = await openPage(browser, `${server.url}/timeline?span=${touched?.id}`);
    const { page } = opened;
    await page.getByRole('complementary').getByText('/two').first().waitFor();
    await until('the range around it', async () => {
      const { from, to } = await rangeOf(page);
      return from < (touched?.startUs ?? 0) && to > (touched?.startUs ?? 0);
    });
    expect(opened.complaints).toEqual([]);
  });
});

/** Until operations are in view. */
const counted = (page: Page) =>
  page
    .locator('.tl-count b')
    .filter({ hasText: /^[1-9]/ })
    .waitFor();
const spanOf = (page: Page) => new URL(page.url()).searchParams.get('span');
const lengthOf = ({ from, to }: { from: number; to: number }) => to - from;

async function rangeOf(page: Page): Promise<{ from: number; to: number }> {
  const { searchParams } = new URL(page.url());
  const us = (name: string) => {
    const text = searchParams.get(name) ?? '';
    return /^\d+$/.test(text) ? Number(text) : Date.parse(text) * 1e3;
  };
  return { from: us('from'), to: us('to') };
}
