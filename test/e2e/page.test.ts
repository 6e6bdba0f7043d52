// The page's main job on real mounts, in a real browser.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mirror } from '../../shared/api.ts';
import type { Stall } from '../../shared/stall.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

describeWith(['fuse', CHROMIUM.split('/').at(-1) ?? 'chromium'], 'the page on a real mount', () => {
  let browser: Browser;
  let server: TestServer;
  let dir: string;
  let mountpoint: string;

  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startTestServer({ args: ['--demo'] });
    dir = mkdtempSync(join(tmpdir(), 'fusescope-e2e-'));
    mountpoint = join(dir, 'mnt');
    mkdirSync(join(dir, 'source'));
    mkdirSync(mountpoint);
    writeFileSync(join(dir, 'source', 'plain.txt'), 'hello');
    const answer = await server.post('/api/mirrors', { source: join(dir, 'source'), mountpoint });
    expect(answer.status).toBe(201);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  test('an operation appears within a second', async () => {
    await using opened = await openPage(browser, `${server.url}/operations?filter=mount:${mountpoint}`);
    const { page } = opened;
    await page.getByRole('grid', { name: 'Operations' }).waitFor();
    await until('the feed', async () =>
      (await page.getByRole('status').first().textContent())?.includes('Live'),
    );
    const began = performance.now();
    await run('touch', [join(mountpoint, 'appears.txt')]);
    await page.getByRole('row').filter({ hasText: 'appears.txt' }).first().waitFor({ timeout: 2_000 });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(opened.complaints).toEqual([]);
  });

  test('a hung operation burns on every view, grows, and closes when it is released', async () => {
    const [stall] = await waitForStall(server);
    if (!stall) throw new Error('no stall');
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.getByRole('heading', { name: /waits for a read of/ }).waitFor();
    expect(await page.title()).toMatch(/^\(\d+ stalled\) FuseScope$/);
    const age = page.locator('.lead .age [data-age]');
    const first = Number.parseFloat((await age.textContent()) ?? '');
    await until('the age to grow', async () => Number.parseFloat((await age.textContent()) ?? '') > first);
    const red = await age.evaluate((element) => getComputedStyle(element).color);
    expect(red).toBe('rgb(255, 106, 56)');

    await page.getByRole('link', { name: 'Operations', exact: true }).first().click();
    await page.locator('.pin [role="row"]').first().waitFor();
    await page.goto(`${server.url}/stalls/${stall.id}`);
    await page.getByRole('button', { name: 'Release it' }).click();
    await page.getByText(/answered after/).waitFor({ timeout: 5_000 });
    await until('the title to calm', async () => (await page.title()) === 'FuseScope');
    await page.getByRole('link', { name: 'Stalls' }).last().click();
    await page
      .getByRole('table')
      .getByText(stall.span.path?.split('/').at(-1) ?? '')
      .first()
      .waitFor();
    expect(opened.complaints).toEqual([]);
  }, 60_000);

  test('a filter is kept in the URL and survives a reload; a wrong one says so and changes nothing', async () => {
    await using opened = await openPage(browser, `${server.url}/operations`);
    const { page } = opened;
    const field = page.getByRole('combobox', { name: 'Filter' });
    await field.fill('op:getattr -path:*.never ');
    await until('the URL', () => filterOf(page) === 'op:getattr -path:*.never');
    await page.keyboard.press('Escape');
    await page.reload();
    await until(
      'the filter of the URL',
      async () => (await field.inputValue()) === 'op:getattr -path:*.never',
    );
    await page.getByRole('gridcell', { name: 'getattr' }).first().waitFor();
    const ops = await page.locator('.rows [role="row"] .op').allTextContents();
    expect(new Set(ops.map((op) => op.trim()))).toEqual(new Set(['getattr']));

    await field.fill('op:getattr dur:>10mss');
    await page.getByText(/is no duration/).waitFor();
    expect(filterOf(page)).toBe('op:getattr -path:*.never');
    await field.fill('op:open');
    await until('the URL', () => filterOf(page) === 'op:open');
    await field.press('Escape');
    await field.blur();
    await page.keyboard.press('u');
    await until('the undo', () => filterOf(page) === 'op:getattr -path:*.never');
    expect(opened.complaints).toEqual([]);
  });

  test('rows are asked for with the letter, before the URL follows; it ends with the last filter that can be read', async () => {
    await using opened = await openPage(browser, `${server.url}/operations`);
    const { page } = opened;
    await page.locator('.rows [role="row"]').first().waitFor();
    await page.evaluate(`{
      const { fetch } = window;
      window.asked = [];
      window.fetch = (...args) => {
        const { pathname, searchParams } = new URL(args[0], location.href);
        if (pathname === '/api/spans') asked.push([searchParams.get('filter'), location.search]);
        return fetch(...args);
      };
    }`);
    const field = page.getByRole('combobox', { name: 'Filter' });
    await field.fill('op:getattr');
    expect((await page.evaluate('asked[0]')) as unknown).toEqual(['op:getattr', '']);
    await page.locator('.rows').filter({ hasText: 'getattr' }).waitFor();
    await field.pressSequentially(' dur:>10mss');
    await page.getByText(/is no duration/).waitFor();
    await until('the URL', () => filterOf(page) === 'op:getattr dur:>10ms');
    const filters = (await page.evaluate('asked.map(([filter]) => filter)')) as string[];
    expect(filters).toContain('op:getattr dur:>10m');
    expect(filters.at(-1)).toBe('op:getattr dur:>10ms');
    // Whoever leaves the field takes along what stands in it.
    await field.fill('op:open');
    await page.getByRole('link', { name: 'Timeline' }).first().click();
    expect(filterOf(page)).toBe('op:open');
    expect(opened.complaints).toEqual([]);
  });

  test('an export downloads and parses', async () => {
    await using opened = await openPage(browser, `${server.url}/operations`);
    const { page } = opened;
    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: /Chrome JSON/ }).click();
    const trace = JSON.parse(await readFile(await (await download).path(), 'utf8')) as {
      traceEvents: unknown[];
    };
    expect(trace.traceEvents.length).toBeGreaterThan(10);
  });

  test('rows do not move while they are read, and what waits is counted', async () => {
    await using opened = await openPage(browser, `${server.url}/operations`);
    const { page } = opened;
    const row = page.locator('.rows [role="row"]').nth(3);
    await row.waitFor();
    await row.hover();
    const id = await row.getAttribute('data-span');
    await page.getByText(/newer wait while you read/).waitFor();
    expect(await row.getAttribute('data-span')).toBe(id);
    await row.click();
    await page.getByRole('complementary', { name: 'Selected operation' }).waitFor();
    expect(new URL(page.url()).searchParams.get('span')).toBe(id);
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });

  test('everything can be reached by keys alone', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await page.getByRole('table', { name: 'Mounts' }).waitFor();
    await page.keyboard.press('3');
    await page.locator('.rows [role="row"]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.getByRole('complementary', { name: 'Selected operation' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Space');
    await page.getByText('Paused').first().waitFor();
    await page.keyboard.press('l');
    await page.getByText('Live').first().waitFor();
    await page.keyboard.press('5');
    await page.getByRole('heading', { name: 'When' }).waitFor();
    await page.keyboard.press('v');
    await page.getByRole('table', { name: /Latency by operation/ }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder(/A view, a mount/).waitFor();
    await page.keyboard.type('stalls');
    await page.keyboard.press('Enter');
    await until('the palette to lead there', () => new URL(page.url()).pathname === '/stalls');
    expect(opened.complaints).toEqual([]);
  });

  test('a hostile name is text, and shows what it hides', async () => {
    const name = '<img src=x onerror=alert(1)>\u202efdp.exe';
    await using opened = await openPage(browser, `${server.url}/operations?filter=mount:${mountpoint}`);
    const { page } = opened;
    await page.getByRole('grid').waitFor();
    await run('touch', [join(mountpoint, name)]);
    await page.getByText('\\u202efdp.exe').first().waitFor();
    expect(await page.locator('.rows img').count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  test('with the server gone the page says so, keeps its picture, and comes back by itself', async () => {
    const own = await startTestServer();
    // What else is mounted on this machine comes and goes.
    const event = { mount: '/mnt/own', id: 1, op: 'unlink', path: '/kept', ts: Date.now() * 1_000 };
    const lines = [
      { ev: 'ENTER', ...event },
      { ev: 'EXIT', ...event, errno: 0 },
    ];
    await own.post('/api/events', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await using opened = await openPage(browser, `${own.url}/operations?filter=path:/kept`);
    const { page } = opened;
    await page
      .getByRole('status')
      .getByText(/Live|Waiting/)
      .waitFor();
    const rows = page.locator('.rows [role="row"]');
    await rows.first().waitFor();
    const picture = await rows.allTextContents();
    expect(picture).toHaveLength(1);
    const { port } = new URL(own.url);
    await own.stop();
    await page.getByText('No server').first().waitFor();
    expect(await rows.allTextContents()).toEqual(picture);
    await using again = await startTestServer({ dir: own.dir, args: ['--port', port] });
    await page
      .getByRole('status')
      .getByText(/Live|Waiting/)
      .waitFor({ timeout: 15_000 });
    expect(again.url).toBe(own.url);
  }, 40_000);

  test('the first page mounts a directory and leads to it', async () => {
    await using own = await startTestServer();
    await using opened = await openPage(browser, `${own.url}/start`);
    const { page } = opened;
    const target = join(dir, 'first');
    mkdirSync(target);
    await page.getByLabel('Directory', { exact: true }).fill('/nowhere/at/all');
    await page.getByLabel('Empty directory to mount it at').fill(target);
    await page.getByRole('button', { name: 'Mount it' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Directory', { exact: true }).fill(join(dir, 'source'));
    await page.getByRole('button', { name: 'Mount it' }).click();
    await page.getByRole('table', { name: 'Mounts' }).getByText(target).first().waitFor();
    const { items } = await own.get<{ items: Mirror[] }>('/api/mirrors');
    expect(items[0]).toMatchObject({ mountpoint: target, state: 'mounted' });
  });
});

async function waitForStall(server: TestServer): Promise<Stall[]> {
  return until(
    'the demo to stall',
    async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
      return items.length > 0 ? items : null;
    },
    40_000,
  );
}

const filterOf = (page: Page) => new URL(page.url()).searchParams.get('filter');
