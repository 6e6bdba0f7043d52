// The latency view in a real browser, over two minutes of event lines: the brush and what is behind it, by pointer and
// by keys, and a comparison of the two minutes.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { twoRanges } from '../support/two-ranges.ts';
import { until } from '../support/until.ts';

const { lines, before, after } = twoRanges();
const iso = (us: number) => new Date(us / 1e3).toISOString();
const range = `from=${iso(after.fromUs)}&to=${iso(after.toUs)}`;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'latency in a browser', () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer();
    expect((await server.post('/api/events', lines)).status).toBe(200);
    await until('all of them to be stored', async () => {
      const { items } = await server.get<{ items: { count: number }[] }>('/api/latency');
      return items.length === 3 && items[0]?.count === 960;
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  test('a brush drawn over the heat map tells what is behind it, and leads to just those operations', async () => {
    await using opened = await openPage(browser, `${server.url}/latency?${range}`);
    const { page } = opened;
    const heat = page.getByRole('application', { name: /^Brush of the heat map/ });
    // What loads beneath it takes room of the picture.
    await page.locator('.bh[data-item]').first().waitFor();
    const box = await until('the picture', async () => heat.boundingBox());
    // From 5 ms up: the reads.
    await page.mouse.move(box.x + 52, box.y + 24);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 14, box.y + 20 + (box.height - 40) * 0.5, { steps: 4 });
    await page.mouse.up();
    const behind = page.getByRole('region', { name: 'Behind the brush' });
    await behind.getByText('480 operations in the brush').waitFor();
    await behind.getByText(/100 % of them are/).waitFor();
    await behind.getByRole('rowheader', { name: /reader 41/ }).waitFor();
    await behind.getByRole('rowheader', { name: '4 KiB to 8 KiB' }).waitFor();
    const caller = behind.getByRole('link', { name: 'reader 42', exact: true });
    const href = new URL((await caller.getAttribute('href')) ?? '', server.url);
    expect(href.searchParams.get('filter')).toMatch(/^dur:>=\S+ (dur:<\S+ )?pid:42 comm:reader$/);
    await caller.click();
    await page.getByRole('grid', { name: 'Operations' }).waitFor();
    await until(
      'its rows alone',
      async () => (await page.locator('.rows [role="row"]', { hasText: '42' }).count()) > 0,
    );
    await page.goBack();
    await behind.getByText('480 operations in the brush').waitFor();
    await behind.getByRole('button', { name: /Clear/ }).click();
    await behind.waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.has('brush')).toBe(false);
    expect(opened.complaints).toEqual([]);
  });

  test('by keys alone: all is brushed, moved, let go; the next operation; compared, in words and as a table', async () => {
    await using opened = await openPage(browser, `${server.url}/latency?${range}`);
    const { page } = opened;
    await page.locator('.ramp').waitFor();
    await page.keyboard.press('b');
    const behind = page.getByRole('region', { name: 'Behind the brush' });
    await behind.getByText('961 operations in the brush').waitFor();
    await page.getByRole('application', { name: /^Brush/ }).focus();
    const first = new URL(page.url()).searchParams.get('brush');
    await page.keyboard.press('Shift+ArrowLeft');
    await until('a smaller brush', () => new URL(page.url()).searchParams.get('brush') !== first);
    await page.keyboard.press('Escape');
    await behind.waitFor({ state: 'detached' });
    await page.keyboard.press('o');
    await until('another operation', () => new URL(page.url()).searchParams.has('op'));
    await page.keyboard.press('c');
    await page.getByRole('menuitem', { name: 'The same time before' }).waitFor();
    await page.keyboard.press('Enter');
    const comparison = page.getByRole('region', { name: 'Comparison' });
    await comparison.getByText(/^read: slower than the same time before.*More than noise \(p </).waitFor();
    await comparison.getByRole('row', { name: /getattr.*no \(p = / }).waitFor();
    expect(new URL(page.url()).searchParams.get('against')).toBe('before');
    await page.keyboard.press('v');
    await comparison.getByRole('row', { name: /read.*yes: / }).waitFor();
    await page.keyboard.press('v');
    await page.locator('.recharts-area').nth(1).waitFor();
    await page.keyboard.press('Escape');
    await comparison.waitFor({ state: 'detached' });
    expect(opened.complaints).toEqual([]);
  });

  test('histograms by mount, caller, path, size and result: by keys, in the URL, as rows, as tables, and with what is open', async () => {
    const nowUs = Math.floor(Date.now() * 1e3);
    const hung = {
      ev: 'ENTER',
      mount: '/mnt/p',
      id: 'hung',
      op: 'read',
      ts: nowUs - 9e6,
      path: '/h',
      pid: 9,
      comm: 'hung',
      size: 100,
    };
    expect((await server.post('/api/events', JSON.stringify(hung))).status).toBe(200);
    await using opened = await openPage(browser, `${server.url}/latency?${range}`);
    const { page } = opened;
    const rows = page.locator('.hlist .hrow');
    await rows.first().waitFor();
    for (const [by, names] of [
      ['mount', /^\/mnt\//],
      ['comm', /^(reader|writer|hung|[a-z]+)/],
      ['path', /^\/|no path known/],
      ['size', /^\d+ [KM]?i?B to|under|no size/],
      ['errno', /^ok|^E|no result yet/],
    ] as const) {
      await page.keyboard.press('g');
      await until(`histograms by ${by}`, () => new URL(page.url()).searchParams.get('by') === by);
      await until('their names', async () => {
        const texts = await rows.allInnerTexts();
        return texts.length > 0 && texts.every((text) => names.test(text.trim()));
      });
    }
    await page.getByRole('group', { name: 'Histograms by' }).getByRole('button', { name: 'Caller' }).click();
    await rows.filter({ hasText: 'hung' }).getByText('+1 open').waitFor();
    await rows.filter({ hasText: 'reader' }).click();
    await page.getByRole('heading', { name: 'reader' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'reader' }).waitFor();
    const asRows = page.getByRole('link', { name: 'As rows' });
    expect(await asRows.getAttribute('href')).toContain('filter=comm%3Areader');
    await page.keyboard.press('v');
    await page
      .getByRole('table', { name: /^Latency by caller/ })
      .getByRole('row', { name: /^reader/ })
      .waitFor();
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(TAGS).analyze();
    expect([...violations.map(({ id }) => id), ...opened.complaints]).toEqual([]);
  });

  test('has no barrier with a brush and a comparison, in either theme, nor narrow', async () => {
    const brush = `${iso(after.fromUs)} ${iso(after.toUs)} >=1ms`;
    const against = `range:${iso(before.fromUs)} ${iso(before.toUs)}`;
    const search = new URLSearchParams({ brush, against });
    await using opened = await openPage(browser, `${server.url}/latency?${range}&${search}`);
    const { page } = opened;
    const found: string[] = [];
    for (const [theme, width] of [
      ['dark', 1440],
      ['light', 1440],
      ['dark', 390],
    ] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: 900 });
      await page.getByText('Slowest of them').waitFor({ state: 'attached' });
      await page.getByRole('region', { name: 'Comparison' }).getByRole('rowheader').first().waitFor();
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(TAGS).analyze();
      for (const { id, nodes } of violations)
        found.push(`${theme} ${width}: ${id} ${nodes[0]?.target.join(' ')}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${theme} ${width}: ${over} px wider than the screen`);
      if (process.env.FUSESCOPE_SHOTS)
        await page.screenshot({ path: `${process.env.FUSESCOPE_SHOTS}/latency-${theme}-${width}.png` });
    }
    expect([...found, ...opened.complaints]).toEqual([]);
  });
});
