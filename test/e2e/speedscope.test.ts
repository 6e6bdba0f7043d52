// An export of a real server, opened in speedscope as its package ships it.

import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHROMIUM, launchBrowser } from '../support/browser.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const APP = join(import.meta.dirname, '../../node_modules/speedscope/dist/release');
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  wasm: 'application/wasm',
};

function serveApp(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const file = join(APP, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (body) => {
        const type = TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
        response.writeHead(200, { 'content-type': type }).end(body);
      },
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describeWith([CHROMIUM.split('/').at(-1) ?? 'chromium'], 'speedscope', () => {
  let browser: Browser;
  let server: TestServer;
  let app: Server;

  beforeAll(async () => {
    [browser, server, app] = await Promise.all([launchBrowser(), startTestServer(), serveApp()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    app?.close();
  });

  it('opens a Chrome trace with overlapping and with open operations', async () => {
    const base = Date.now() * 1_000 - 5_000_000;
    const event = (ev: string, id: number, atUs: number, op: string, tid: number) =>
      `${JSON.stringify({ ev, mount: '/mnt/x', id, op, ts: base + atUs, pid: 41, tid, comm: 'cat', errno: ev === 'EXIT' ? 0 : undefined })}\n`;
    const lines = [
      event('ENTER', 1, 0, 'read', 41),
      event('ENTER', 2, 100, 'readdir', 41),
      event('EXIT', 1, 500, 'read', 41),
      event('EXIT', 2, 900, 'readdir', 41),
      event('ENTER', 3, 1_000, 'getattr', 42),
      event('EXIT', 3, 1_200, 'getattr', 42),
      event('ENTER', 4, 1_300, 'unlink', 42),
    ];
    await server.post('/api/events', lines.join(''));
    const trace = await until('the open span in the export', async () => {
      const text = await (await fetch(new URL('/api/export?format=chrome', server.url))).text();
      return text.includes('"ph":"B"') && text.includes('readdir') && text;
    });
    const file = join(server.dir, 'trace.json');
    await writeFile(file, trace);

    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(app.address() as AddressInfo).port}/`);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.locator('input[type=file]').first().setInputFiles(file);
    // Its title names the profile once it has read it: one per lane, the first shown.
    await until('the profile', async () => /trace\.json|cat 4/.test(await page.title()), 20_000);
    expect(await page.title()).toMatch(/cat 4[12]|\/mnt\/x|trace\.json/);
    expect(dialogs).toEqual([]);
    await page.close();
  });
});
