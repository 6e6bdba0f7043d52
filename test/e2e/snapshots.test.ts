// Each view as a picture, in both themes and widths, of a recording that is the same each time; compared with the
// pictures in `snapshots/`. FUSESCOPE_RENEW_SNAPSHOTS=1 keeps the pictures of this run instead.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SnapshotFrame } from '../../shared/live.ts';
import type { SettingsAnswer } from '../../shared/settings.ts';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { FIXED_END_US, startFixedServer } from '../support/fixed-recording.ts';
import { pictureDiffers } from '../support/picture-diff.ts';
import { describeWith } from '../support/requires.ts';
import type { TestServer } from '../support/server.ts';

const FOLDERS = {
  kept: join(import.meta.dirname, 'snapshots'),
  differing: join(tmpdir(), 'fusescope-snapshots'),
  renew: process.env.FUSESCOPE_RENEW_SNAPSHOTS === '1',
};

/** Files of the faces that the pictures were drawn with, by the list of families in `theme/tokens.css`. */
const FACES = [
  ['font-ui', 'DejaVuSans.ttf'],
  ['font-mono', 'DejaVuSansMono.ttf'],
] as const;

const VIEWS: readonly (readonly [name: string, path: string, ready: string])[] = [
  ['overview', '/', '.mounts .mrow'],
  ['timeline', '/timeline', '.tl-stage'],
  ['operations', '/operations', '.rows [role="row"]'],
  ['stalls', '/stalls', '.stall-row'],
  ['stall', '/stalls/:id', '.stall-head'],
  ['latency', '/latency?op=read', '.recharts-area'],
  ['files', '/files', '.files-table tbody tr'],
  ['errors', '/errors', '.err-lead h1'],
  ['recordings', '/recordings', '.rec-list tbody tr'],
  ['settings', '/settings', '.settings .set-facts'],
];
const THEMES = ['dark', 'light'] as const;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;
const STEADY = { viewport: SIZES[0], timezoneId: 'UTC', locale: 'en-GB', deviceScaleFactor: 1 } as const;
/** For a page to have all its answers and to have drawn them. */
const PATIENCE_MS = 8_000;
const DRAWN_MS = 2_000;
/** Views that a recording has none of: they are shown live, on a picture of the same recording. */
const LIVE = ['recordings', 'settings'];

const SETTINGS: SettingsAnswer = {
  thresholds: [
    { op: 'read', slowMs: 1_000, stalledMs: 8_000 },
    { mount: '/mnt/b2', slowMs: 500 },
  ],
  retention: null,
  startedWith: {
    host: '127.0.0.1',
    token: false,
    socket: '/run/fusescope/fusescope.sock',
    db: '/var/lib/fusescope/fusescope.db',
    maxBytes: 2 * 1_024 ** 3,
    maxAgeS: 7 * 86_400,
    attach: ['all'],
    config: null,
  },
};
const FINDINGS = [
  { name: 'FUSE', state: 'ok', found: '/dev/fuse can be opened', how: null },
  { name: 'kernel tap', state: 'warn', found: 'tracefs alone, no BPF', how: 'Install libbpf-dev' },
  { name: 'waiting requests', state: 'missing', found: 'fusectl is not mounted', how: 'Mount it' },
];

/** What fontconfig gives for a list of families, and what it gave where the pictures were made. */
function otherFaces(): string | null {
  const tokens = readFileSync(join(import.meta.dirname, '../../web/theme/tokens.css'), 'utf8');
  for (const [name, made] of FACES) {
    const list = new RegExp(`--${name}:([^;]+);`).exec(tokens)?.[1] ?? '';
    // A hyphen would begin a size.
    const families = list
      .split(',')
      .map((family) => family.replaceAll('"', '').trim().replaceAll('-', '\\-'));
    const found = execFileSync('fc-match', ['-f', '%{file}', families.join()], { encoding: 'utf8' });
    if (basename(found) !== made) return `other fonts here: ${basename(found)}, not ${made}`;
  }
  return null;
}

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium', 'fc-match'], 'pictures', () => {
  const other = otherFaces();
  if (other !== null && process.env.CI) throw new Error(other);
  if (other === null) describe('of the page', pictures);
  else describe.skip(`of the page (skipped: ${other})`, pictures);
});

function pictures(): void {
  let browser: Browser;
  let server: TestServer;
  let picture: SnapshotFrame;
  let stall: number;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startFixedServer()]);
    picture = await server.get('/api/recordings/1/picture');
    stall = picture.stalls.toSorted((a, b) => a.span.startUs - b.span.startUs)[0]?.id ?? 0;
    // What is left of an earlier run would be taken for one of this.
    rmSync(FOLDERS.differing, { recursive: true, force: true });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
  });

  for (const [name, path, ready] of VIEWS) {
    test(`${name} looks as it did`, async () => {
      const live = LIVE.includes(name);
      const url = new URL(path.replace(':id', String(stall)), server.url);
      if (!live) url.searchParams.set('recording', '1');
      const wrong: string[] = [];
      await using context = await browser.newContext(STEADY);
      const page = await context.newPage();
      if (live) await freeze(page, picture);
      await page.goto(url.href);
      for (const viewport of SIZES) {
        await page.setViewportSize(viewport);
        for (const colorScheme of THEMES) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await page.locator(ready).first().waitFor();
          const differs = await difference(page, `${name}-${colorScheme}-${viewport.width}`);
          if (differs !== null) wrong.push(differs);
        }
      }
      expect(wrong).toEqual([]);
    });
  }

  test('a picture that has changed fails, and says where to look', () => {
    const folders = { ...FOLDERS, renew: false, differing: join(server.dir, 'differing') };
    const kept = readFileSync(join(FOLDERS.kept, 'stalls-dark-390.png'));
    expect(pictureDiffers('stalls-dark-390', kept, folders)).toBe(null);
    const other = readFileSync(join(FOLDERS.kept, 'stalls-light-390.png'));
    const said = pictureDiffers('stalls-dark-390', other, folders);
    expect(said).toMatch(/pixels differ from .*stalls-dark-390\.png/);
    expect(readdirSync(folders.differing).sort()).toEqual([
      'stalls-dark-390.diff.png',
      'stalls-dark-390.png',
    ]);
    const wide = readFileSync(join(FOLDERS.kept, 'stalls-dark-1440.png'));
    expect(pictureDiffers('stalls-dark-390', wide, folders)).toMatch(/1440 x 900, was 390 x 844/);
    expect(pictureDiffers('no-such', kept, folders)).toMatch(/no picture of it is kept/);
  });
}

/** The live page, with time standing still, on a picture of the recording, and told nothing of this machine. */
async function freeze(page: Page, picture: SnapshotFrame): Promise<void> {
  await page.clock.setFixedTime(FIXED_END_US / 1e3);
  await page.addInitScript(() => {
    performance.now = () => 0;
  });
  await page.routeWebSocket('**/api/live*', (socket) => socket.send(JSON.stringify(picture)));
  await page.route('**/api/settings', (route) => route.fulfill({ json: SETTINGS }));
  await page.route('**/api/doctor', (route) =>
    route.fulfill({ json: { items: FINDINGS, nextCursor: null } }),
  );
}

/** What differs from the picture that is kept once the page has had time to draw itself; null: nothing. */
async function difference(page: Page, name: string): Promise<string | null> {
  const until = performance.now() + (FOLDERS.renew ? 0 : PATIENCE_MS);
  // Which one is right is not known before it is kept: it is waited for, here alone.
  if (FOLDERS.renew) await page.waitForTimeout(DRAWN_MS);
  for (;;) {
    const differs = pictureDiffers(name, await shoot(page), FOLDERS);
    if (differs === null || performance.now() > until) return differs;
  }
}

/** The address of the server is another one each time. */
function shoot(page: Page): Promise<Buffer> {
  return page.screenshot({
    animations: 'disabled',
    style: '.foot > span:last-child { visibility: hidden }',
  });
}
