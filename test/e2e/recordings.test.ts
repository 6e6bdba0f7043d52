// Recordings in the page on a real mount: by keys alone from beginning to end; then imported, described, cut, sent and
// removed by pointer.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Recording } from '../../shared/recording.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const LOG = `2025/10/01 12:00:00.123456 [FUSE] Read ENTER fh=123 off=4096 len=131072
2025/10/01 12:00:00.125756 [FUSE] Read EXIT  dur=2.3ms
something else entirely
2025/10/01 12:00:01.125756 [FUSE] Read EXIT  dur=bad
2025/10/01 12:00:02.123456 [FUSE] Write ENTER fh=123 off=4096 len=131072
`;

describeWith(['fuse', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'recordings in the page', () => {
  let browser: Browser;
  let server: TestServer;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer({ args: ['--demo'] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  const list = async () => (await server.get<{ items: Recording[] }>('/api/recordings')).items;
  const shown = (page: Page) => page.getByRole('region', { name: 'Recordings', exact: true });

  test('are begun, looked at while they grow, stopped and opened by keys alone', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.getByRole('table', { name: 'Mounts' }).waitFor();
    await page.keyboard.press('r');
    const sign = page.locator('.gauges .rec dd');
    await sign.waitFor();
    const size = async () => Number.parseFloat((await sign.textContent()) ?? '');
    const before = await size();
    await until('the sign to grow', async () => (await size()) > before);
    await page.keyboard.press('8');
    await page.getByRole('heading', { name: /^Recording \d/ }).waitFor();
    // From the top of the page to the link that shows it so far.
    await page.getByRole('link', { name: 'Look at it so far' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(/it grows on/).waitFor();
    await page.keyboard.press('3');
    await page.locator('.rows [role="row"]').first().waitFor();
    const [growing] = await list();
    expect(growing?.state).toBe('recording');
    expect(growing?.spans).toBeGreaterThan(0);
    await page.keyboard.press('l');
    await page.getByText('Live').first().waitFor();
    await page.keyboard.press('r');
    await sign.waitFor({ state: 'detached' });
    await page.keyboard.press('8');
    await shown(page).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Close' }).waitFor();
    expect(new URL(page.url()).searchParams.get('recording')).toBe(String(growing?.id));
    expect(opened.complaints).toEqual([]);
  });

  test('are begun and ended by the button at the top, which stays in its place', async () => {
    await using opened = await openPage(browser, `${server.url}/errors`);
    const { page } = opened;
    const before = (await list()).length;
    const begin = page.getByRole('button', { name: 'Record', exact: true });
    const place = await begin.boundingBox();
    await begin.click();
    const end = page.getByRole('button', { name: 'Stop recording' });
    await end.waitFor();
    expect(await end.boundingBox()).toEqual(place);
    await end.click();
    await begin.waitFor();
    const now = await list();
    expect(now).toHaveLength(before + 1);
    expect(now.filter((one) => one.state !== 'done')).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('are read from a dropped log, described, cut, sent, taken back and removed', async () => {
    await using opened = await openPage(browser, `${server.url}/latency`);
    const { page } = opened;
    const drop = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'hello.log'));
      return transfer;
    }, LOG);
    await page.dispatchEvent('body', 'dragover', { dataTransfer: drop });
    await page.getByText('Drop logs or recordings to import them').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: drop });
    const report = page.getByRole('region', { name: 'Imports' });
    await report.getByText('read as fusestream').waitFor();
    expect(await report.locator('dl').textContent()).toMatch(
      /5lines2operations1open at its end0unpaired0stalls.*1of other programs1rejected/,
    );
    expect(await report.getByRole('table', { name: 'Rejected lines' }).textContent()).toMatch(
      /4dur=bad is no duration/,
    );
    const row = (name: string) => shown(page).getByRole('row').filter({ hasText: name });
    const act = async (name: string, what: string) => {
      await row(name).getByRole('button', { name: 'Actions' }).click();
      await page.getByRole('menuitem', { name: what }).click();
    };

    await act('hello.log', 'Name and notes');
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('Hello & <b>');
    await page.getByRole('textbox', { name: 'Notes' }).fill('before the update');
    await page.getByRole('button', { name: 'Save' }).click();
    await row('Hello & <b>').getByText('before the update').waitFor();

    await act('Hello & <b>', 'Trim, or keep a part');
    await page.getByRole('dialog').getByLabel('Only operations that match').fill('op:wrte');
    await page.getByRole('dialog').locator('.field-error').waitFor();
    await page.getByRole('dialog').getByLabel('Only operations that match').fill('op:write');
    await page.getByText('1 operation of 2 is in this part.').waitFor();
    await page.getByRole('button', { name: 'Keep the part as another' }).click();
    await row('a part').waitFor();
    expect((await list()).find(({ name }) => name.endsWith('a part'))).toMatchObject({ spans: 1, open: 1 });

    const download = page.waitForEvent('download');
    await act('a part', 'The recording itself');
    const file = join(server.dir, 'sent.fscope');
    await writeFile(file, await readFile(await (await download).path()));
    await act('a part', 'Delete');
    await page.getByRole('alertdialog').getByText('There is no other copy').waitFor();
    // The focus begins on Cancel: Enter keeps it.
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    expect(await row('a part').count()).toBe(1);
    await act('a part', 'Delete');
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await row('a part').waitFor({ state: 'detached' });

    await page.locator('input[type=file]').setInputFiles(file);
    await report.getByText('taken as a recording').waitFor();
    await row('a part').waitFor();
    expect(opened.complaints).toEqual([]);
  });
});
