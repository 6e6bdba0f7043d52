// Operations pushed to a collector that takes OTLP over HTTP: a server of the test's own, which can refuse and be busy.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Health } from '../../shared/api.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

interface Pushed {
  traceId: string;
  name: string;
  unfinished: unknown;
}

let collector: Server;
let server: TestServer;
/** What it answers next; 200 where there is nothing. */
let answers: number[];
let paths: string[];
let taken: Pushed[];

beforeEach(async () => {
  [answers, paths, taken] = [[], [], []];
  collector = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const status = answers.shift() ?? 200;
      paths.push(`${request.method} ${request.url} ${request.headers['content-type']} ${status}`);
      if (status === 200) taken.push(...spansOf(Buffer.concat(parts).toString()));
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  server = await startTestServer({ args: ['--otlp', `http://127.0.0.1:${port}`, '--tap', 'proc'] });
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  collector?.close();
});

function spansOf(text: string): Pushed[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: {
      scopeSpans: {
        spans: {
          traceId: string;
          name: string;
          attributes: { key: string; value: { boolValue?: boolean } }[];
        }[];
      }[];
    }[];
  };
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ traceId, name, attributes }) => ({
      traceId,
      name,
      unfinished: attributes.find(({ key }) => key === 'fusescope.unfinished')?.value.boolValue ?? false,
    }));
}

const line = (ev: string, id: number, op: string, agoUs = 0) =>
  `${JSON.stringify({ ev, mount: '/mnt/x', id, op, ts: Date.now() * 1_000 - agoUs, pid: 41, ...(ev === 'EXIT' ? { errno: 0 } : {}) })}\n`;
const otlp = async () => (await server.get<Health>('/api/health')).otlp;

it('come as they end, and what hangs at once, flagged', async () => {
  await server.post(
    '/api/events',
    line('ENTER', 1, 'read') + line('EXIT', 1, 'read') + line('ENTER', 2, 'getattr'),
  );
  const hung = await until('the stall to be pushed', () =>
    taken.find(({ unfinished }) => unfinished === true),
  );
  expect(taken).toEqual([
    { traceId: expect.stringMatching(/^[0-9a-f]{32}$/), name: 'read', unfinished: false },
    { traceId: hung.traceId, name: 'getattr', unfinished: true },
  ]);
  await server.post('/api/events', line('EXIT', 2, 'getattr'));
  await until('its end to be pushed', () => taken.length === 3);
  expect(taken[2]).toEqual({ traceId: hung.traceId, name: 'getattr', unfinished: false });
  expect(new Set(paths)).toEqual(new Set(['POST /v1/traces application/json 200']));
  expect(await until('the count', async () => ((await otlp())?.sent === 3 ? otlp() : null))).toMatchObject({
    queued: 0,
    dropped: 0,
    lastError: null,
  });
});

it('come again where the collector was busy; what it refuses is dropped and counted', async () => {
  answers = [503, 200, 400];
  await server.post('/api/events', line('ENTER', 1, 'read') + line('EXIT', 1, 'read'));
  await until('the second try', () => taken.length === 1);
  expect(paths.map((path) => path.split(' ').at(-1))).toEqual(['503', '200']);
  await server.post('/api/events', line('ENTER', 2, 'write') + line('EXIT', 2, 'write'));
  await until('the refusal', async () => (await otlp())?.dropped === 1);
  expect(await otlp()).toMatchObject({ sent: 1, lastError: 'it answered 400' });
  expect(await (await fetch(new URL('/metrics', server.url))).text()).toContain(
    'fusescope_otlp_spans_total{outcome="dropped"} 1',
  );
});

it('a collector that does not answer keeps the server from nothing, its end included', async () => {
  collector.removeAllListeners('request');
  const asked = new Promise<void>((resolve) => collector.once('request', () => resolve()));
  await server.post('/api/events', line('ENTER', 1, 'read') + line('EXIT', 1, 'read'));
  await asked;
  await server.post('/api/events', line('ENTER', 2, 'write') + line('EXIT', 2, 'write'));
  expect(await server.stop()).toBe(0);
  collector.closeAllConnections();
});

it('a URL that is none is refused at the start', async () => {
  await expect(startTestServer({ args: ['--otlp', 'collector:4318'] })).rejects.toThrow(/http or https URL/);
});
