// What must hold on each view in each theme and width: no barrier that axe knows of, nothing wider than the screen.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stall } from '../../shared/stall.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const VIEWS: readonly (readonly [path: string, ready: string])[] = [
  ['/', '.mounts .mrow'],
  ['/timeline', '.tl-stage'],
  ['/timeline?as=table', '.tl-table tbody tr'],
  ['/operations', '.rows [role="row"]'],
  ['/stalls', '.stall-row'],
  ['/stalls/:id', '.stall-head'],
  ['/latency', '.hlist .hrow'],
  ['/files?path=/photos', '.story h2'],
  ['/files?by=processes', '.files-table tbody tr'],
  ['/errors', '.err-lead h1'],
  ['/faults', '.fault-list tbody tr'],
  ['/settings', '.settings .set-force tbody tr'],
  ['/recordings', '.rec-list tbody tr'],
  ['/latency?as=table', '.as-table tbody tr'],
  ['/?as=table', '.map-table tbody tr'],
  ['/start', '.finding'],
];

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const EVERYTHING = { runOnly: { type: 'tag', values: TAGS } } as const;
/** What another theme can change. */
const COLOURS = { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } } as const;
/** Colours that another theme has set in motion have arrived. */
const settled = () =>
  Promise.all(
    document
      .getAnimations()
      .filter((one) => one instanceof CSSTransition)
      .map((one) => one.finished.catch(() => null)),
  ).then(() => undefined);
const LOOKS = [
  { theme: 'dark', width: 1440, rules: EVERYTHING },
  { theme: 'light', width: 1440, rules: COLOURS },
  { theme: 'light', width: 390, rules: EVERYTHING },
  { theme: 'dark', width: 390, rules: COLOURS },
] as const;

describeWith(['fuse', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'each view', () => {
  let browser: Browser;
  let server: TestServer;
  let stall: number;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer({ args: ['--demo'] });
    const first = await until(
      'the demo to stall',
      async () => (await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' })).items[0],
      40_000,
    );
    stall = first.id;
    await server.post('/api/recordings', { name: 'Kept', from: '0' });
    await server.post('/api/recordings', { name: 'Growing' });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  for (const [path, ready] of VIEWS) {
    test(`${path} has no barrier, in both themes and widths`, async () => {
      await using opened = await openPage(browser, server.url + path.replace(':id', String(stall)));
      const { page } = opened;
      await page.locator(ready).first().waitFor();
      const found: string[] = [];
      for (const { theme, width, rules } of LOOKS) {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize({ width, height: 900 });
        await page.locator(ready).first().waitFor();
        await page.evaluate(settled);
        const { violations } = await new AxeBuilder({ page })
          .setLegacyMode(true)
          .options({ resultTypes: ['violations'], ...rules })
          .analyze();
        const look = `${theme}, ${width} px`;
        for (const { id, nodes } of violations) found.push(`${look}: ${id} ${nodes[0]?.target.join(' ')}`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) found.push(`${look}: ${over} px wider than the screen`);
      }
      expect([...found, ...opened.complaints]).toEqual([]);
    });
  }

  test('stands still where motion is unwelcome', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.locator('.lead .spark').waitFor();
    expect(
      await page.locator('.lead .spark').evaluate((spark) => getComputedStyle(spark).animationName),
    ).toBe('none');
  });

  test('keeps the theme that was chosen, without a flash of the other', async () => {
    await using opened = await openPage(browser, server.url, { theme: 'dark' });
    const { page } = opened;
    await page.getByRole('button', { name: /^Theme: system/ }).click();
    await page.getByRole('button', { name: /^Theme: dark/ }).click();
    await page.getByRole('button', { name: /^Theme: light/ }).waitFor();
    await page.route('**/assets/*.js', (route) => route.abort());
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light');
  });
});
