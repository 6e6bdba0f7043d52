// The map of mounts on the Overview, on real mounts of which the lowest is stopped: seen, followed by keys and pointer,
// as a table, without motion, narrow and in both themes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mount } from '../../shared/mount.ts';
import type { MapNode, MountMap } from '../../shared/mount-map.ts';
import type { Stall } from '../../shared/stall.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { provideFusectl } from '../support/daemons.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { type Mounted, Ward } from '../support/ward.ts';

const WAIT_MS = 40_000;

const body = () => {
  const ward = new Ward();
  let browser: Browser;
  let server: TestServer;
  let low: Mounted;
  let pool: Mounted;

  beforeAll(async () => {
    provideFusectl();
    browser = await launchBrowser();
    low = await ward.bindfs('low');
    writeFileSync(join(low.source, 'file'), 'content');
    const at = ward.make('pool');
    pool = await ward.mount(at, 'bindfs', ['-f', low.mountpoint, at], {}, low.mountpoint);
    server = await startTestServer({ args: ['--attach', low.mountpoint, pool.mountpoint] });
    await until(
      'both mounts to be listened to',
      async () => {
        const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
        const tapped = items.filter((one) => one.tier === 'bpf' && one.daemon).map((one) => one.mount);
        return [low, pool].every((one) => tapped.includes(one.mountpoint));
      },
      WAIT_MS,
    );
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await ward.clean();
  });

  const picture = (page: Page) => page.getByRole('region', { name: 'Map of mounts' });
  const node = (page: Page, mount: Mounted) =>
    picture(page)
      .getByRole('link', { name: new RegExp(`${mount.mountpoint}\\b`) })
      .and(page.locator('.map-node'));
  const age = (page: Page, from: string, to: Mounted) =>
    picture(page).getByRole('link', { name: new RegExp(`^${from} waits for ${to.mountpoint}`) });
  const boxOf = async (page: Page, mount: Mounted) => {
    const box = await node(page, mount).boundingBox();
    if (!box) throw new Error(`${mount.mountpoint} is not drawn`);
    return box;
  };

  /** Mounts of other tests come and go meanwhile; where places are compared, they are left out. */
  async function onlyOurs(page: Page): Promise<void> {
    await page.route('**/api/mounts/map', async (route) => {
      const answer = await route.fetch();
      const map = (await answer.json()) as MountMap;
      const ours = ({ kind, name }: MapNode) => kind !== 'mount' || name.startsWith(ward.dir);
      const ids = new Set(map.nodes.filter(ours).map(({ id }) => id));
      const edges = map.edges.filter(({ from, to }) => ids.has(from) && ids.has(to));
      const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
      const nodes = map.nodes.filter(({ id }) => joined.has(id));
      await route.fulfill({ response: answer, json: { ...map, nodes, edges } });
    });
    await page.reload();
  }

  async function violations(page: Page): Promise<string[]> {
    const found = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    return found.violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target.join(' ')}`);
  }

  let hung: Promise<Stall> | null = null;

  /** Somebody waits for the upper mount, whose daemon waits for the lower one, which is stopped; from then on. */
  function hang(): Promise<Stall> {
    hung ??= hangNow();
    return hung;
  }

  async function hangNow(): Promise<Stall> {
    await ward.stop(low.pid);
    const caller = ward.use('stat', join(pool.mountpoint, 'missing'));
    return until(
      'the whole chain to be known',
      async () => {
        const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
        return items.find((one) => one.span.pid === caller.pid && one.chain.length >= 3);
      },
      WAIT_MS,
    );
  }

  test('calm: users stand left of what they use, the file system beneath is last, and a mount leads to its operations', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await node(page, pool).waitFor();
    const [upper, lower] = [await boxOf(page, pool), await boxOf(page, low)];
    expect(upper.x + upper.width).toBeLessThan(lower.x);
    const beneath = await picture(page).locator('.map-node.backing').first().boundingBox();
    expect(beneath?.x).toBeGreaterThan(lower.x + lower.width);
    await picture(page).getByText('Nobody waits').waitFor();
    expect(await picture(page).locator('.waits').count()).toBe(0);
    await node(page, pool).press('Enter');
    await until('its operations', () => new URL(page.url()).pathname === '/operations');
    expect(new URL(page.url()).searchParams.get('filter')).toBe(`mount:${pool.mountpoint}`);
    expect(opened.complaints).toEqual([]);
  });

  test('a stall appears as red edges that flow, moves no mount, and is followed by keys and by pointer', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await onlyOurs(page);
    await node(page, pool).waitFor();
    const before = [await boxOf(page, pool), await boxOf(page, low)];
    const wholeBefore = await picture(page).locator('.map-picture').boundingBox();
    const stall = await hang();
    const first = age(page, 'stat', pool);
    await first.waitFor();
    await age(page, pool.mountpoint, low).waitFor();
    // The sentence above it has come and pushed all down; within the map nothing has moved.
    const wholeAfter = await picture(page).locator('.map-picture').boundingBox();
    for (const [i, mount] of [pool, low].entries()) {
      const [was, is] = [before[i], await boxOf(page, mount)];
      expect([is.x, is.y - (wholeAfter?.y ?? 0)]).toEqual([was?.x, (was?.y ?? 0) - (wholeBefore?.y ?? 0)]);
    }
    expect(wholeAfter?.height).toBe(wholeBefore?.height);
    const flow = picture(page).locator('.waits .flow').first();
    expect(await flow.evaluate((path) => getComputedStyle(path).stroke)).toBe('rgb(255, 92, 38)');
    const offset = () => flow.evaluate((path) => getComputedStyle(path).strokeDashoffset);
    const at = await offset();
    await until('it to flow on', async () => (await offset()) !== at);
    const seconds = async () => Number.parseFloat((await first.locator('[data-age]').textContent()) ?? '');
    const young = await seconds();
    await until('the age to grow', async () => (await seconds()) > young);
    expect(await page.locator('.map-node.root').textContent()).toContain(low.mountpoint.split('/').at(-1));
    expect(await violations(page)).toEqual([]);

    await first.focus();
    await page.keyboard.press('Enter');
    await until('the stall', () => new URL(page.url()).pathname === `/stalls/${stall.id}`);
    await page.goBack();
    await first.waitFor();
    const onLine = await picture(page)
      .locator('.waits .reach')
      .first()
      .evaluate((path) => {
        const line = path as SVGPathElement;
        const { x, y } = line.getPointAtLength(10).matrixTransform(line.getScreenCTM() as DOMMatrix);
        return { x, y };
      });
    await page.mouse.click(onLine.x, onLine.y);
    await until('a stall', () => new URL(page.url()).pathname.startsWith('/stalls/'));
    expect(opened.complaints).toEqual([]);
  });

  test('v shows a table with what shows each edge; it survives a reload', async () => {
    await hang();
    await using opened = await openPage(browser, server.url, { theme: 'light' });
    const { page } = opened;
    await age(page, 'stat', pool).waitFor();
    await page.keyboard.press('v');
    const table = page.getByRole('region', { name: 'Dependencies as a table' });
    const rows = table.getByRole('row');
    await rows.filter({ hasText: 'waits for' }).first().waitFor();
    await page.reload();
    await rows
      .filter({ hasText: 'takes its files from' })
      .filter({ hasText: new RegExp(`its source is ${low.mountpoint}(?!-)`) })
      .waitFor();
    const [, top] = await rows.allTextContents();
    expect(top).toContain('waits for');
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'As picture' }).click();
    await node(page, pool).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('narrow it runs down within the page, and where motion is unwelcome nothing flows', async () => {
    await hang();
    await using opened = await openPage(browser, server.url, { size: 'narrow' });
    const { page } = opened;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await age(page, 'stat', pool).waitFor();
    const [upper, lower] = [await boxOf(page, pool), await boxOf(page, low)];
    expect(upper.y + upper.height).toBeLessThan(lower.y);
    expect(lower.x + lower.width).toBeLessThanOrEqual(390);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const flow = picture(page).locator('.waits .flow').first();
    const offset = () => flow.evaluate((path) => getComputedStyle(path).strokeDashoffset);
    const at = await offset();
    // The age on it ticks, so frames come; the line moves in none of them.
    const shown = age(page, 'stat', pool).locator('[data-age]');
    const young = await shown.textContent();
    await until('the age to grow', async () => (await shown.textContent()) !== young);
    expect(await offset()).toBe(at);
    expect(await violations(page)).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('it is calm again once the daemon goes on', async () => {
    await hang();
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    await age(page, 'stat', pool).waitFor();
    process.kill(low.pid, 'SIGCONT');
    hung = null;
    await picture(page).getByText('Nobody waits').waitFor({ timeout: WAIT_MS });
    expect(await picture(page).locator('.waits').count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });
};

describeTap('the map of mounts, on the page', body, [CHROMIUM.split('/').at(-1) ?? 'chromium']);
