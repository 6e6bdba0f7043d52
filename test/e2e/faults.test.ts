// Faults in the page, done to a real mirror: added by the form, seen to work, switched, released, cleared, put back.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from '../../shared/api.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

describeWith(['fuse', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'faults in the page', () => {
  let browser: Browser;
  let server: TestServer;
  let dir: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer();
    dir = mkdtempSync(join(tmpdir(), 'fusescope-e2e-'));
    for (const name of ['source', 'mnt']) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'source', 'plain.txt'), 'hello');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  test('are explained, added, counted, switched, released, cleared and put back', async () => {
    await using opened = await openPage(browser, `${server.url}/faults`);
    const { page } = opened;
    await page.getByText('fusescope mount ~/src /tmp/traced').waitFor();
    const mountpoint = join(dir, 'mnt');
    await server.post('/api/mirrors', { source: join(dir, 'source'), mountpoint });
    const file = join(mountpoint, 'plain.txt');
    const form = page.getByRole('form', { name: 'New fault' });
    await form.waitFor();

    await form.getByLabel('Begin with').selectOption({ label: 'Dying disk' });
    await form.getByText('Disks that retry bad sectors').waitFor();
    expect(await form.getByLabel('How long').inputValue()).toBe('500ms..3000ms');
    await form.getByLabel('Begin with').selectOption({ label: 'an empty rule' });
    await form.getByLabel('First', { exact: true }).selectOption('none');
    await form.getByLabel('Operations', { exact: true }).fill('reed');
    await form.getByRole('button', { name: 'Add it' }).click();
    await form.getByText('did you mean read?').waitFor();
    await form.getByLabel('Operations', { exact: true }).fill('open');
    await form.getByText('The rule has no effect').waitFor();
    await form.getByLabel('Then', { exact: true }).selectOption('errno');
    await form.getByLabel('With', { exact: true }).fill('EIO');
    await form.getByText(`fusescope faults add ${mountpoint} --op open --errno EIO`).waitFor();
    await form.getByRole('button', { name: 'Add it' }).click();
    const row = page.getByRole('row').filter({ hasText: 'fail with EIO' });
    await row.waitFor();
    await expect(run('cat', [file])).rejects.toThrow(/Input\/output error/);
    await until('the counters', async () => (await row.locator('[data-head=hit]').textContent()) === '1');

    await row.getByRole('switch').click();
    await row.and(page.locator('.is-off')).waitFor();
    expect((await run('cat', [file])).stdout).toBe('hello');

    await form.getByLabel('Operations', { exact: true }).fill('read');
    await form.getByLabel('First', { exact: true }).selectOption('hang');
    await form.getByRole('button', { name: 'Add it' }).click();
    const hang = page.getByRole('row').filter({ hasText: 'hang until released' });
    await hang.waitFor();
    const waiting = run('dd', [`if=${file}`, 'iflag=direct', 'status=none', 'bs=4096']);
    await hang.getByRole('button', { name: /^Release/ }).click();
    expect((await waiting).stdout).toBe('hello');

    const again = run('dd', [`if=${file}`, 'iflag=direct', 'status=none', 'bs=4096']);
    await until('it to be held', async () => (await hang.locator('.st').count()) === 1);
    await page.getByRole('button', { name: /^Clear all/ }).click();
    expect((await again).stdout).toBe('hello');
    await page.getByRole('heading', { name: /^No faults/ }).waitFor();
    await page.getByRole('button', { name: 'Put 2 rules back' }).click();
    await row.waitFor();
    const { items } = await server.get<{ items: Fault[] }>('/api/faults');
    expect(items.map(({ enabled }) => enabled).toSorted()).toEqual([false, true]);
    expect(opened.complaints).toEqual([]);
  });
});
