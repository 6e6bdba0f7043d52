// What each view is copied as (`y`): its URL, JSON, and a command that runs as it stands and says the same; and the
// comparison of two recordings, from their list to the view.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { startFixedServer } from '../support/fixed-recording.ts';
import { describeWith } from '../support/requires.ts';
import type { TestServer } from '../support/server.ts';

const CLI = join(import.meta.dirname, '../../server/cli/main.ts');
const READS = 'filter=op%3Aread';

/** Views, when they are there, and what their command prints. */
const VIEWS: readonly (readonly [path: string, ready: string, prints: RegExp])[] = [
  ['/?recording=1', '.mounts .mrow', /plex.*\/media\/pool/],
  [`/timeline?recording=1&${READS}`, '.tl-stage', /"op":"read"/],
  [`/operations?recording=1&${READS}`, '.rows [role="row"]', /"op":"read"/],
  ['/stalls?recording=1', '.stall-row', /nas\.local:22/],
  ['/stalls/2?recording=1', '.stall-head', /nas\.local:22/],
  [`/latency?recording=1&${READS}`, '.recharts-area', /^read\s/m],
  ['/latency', '.lat .quiet-note', /^OPERATION/],
  ['/files?recording=1&path=/Photos&mount=/media/pool', '.story h2', /\/Photos/],
  ['/errors?recording=1', '.err-lead h1', /EIO/],
  ['/recordings', '.rec-list tbody tr', /Before the update/],
  ['/faults', '.faults h1', /^\w+/],
  ['/settings', '.settings .set-facts', /^fuse-native\s/m],
];

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'copied from the page', () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startFixedServer()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  /** What a choice of the sheet puts on the clipboard. */
  async function copied(page: Page, choice: RegExp): Promise<string> {
    await page.keyboard.press('y');
    const sheet = page.getByRole('dialog', { name: 'Copy as' });
    await sheet.getByRole('button', { name: choice }).click();
    await sheet.waitFor({ state: 'detached' });
    return page.evaluate(() => navigator.clipboard.readText());
  }

  /** Runs a line in a shell, as somebody would who pastes it. */
  async function run(line: string): Promise<string> {
    const script = `fusescope() { "$NODE" "$CLI" "$@"; }\n${line}`;
    const env = { ...process.env, NODE: process.execPath, CLI, FUSESCOPE_SERVER: server.url };
    return (await promisify(execFile)('sh', ['-c', script], { env, maxBuffer: 64e6 })).stdout;
  }

  for (const [path, ready, prints] of VIEWS) {
    test(`${path} is copied as URL, JSON and command`, async () => {
      await using opened = await openPage(browser, server.url + path);
      const { page, context } = opened;
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.locator(ready).first().waitFor();
      expect(await copied(page, /URL of this view/)).toBe(page.url());
      const json = JSON.parse(await copied(page, /JSON/)) as object | null;
      expect(json).not.toBeNull();
      const command = await copied(page, /Command/);
      const output = await run(command);
      expect(output).toMatch(prints);
      if (path.includes(READS)) expect(output).not.toMatch(/getattr|"op":"write"/);
      expect(opened.complaints).toEqual([]);
    });
  }

  test('two recordings are compared, from their list', async () => {
    const made = await server.post('/api/recordings', {
      name: 'The archive',
      recording: 1,
      filter: 'mount:/mnt/b2',
    });
    const { id } = (await made.json()) as { id: number };
    await using opened = await openPage(browser, `${server.url}/recordings`);
    const { page } = opened;
    const row = page.locator('.rec-list tbody tr').filter({ hasText: 'The archive' });
    await row.getByRole('button', { name: 'Actions' }).click();
    await page.getByRole('menuitem', { name: 'Compare its latency' }).click();
    const sheet = page.getByRole('dialog', { name: 'Compare The archive with' });
    expect(await sheet.getByRole('link', { name: 'The live trace' }).getAttribute('href')).toBe(
      `/latency?against=recording:${id}`,
    );
    await sheet.getByRole('link', { name: /^Before the update/ }).click();
    const comparison = page.getByRole('region', { name: 'Comparison' });
    await comparison
      .getByText(/the recording Before the update/)
      .first()
      .waitFor();
    // Its reads are those of the archive alone, which is the slowest mount of the other.
    await comparison
      .getByText(/^read: slower than the recording Before the update.*More than noise/)
      .waitFor();
    await page.locator('.recharts-area').nth(1).waitFor();
    const { searchParams } = new URL(page.url());
    expect([searchParams.get('recording'), searchParams.get('against')]).toEqual([String(id), 'recording:1']);
    expect(opened.complaints).toEqual([]);
  });
});
