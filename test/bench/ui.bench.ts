// The page in headless Chromium: frames a second while 20,000 operations a second stream in, beside what the same
// browser does with an empty page, and the tab's memory over time. Code that runs in the page is text, since this
// side of the checkout knows no DOM.
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from '../support/browser.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { Report } from './report.ts';

const RATE = 20_000;
const BATCH_MS = 50;
const FRAMES_MS = 10_000;
/** FUSESCOPE_BENCH_MINUTES=5 for the long run. */
const MEMORY_MINUTES = Number(process.env.FUSESCOPE_BENCH_MINUTES ?? 1);

export async function bench(report: Report): Promise<void> {
  const browser = await launchBrowser(['--enable-precise-memory-info']);
  await using server = await startTestServer();
  const load = startLoad(server);
  try {
    report.section(`The page at ${RATE.toLocaleString('en')} operations/s, headless Chromium`);
    const idle = await framesOf(browser, 'about:blank');
    report.line('an empty page: p95 frame', ms(idle.p95), { ratio: `${idle.perS.toFixed(1)} frames/s` });
    for (const path of ['/operations', '/', '/latency']) {
      const frames = await framesOf(browser, server.url + path);
      report.line(`${path}: p95 frame`, ms(frames.p95), {
        ratio: `${frames.perS.toFixed(1)} frames/s, ${(frames.p95 / idle.p95).toFixed(2)} of the empty page`,
        goal: '60 frames/s, p95 under 17 ms where the empty page has it',
      });
    }
    await firstPaint(browser, server, report);
    await memory(browser, server, report);
    report.line('operations sent meanwhile', `${Math.round(load.perSecond()).toLocaleString('en')}/s`);
  } finally {
    await load.stop();
    await browser.close();
  }
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

async function framesOf(browser: Browser, url: string): Promise<{ perS: number; p95: number }> {
  await using opened = await openPage(browser, url);
  await opened.page.waitForTimeout(3_000);
  const gaps = (await opened.page.evaluate(`new Promise((done) => {
    const gaps = [];
    let last = performance.now();
    const end = last + ${FRAMES_MS};
    requestAnimationFrame(function step() {
      const now = performance.now();
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(step); else done(gaps);
    });
  })`)) as number[];
  gaps.sort((a, b) => a - b);
  return { perS: (gaps.length / FRAMES_MS) * 1_000, p95: gaps[Math.floor(gaps.length * 0.95)] ?? 0 };
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

const OPS = ['lookup', 'getattr', 'open', 'read', 'write', 'release', 'getxattr', 'rename'];

/** Posts event lines at the rate, as any program would. */
function startLoad(server: TestServer): { stop: () => Promise<void>; perSecond: () => number } {
  const began = performance.now();
  let sent = 0;
  let running = true;
  const loop = async () => {
    while (running) {
      const due = Math.floor(((performance.now() - began) / 1_000) * RATE);
      const count = Math.min(due - sent, RATE / 5);
      if (count > 0) await server.post('/api/events', lines(sent, count));
      sent += Math.max(0, count);
      await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
    }
  };
  const ended = loop();
  return {
    perSecond: () => sent / ((performance.now() - began) / 1_000),
    stop: async () => {
      running = false;
      await ended;
    },
  };
}

function lines(from: number, count: number): string {
  const now = Date.now() * 1_000;
  let text = '';
  for (let i = 0; i < count; i++) {
    const id = from + i;
    const op = OPS[id % OPS.length];
    const durNs = 20_000 + ((id * 7_919) % 997) * 1_000 * (id % 500 === 0 ? 200 : 1);
    const path = `/src/module-${id % 97}/file-${id % 1_009}.ts`;
    text += `{"ev":"ENTER","mount":"/bench","id":${id},"op":"${op}","ts":${now - durNs / 1_000},"path":"${path}","size":4096,"offset":0,"pid":${4_000 + (id % 23)},"comm":"worker"}\n`;
    text += `{"ev":"EXIT","mount":"/bench","id":${id},"ts":${now},"durNs":${durNs},"errno":${id % 211 === 0 ? 2 : 0}}\n`;
  }
  return text;
}
