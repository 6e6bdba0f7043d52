// From the key of a filter's last letter to the painting of the first rows that match it. Code that runs in the page is
// text, since this side of the checkout knows no DOM.
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../support/browser.ts';
import type { Report } from './report.ts';

/** Filters, commonest first, with what each of their rows says and no row of the filter without its last letter. */
const TYPED = {
  'op:read': 'read',
  'op:write dur:>1ms': 'write',
  'path:**/file-77.dat': 'file-77.dat',
  'comm:rsync errno:EIO': 'EIO',
  'file-19999': 'file-19999',
};
const TRIES = 9;
/** Without a key the page comes to rest. */
const REST_MS = 600;

/** Types each filter on the page of all operations, in turn, and prints the middle of the tries. */
export async function typedFilters(browser: Browser, url: string, report: Report): Promise<void> {
  await using opened = await openPage(browser, `${url}/operations`);
  const { page } = opened;
  await page.locator('.rows [role="row"]').first().waitFor();
  const times = new Map<string, number[]>(Object.keys(TYPED).map((filter) => [filter, []]));
  for (let i = 0; i < TRIES; i++) {
    for (const [filter, holds] of Object.entries(TYPED))
      times.get(filter)?.push(await typed(page, filter, holds));
  }
  for (const [filter, took] of times) {
    took.sort((a, b) => a - b);
    report.line(`typed to first rows: ${filter}`, ms(took[TRIES >> 1] ?? 0), {
      ratio: `${ms(took[0] ?? 0)} to ${ms(took.at(-1) ?? 0)}`,
      goal: 'under 50 ms',
    });
  }
}

/** All but the last letter stands there and is in force, or is no filter yet; then the last one is typed. */
async function typed(page: Page, filter: string, holds: string): Promise<number> {
  const field = page.getByRole('combobox', { name: 'Filter' });
  await field.fill('');
  await page.waitForTimeout(REST_MS);
  await field.fill(filter.slice(0, -1));
  await page.waitForTimeout(REST_MS);
  await page.evaluate(watch(holds));
  await page.keyboard.press(filter.slice(-1));
  return (await page.evaluate('window.typedToRows')) as number;
}

/**
 * Begins when the browser got the key. A message that is sent from a frame's first callback comes after that frame's
 * painting: rows that are there in the callback are on the screen then.
 */
function watch(holds: string): string {
  return `window.typedToRows = new Promise((done) => {
    const matching = () => {
      const rows = [...document.querySelectorAll('.rows [role="row"]')];
      return rows.length > 0 && rows.every((row) => row.textContent.includes(${JSON.stringify(holds)}));
    };
    const painted = new MessageChannel();
    document.activeElement.addEventListener('keydown', (event) => {
      painted.port1.onmessage = () => done(performance.now() - event.timeStamp);
      requestAnimationFrame(function look() {
        if (matching()) painted.port2.postMessage(0);
        else requestAnimationFrame(look);
      });
    }, { once: true });
  }), 0`;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
