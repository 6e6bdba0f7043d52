// The page in headless Chromium: frames a second while operations stream in and while a million stored ones are
// panned, beside what the same browser does with an empty page; the tab's memory over time. Code that runs in the page
// is text, since this side of the checkout knows no DOM.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { filledDatabase } from './filled.ts';
import type { Report } from './report.ts';
import { startLoad } from './ui-load.ts';
import { typedFilters } from './ui-typing.ts';

const RATES = [20_000, 50_000];
const STORED = Number(process.env.FUSESCOPE_BENCH_SPANS ?? 1_000_000);
const STORED_S = 100;
const FRAMES_MS = 10_000;
/** FUSESCOPE_BENCH_MINUTES=5 for the long run. */
const MEMORY_MINUTES = Number(process.env.FUSESCOPE_BENCH_MINUTES ?? 1);

interface Frames {
  perS: number;
  p95: number;
  /** What the page's thread worked for one of them, on average, ms: what is left of 16.7 is the browser's. */
  workMs: number;
}

export async function bench(report: Report): Promise<void> {
  const browser = await launchBrowser(['--enable-precise-memory-info']);
  try {
    report.section('The page, headless Chromium');
    const idle = await framesOf(browser, 'about:blank');
    report.line('an empty page: p95 frame', ms(idle.p95), { ratio: `${idle.perS.toFixed(1)} frames/s` });
    for (const rate of RATES) await live(browser, report, rate);
    await stored(browser, report);
  } finally {
    await browser.close();
  }
}

async function live(browser: Browser, report: Report, rate: number): Promise<void> {
  await using server = await startTestServer();
  const load = startLoad(server, rate);
  try {
    report.section(`Live, ${rate.toLocaleString('en')} operations/s asked for`);
    // The generator takes its share of the machine: an empty page beside it is the measure.
    const beside = await framesOf(browser, 'about:blank');
    report.line('an empty page beside the load: p95 frame', ms(beside.p95), {
      ratio: `${beside.perS.toFixed(1)} frames/s`,
    });
    for (const path of ['/operations', '/timeline', '/', '/latency']) {
      frameLine(report, path, await framesOf(browser, server.url + path), beside);
    }
    if (rate === RATES[0]) await firstPaint(browser, server, report);
    else await memory(browser, server, report);
    report.line('operations sent meanwhile', `${Math.round(load.perSecond()).toLocaleString('en')}/s`);
  } finally {
    await load.stop();
  }
}

function frameLine(report: Report, name: string, frames: Frames, beside: Frames): void {
  report.line(`${name}: p95 frame`, ms(frames.p95), {
    ratio:
      `${frames.perS.toFixed(1)} frames/s, ${(frames.p95 / beside.p95).toFixed(2)} of the empty page, ` +
      `${ms(frames.workMs)} of work in each`,
    goal: '60 frames/s, p95 under 17 ms where the empty page has it',
  });
}

/** A million spans that are there already: opened, panned, zoomed and filtered. */
async function stored(browser: Browser, report: Report): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-bench-'));
  try {
    filledDatabase(join(dir, 'trace.db'), STORED, STORED_S);
    const nowUs = Date.now() * 1e3;
    await using server = await startTestServer({ dir });
    report.section(`${STORED.toLocaleString('en')} stored operations`);
    const idle = await framesOf(browser, 'about:blank');
    const range = `from=${Math.floor(nowUs - STORED_S * 1e6)}&to=${Math.floor(nowUs)}`;
    const began = performance.now();
    await using opened = await openPage(browser, `${server.url}/timeline?${range}`);
    const { page } = opened;
    await countShown(page);
    report.line('the timeline of all: opened and drawn', ms(performance.now() - began), {
      goal: 'under 3 s',
    });
    frameLine(report, 'panned, all in view', await panned(page), idle);
    for (let i = 0; i < 12; i++) await page.keyboard.press('w');
    await page.waitForTimeout(1_500);
    frameLine(report, 'panned, a fifteenth in view', await panned(page), idle);
    report.line('tab memory after that', `${(await heapMb(page)).toFixed(0)} MB`, { goal: 'under 300 MB' });
    await typedFilters(browser, server.url, report);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const countShown = (page: Page) => page.locator('.tl-count b').filter({ hasNotText: /^0$/ }).waitFor();

/** Drags to and fro, as fast as the browser takes it. */
async function panned(page: Page): Promise<Frames> {
  const frames = frameGaps(page, FRAMES_MS);
  const end = performance.now() + FRAMES_MS;
  await page.mouse.move(800, 500);
  await page.mouse.down();
  for (let i = 0; performance.now() < end; i++) await page.mouse.move(800 + 250 * Math.sin(i / 25), 500);
  await page.mouse.up();
  return frames;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

async function framesOf(browser: Browser, url: string): Promise<Frames> {
  await using opened = await openPage(browser, url);
  await opened.page.waitForTimeout(3_000);
  // Awaited here, or the page would be closed first.
  return await frameGaps(opened.page, FRAMES_MS);
}

async function frameGaps(page: Page, forMs: number): Promise<Frames> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const busyMs = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return 1e3 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
  };
  const busyBefore = await busyMs();
  const gaps = (await page.evaluate(`new Promise((done) => {
    const gaps = [];
    let last = performance.now();
    const end = last + ${forMs};
    requestAnimationFrame(function step() {
      const now = performance.now();
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(step); else done(gaps);
    });
  })`)) as number[];
  const workMs = ((await busyMs()) - busyBefore) / gaps.length;
  await devtools.detach();
  gaps.sort((a, b) => a - b);
  return { perS: (gaps.length / forMs) * 1_000, p95: gaps[Math.floor(gaps.length * 0.95)] ?? 0, workMs };
}

async function firstPaint(browser: Browser, server: TestServer, report: Report): Promise<void> {
  await using opened = await openPage(browser, server.url);
  await opened.page.locator('.mounts').waitFor();
  const facts = (await opened.page.evaluate(`({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    bytes: performance.getEntriesByType('resource').filter((r) => r.name.endsWith('.js'))
      .reduce((sum, r) => sum + r.encodedBodySize, 0),
  })`)) as { paint: number; bytes: number };
  report.line('first contentful paint', ms(facts.paint), { goal: 'under 1 s' });
  report.line('script for it, as sent', `${(facts.bytes / 1_000).toFixed(0)} kB`, {
    goal: 'under 300 kB compressed',
  });
}

async function memory(browser: Browser, server: TestServer, report: Report): Promise<void> {
  await using opened = await openPage(browser, `${server.url}/operations`);
  const { page } = opened;
  await page.waitForTimeout(10_000);
  const begin = await heapMb(page);
  await page.waitForTimeout(MEMORY_MINUTES * 60_000);
  const end = await heapMb(page);
  report.line(`tab memory after ${MEMORY_MINUTES} min`, `${end.toFixed(0)} MB`, {
    ratio: `${(end / begin).toFixed(2)} of that after 10 s`,
    goal: 'flat',
  });
}

/** After a collection, so that it is what the tab holds and not what it has yet to drop. */
async function heapMb(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.detach();
  return ((await page.evaluate('performance.memory.usedJSHeapSize')) as number) / 1e6;
}
