// A server whose user may not trace: the page says which mounts are seen from outside only, why, and the command that
// shows more; who waits is seen all the same.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mount } from '../../shared/mount.ts';
import { CHROMIUM, launchBrowser, openPage } from '../support/browser.ts';
import { bindfs, type Daemon } from '../support/daemons.ts';
import { Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, until } from '../support/until.ts';
import { inTier, mountOf } from '../support/watched.ts';

const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const NEEDS = ['root', 'fuse', 'bindfs', 'setpriv', CHROMIUM.split('/').at(-1) ?? 'chromium'];

describeWith(NEEDS, 'a server without rights', () => {
  const place = new Workplace();
  let browser: Browser;
  let server: TestServer;
  let daemon: Daemon;
  let mount: Mount;

  beforeAll(async () => {
    daemon = await bindfs(place, 'theirs');
    chmodSync(place.dir, 0o755);
    [browser, server] = await Promise.all([
      launchBrowser(),
      startTestServer({ args: ['--attach', 'all'], prefix: { words: AS_NOBODY, uid: NOBODY } }),
    ]);
    mount = await inTier(server, daemon.mountpoint, 'proc');
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await daemon?.unmount();
    place.clean();
  });

  /** What axe finds and what is too wide, in a theme and width each. */
  async function barriers(page: Page): Promise<string[]> {
    const found: string[] = [];
    for (const [colorScheme, width] of [
      ['dark', 1440],
      ['light', 390],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(TAGS).analyze();
      for (const { id, nodes } of violations)
        found.push(`${colorScheme} ${width}: ${id} ${nodes[0]?.target.join(' ')}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) found.push(`${colorScheme} ${width}: ${over} px wider than the screen`);
    }
    return found;
  }

  /** What is said of it, whichever page says it. */
  async function explained(page: Page): Promise<Locator> {
    const notice = page.getByRole('region', { name: 'What cannot be seen' });
    await notice.getByText(/seen from outside only: no operations, no paths, no latency/).waitFor();
    expect(mount.tierReason).toMatch(/not permitted|may not read/);
    await notice.getByText(mount.tierReason ?? '').waitFor();
    await notice.getByText('sudo fusescope serve', { exact: true }).waitFor();
    await notice.getByRole('button', { name: 'Copy the command' }).waitFor();
    return notice;
  }

  test('says on its first page what cannot be seen, why, and the exact command, and offers nothing in vain', async () => {
    await using opened = await openPage(browser, `${server.url}/start`);
    const { page } = opened;
    await explained(page);
    await page.locator('.when').getByText('waiters only, no operations').waitFor();
    const row = page.locator('.unwatched').filter({ hasText: mount.mount });
    await row.getByText('seen from outside').waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    expect([...(await barriers(page)), ...opened.complaints]).toEqual([]);
  });

  test('sees all the same who waits, and says so on the overview', async () => {
    await using opened = await openPage(browser, server.url);
    const { page } = opened;
    // What it works in tells which mount it waits for, whatever else is mounted on this machine.
    const [program = '', ...words] = AS_NOBODY;
    const caller = spawn(program, [...words, 'sh', '-c', 'read -r _; exec stat hangs'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: daemon.mountpoint,
    });
    await freeze(daemon.pid);
    caller.stdin.end('\n');
    try {
      await until(
        'the caller to be seen',
        async () => (await mountOf(server, daemon.mountpoint))?.blocked.some(({ pid }) => pid === caller.pid),
        20_000,
      );
      const notice = await explained(page);
      await notice.getByText(/(one process is|\d+ processes are) seen to wait/).waitFor();
      const row = page
        .getByRole('table', { name: 'Mounts' })
        .getByRole('row')
        .filter({ hasText: mount.mount });
      await row.getByText('/proc', { exact: true }).waitFor();
      expect([...(await barriers(page)), ...opened.complaints]).toEqual([]);
    } finally {
      daemon.child.kill('SIGCONT');
      await once(caller, 'exit');
    }
  });
});
