// Writes the README's pictures: a server with the demo, each view, both themes. Run: node test/e2e/pictures.ts
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stall } from '../../shared/stall.ts';
import { launchBrowser, openPage, type PageOptions } from '../support/browser.ts';
import { startTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const FOLDER = join(import.meta.dirname, '../../web/pictures');
/** So that strip, heat map and histograms have something to show. */
const WARM_UP_MS = Number(process.env.FUSESCOPE_WARM_UP_S ?? 90) * 1_000;

const PICTURES: readonly (readonly [name: string, path: string, ready: string, options: PageOptions])[] = [
  ['overview', '/', '.lead .age', {}],
  ['overview-light', '/', '.lead .age', { theme: 'light' }],
  ['overview-narrow', '/', '.lead .age', { size: 'narrow' }],
  ['operations', '/operations', '.rows [role="row"]', {}],
  ['stall', '/stalls/:id', '.stall-head .age', {}],
  ['latency', '/latency?op=read', '.recharts-area', {}],
  ['latency-light', '/latency?op=read', '.recharts-area', { theme: 'light' }],
];

mkdirSync(FOLDER, { recursive: true });
const browser = await launchBrowser();
await using server = await startTestServer({ args: ['--demo'] });
const stall = await until(
  'the demo to stall',
  async () => (await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' })).items[0],
  60_000,
);
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
for (const [name, path, ready, options] of PICTURES) {
  await using opened = await openPage(browser, server.url + path.replace(':id', String(stall.id)), options);
  await opened.page.locator(ready).first().waitFor();
  await opened.page.waitForTimeout(1_500);
  await opened.page.screenshot({ path: join(FOLDER, `${name}.png`) });
}
await browser.close();
