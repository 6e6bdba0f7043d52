// The page at 200 %: what a screen of 1440 x 900 is then, 720 x 450. Nothing scrolls sideways, no control is cut off or
// lies beneath another, and axe finds no barrier.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stall } from '../../shared/stall.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { startFixedServer } from '../support/fixed-recording.ts';
import { describeWith } from '../support/requires.ts';
import type { TestServer } from '../support/server.ts';

const RECORDED: readonly (readonly [path: string, ready: string])[] = [
  ['/', '.mounts .mrow'],
  ['/timeline', '.tl-stage'],
  ['/timeline?as=table', '.tl-table tbody tr'],
  ['/operations', '.rows [role="row"]'],
  ['/operations?span=1', '.insp'],
  ['/stalls', '.stall-row'],
  ['/stalls/:id', '.stall-head'],
  ['/latency?op=read', '.recharts-area'],
  ['/files?path=/Photos', '.story h2'],
  ['/errors', '.err-lead h1'],
];
const LIVE: typeof RECORDED = [
  ['/recordings', '.rec-list tbody tr'],
  ['/faults', '.faults h1'],
  ['/settings', '.settings .set-facts'],
  ['/start', '.finding'],
];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'at 200 %', () => {
  let browser: Browser;
  let server: TestServer;
  let stall: number;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startFixedServer()]);
    const open = { recording: 1, state: 'open' };
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls', open);
    stall = items[0]?.id ?? 0;
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const views = [
    ...RECORDED.map(
      ([path, ready]) => [`${path}${path.includes('?') ? '&' : '?'}recording=1`, ready] as const,
    ),
    ...LIVE,
  ];
  for (const [path, ready] of views) {
    test(`${path} can be used`, async () => {
      const viewport = { width: 720, height: 450 };
      await using context = await browser.newContext({ viewport, deviceScaleFactor: 2, colorScheme: 'dark' });
      const page = await context.newPage();
      await page.goto(server.url + path.replace(':id', String(stall)));
      await page.locator(ready).first().waitFor();
      const found = await page.evaluate(outOfReach);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${over} px wider than the screen`);
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(TAGS).analyze();
      for (const { id, nodes } of violations) found.push(`${id} ${nodes[0]?.target.join(' ')}`);
      expect(found).toEqual([]);
    });
  }

  test('what is cut off or covered is found', async () => {
    await using context = await browser.newContext({ viewport: { width: 720, height: 450 } });
    const page = await context.newPage();
    const button = (name: string, style: string) =>
      `<button aria-label="${name}" style="${style}">x</button>`;
    await page.setContent(`
      <header class="top">${button('beyond', 'position:absolute;left:800px;top:0')}</header>
      <div style="width:40px;overflow:hidden">${button('cut', 'width:90px')}</div>
      <div style="width:40px;overflow:auto">${button('scrolled to', 'width:90px')}</div>
      <nav class="fbar">${button('beneath', 'position:absolute;left:200px;top:200px')}</nav>
      <div style="position:absolute;left:190px;top:190px;width:90px;height:90px;background:red"></div>`);
    expect(await page.evaluate(outOfReach)).toEqual([
      'beyond is off the screen',
      'cut is cut off',
      'beneath is covered',
    ]);
  });
});

/** Controls that nobody can reach: beyond what can be scrolled to, or in a toolbar beneath something. In the page. */
function outOfReach(): string[] {
  const found: string[] = [];
  const nameOf = (one: Element) => one.getAttribute('aria-label') ?? one.textContent?.trim() ?? one.tagName;
  for (const control of document.querySelectorAll(
    'a[href], button, input, select, summary, [tabindex="0"]',
  )) {
    const box = control.getBoundingClientRect();
    // What is shown to readers alone, or only once it has the focus.
    if (!control.checkVisibility() || box.width < 2 || control.closest('.sr, .skip')) continue;
    let off = box.left < -1 || box.right > innerWidth + 1;
    let cut = false;
    for (let at = control.parentElement; at; at = at.parentElement) {
      const { overflowX } = getComputedStyle(at);
      if (overflowX === 'visible') continue;
      if (overflowX === 'auto' || overflowX === 'scroll') {
        off = false;
        break;
      }
      const { left, right } = at.getBoundingClientRect();
      if (box.left < left - 1 || box.right > right + 1) cut = true;
    }
    if (off) found.push(`${nameOf(control)} is off the screen`);
    else if (cut) found.push(`${nameOf(control)} is cut off`);
    else if (control.closest('.top, .strip, .fbar, .mnav')) {
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      const above = document.elementFromPoint(x, y);
      const within = x > 0 && x < innerWidth && y > 0 && y < innerHeight;
      // The inspector lies over the view here, until it is closed.
      const beneath = above?.closest('.insp') ?? null;
      if (within && above && !control.contains(above) && !above.contains(control) && beneath === null)
        found.push(`${nameOf(control)} is covered`);
    }
  }
  return found;
}
