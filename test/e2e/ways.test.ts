// Getting out of a stall on the page: a real bindfs that is stopped, a real browser, with the mouse and with the keyboard.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { mountAt } from '../../fuse/mountinfo.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { bindfs, type Daemon, provideFusectl } from '../support/daemons.ts';
import { Workplace } from '../support/mirror.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, isAlive, until } from '../support/until.ts';

const body = () => {
  const place = new Workplace();
  const children: ChildProcess[] = [];
  let browser: Browser;
  let server: TestServer;
  const daemons: Daemon[] = [];

  beforeAll(async () => {
    provideFusectl();
    browser = await launchBrowser();
    server = await startTestServer();
  });

  /** A mount of its own for each test, also for its second try. */
  async function mounted(): Promise<Daemon> {
    const daemon = await bindfs(place, `stuck-${daemons.length}`);
    daemons.push(daemon);
    writeFileSync(join(daemon.source, 'file'), 'content');
    const known = async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === daemon.mountpoint && one.daemon);
    };
    const { id } = await until('the mount to be known', known);
    await server.post(`/api/mounts/${id}/attach`, {});
    await until('the mount to be watched', async () => (await known())?.tier === 'bpf');
    return daemon;
  }

  afterEach(async () => {
    for (const { pid } of daemons) if (await isAlive(pid)) process.kill(pid, 'SIGCONT');
    for (const one of children.splice(0)) if (one.exitCode === null) one.kill('SIGKILL');
  });

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    for (const one of daemons) one.child.kill('SIGKILL');
    await place.clean();
  });

  /** Somebody waits for the mount; the stall it makes. */
  async function stall(daemon: Daemon): Promise<{ stall: Stall; ended: Promise<unknown> }> {
    await freeze(daemon.pid);
    const caller = spawn('stat', [join(daemon.mountpoint, `missing ${Date.now()}`)], {
      stdio: 'ignore',
      cwd: '/',
    });
    children.push(caller);
    const ended = once(caller, 'exit');
    const found = await until('the stall', async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
      return items.find((one) => one.span.mount === daemon.mountpoint);
    });
    return { stall: found, ended };
  }

  const lastAudit = async () => (await server.get<{ items: Audit[] }>('/api/audit')).items[0];

  async function violations(page: Page): Promise<string[]> {
    const found = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    return found.violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target.join(' ')}`);
  }

  test('the stack of the caller in its own code is below the kernel stack; a key unfolds it', async () => {
    const { stall: stuck } = await stall(await mounted());
    await using opened = await openPage(browser, `${server.url}/stalls/${stuck.id}`);
    const { page } = opened;
    const whole = await until('the caller to be looked at', async () => {
      const { caller } = await server.get<Stall>(`/api/stalls/${stuck.id}`);
      return (caller?.userStack?.length ?? 0) > 0 && caller;
    });
    const column = page.locator('.chain .col').first();
    const shown = column.getByRole('list', { name: 'user stack' });
    await shown.waitFor();
    expect(await column.getByRole('list').evaluateAll((lists) => lists.map((one) => one.ariaLabel))).toEqual([
      'kernel stack',
      'user stack',
    ]);
    await page.keyboard.press('e');
    const texts = whole.userStack?.map(({ text, guessed }) => (guessed ? `${text}, guessed` : text)) ?? [];
    await expect.poll(() => shown.getByRole('listitem').allTextContents()).toEqual(texts);
    expect(texts.join()).toMatch(/\bstat\+0x/);
    const { violations } = await new AxeBuilder({ page }).include('.chain').analyze();
    expect(violations).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('a stopped daemon is continued with the keyboard alone; Enter by itself does nothing', async () => {
    const daemon = await mounted();
    const { stall: found, ended } = await stall(daemon);
    await using opened = await openPage(browser, `${server.url}/stalls`);
    const { page } = opened;
    const before = await lastAudit();
    await page.locator('.stall-row').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await until('the stall’s page', () => new URL(page.url()).pathname === `/stalls/${found.id}`);
    await page.getByRole('button', { name: /^Continue…/ }).waitFor();
    await page.keyboard.press('a');
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText(`bindfs ${daemon.pid} goes on where it was stopped.`).waitFor();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect((await lastAudit())?.id).toBe(before?.id);
    await page.keyboard.press('a');
    await dialog.getByText(`bindfs ${daemon.pid} goes on where it was stopped.`).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await dialog.getByText('It worked:').waitFor();
    await ended;
    await page.keyboard.press('Enter');
    await page
      .getByRole('article')
      .getByText(/ended, ENTER/)
      .waitFor();
    expect(await lastAudit()).toMatchObject({
      action: 'continue',
      outcome: 'done',
      via: 'page',
      mount: daemon.mountpoint,
    });
    const closed = await server.get<Stall>(`/api/stalls/${found.id}`);
    expect(closed.state).toBe('closed');
    expect(closed.endedBy?.text).toContain('uid 0 continued the daemon (page).');
    expect(opened.complaints).toEqual([]);
  });

  test('the page of a stall shows what was seen while it lasted', async () => {
    const daemon = await mounted();
    const { stall: found } = await stall(daemon);
    await using opened = await openPage(browser, `${server.url}/stalls/${found.id}`);
    const { page } = opened;
    const seen = page.getByRole('region', { name: 'What was seen' });
    const look = seen.locator('details').first();
    await look.locator('summary').click();
    expect(await look.locator('summary').textContent()).toMatch(/stopped/);
    await look.getByText(`bindfs ${daemon.pid}`).waitFor();
    await look.getByText(new RegExp(`^${daemon.pid} T`)).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });

  test('a mount whose daemon was killed is unmounted from its row', async () => {
    const daemon = await mounted();
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    daemon.child.kill('SIGKILL');
    const row = page.locator('.mrow', { hasText: daemon.mountpoint.split('/').at(-1) ?? '' });
    await row.getByRole('button', { name: `Unmount… ${daemon.mountpoint}` }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('The mount point is free again at once.').waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Unmount what is left' }).click();
    await dialog.getByText('It worked:').waitFor();
    expect(mountAt(daemon.mountpoint)).toBeNull();
    expect(await lastAudit()).toMatchObject({ action: 'unmount', outcome: 'done', via: 'page' });
    expect(opened.complaints).toEqual([]);
  });

  test('the browser notifies of a stall and of its end, once somebody has asked for it', async () => {
    const daemon = await mounted();
    await using opened = await openPage(browser, `${server.url}/stalls`);
    const { page, context } = opened;
    await context.grantPermissions(['notifications']);
    await page.addInitScript(() => {
      const shown: string[] = [];
      const Real = Notification;
      Object.assign(window, {
        shownNotes: shown,
        Notification: class extends Real {
          constructor(title: string, options?: NotificationOptions) {
            super(title, options);
            shown.push(title);
          }
        },
      });
    });
    await page.reload();
    const shown = () => page.evaluate(() => (window as unknown as { shownNotes: string[] }).shownNotes);
    await page.getByRole('button', { name: 'Notify me of stalls' }).click();
    await page.getByRole('button', { name: 'Notifications are on' }).waitFor();
    const { ended } = await stall(daemon);
    await until('the notification', async () =>
      (await shown()).some((title) => title.includes(`on ${daemon.mountpoint}`)),
    );
    await page.getByRole('link', { name: new RegExp(`^stat waits .* ${daemon.mountpoint}$`) }).click();
    await page.getByRole('button', { name: 'Tell me when it ends' }).click();
    await page.getByRole('button', { name: 'You will be told' }).waitFor();
    process.kill(daemon.pid, 'SIGCONT');
    await ended;
    await until('the notification of the end', async () =>
      (await shown()).some((title) => title.startsWith('It has ended: ')),
    );
    expect(opened.complaints).toEqual([]);
  });

  test('a connection is aborted after a preview that names who is hit, and has no barrier', async () => {
    const daemon = await mounted();
    const holder = spawn(
      'sh',
      ['-c', 'exec 3< "$1"; echo open; exec sleep 600', 'sh', join(daemon.mountpoint, 'file')],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        cwd: '/',
      },
    );
    children.push(holder);
    await once(holder.stdout, 'data');
    const { stall: found, ended } = await stall(daemon);
    await using opened = await openPage(browser, `${server.url}/stalls/${found.id}`, { theme: 'light' });
    const { page } = opened;
    await page.getByRole('button', { name: /^Abort…/ }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('1 process has 1 file of it open', { exact: false }).waitFor();
    await dialog.getByText('sleep').waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Abort the connection' }).click();
    await dialog.getByText(`still busy: sleep ${holder.pid}`, { exact: false }).waitFor();
    await ended;
    expect(await lastAudit()).toMatchObject({ action: 'abort', outcome: 'done', via: 'page' });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await violations(page)).toEqual([]);
    expect(opened.complaints).toEqual([]);
  });
};

describeTap('the way out, on the page', body, [CHROMIUM.split('/').at(-1) ?? 'chromium']);
