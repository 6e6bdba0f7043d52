// The page in a real browser: Debian's Chromium, headless. Anything the browser complains about (a script error, a
// breach of the content security policy) fails the test that caused it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/report/report.js');
const LOCK = join(ROOT, 'dist/.web-build');
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  await ensurePage();
  return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
}

export interface PageOptions {
  theme?: 'dark' | 'light';
  size?: 'wide' | 'narrow';
}

export interface OpenPage extends AsyncDisposable {
  page: Page;
  context: BrowserContext;
  /** What the browser complained about so far. */
  complaints: string[];
}

const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } } as const;

/** A page of its own, at an address of the server. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<OpenPage> {
  const narrow = options.size === 'narrow';
  const context = await browser.newContext({
    viewport: SIZES[options.size ?? 'wide'],
    colorScheme: options.theme ?? 'dark',
    hasTouch: narrow,
    isMobile: narrow,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Builds the page where it is missing or older than its sources; test files that run at once do it once. */
async function ensurePage(): Promise<void> {
  if (!isStale()) return;
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  try {
    mkdirSync(LOCK);
  } catch {
    await until('the other build of the page to end', () => !existsSync(LOCK), 60_000);
    return;
  }
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/vite'), ['build', 'web', '--logLevel', 'error'], {
      cwd: ROOT,
    });
  } finally {
    rmdirSync(LOCK);
  }
}

function isStale(): boolean {
  if (!existsSync(BUILT)) return true;
  const built = statSync(BUILT).mtimeMs;
  return ['web', 'shared'].some((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).some(
      (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > built,
    ),
  );
}
