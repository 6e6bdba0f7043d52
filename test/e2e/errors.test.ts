// The errors of an imported log in the page: the first cause on top, and no barrier in either theme or on a narrow screen.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImportAnswer } from '../../shared/import.ts';
import { CAUSE, cascadeLog, END } from '../fuse/logs/cascade-log.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'the errors of a log', () => {
  let browser: Browser;
  let server: TestServer;
  let recording: number;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer();
    const answer = await server.post('/api/import?name=fusefs_tests.log', cascadeLog({ seed: 2 }));
    ({ recording } = (await answer.json()) as ImportAnswer);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  test.each([
    ['dark', 'wide'],
    ['light', 'narrow'],
  ] as const)('stand in the order of their cascade (%s, %s)', async (theme, size) => {
    await using opened = await openPage(browser, `${server.url}/errors?recording=${recording}`, {
      theme,
      size,
    });
    const { page } = opened;
    const rows = page.getByRole('region', { name: 'The cascade' }).getByRole('listitem');
    await rows.first().waitFor();
    expect(await rows.first().locator('.err-example').textContent()).toMatch(CAUSE);
    expect(await rows.first().locator('.err-count').textContent()).toContain('300 times');
    expect(await rows.last().locator('.err-text').textContent()).toMatch(END);
    const apart = await page.getByRole('region', { name: 'Apart from it' }).textContent();
    expect(apart).toContain('Auth was empty');
    expect(await page.getByRole('region', { name: 'A mount did not come up' }).textContent()).toMatch(
      /300 ×/,
    );
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
      .analyze();
    expect(violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target.join(' ')}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
    expect(opened.complaints).toEqual([]);
  });
});
