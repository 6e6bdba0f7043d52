// The flight recorder: a stall keeps what its mount did before it.
import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FlightOptions, FlightRecorder, surplus } from '../../server/recordings/flight.ts';
import type { SpanList } from '../../shared/api.ts';
import type { Recording } from '../../shared/recording.ts';
import type { Stall } from '../../shared/stall.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ args: ['--tap', 'proc'] });
});
afterAll(() => server[Symbol.asyncDispose]());

const MOUNT = '/mnt/with "quotes"*';

async function send(...events: object[]): Promise<void> {
  const lines = events.map((event) => `${JSON.stringify({ mount: MOUNT, pid: 7, comm: 'ls', ...event })}\n`);
  expect(await (await server.post('/api/events', lines.join(''))).json()).toMatchObject({ rejectedCount: 0 });
}

const recordings = async () =>
  (await server.get<{ items: Recording[] }>('/api/recordings')).items.filter(
    (one) => one.source === 'flight',
  );

const nowUs = () => Date.now() * 1_000;

it('keeps the operations before a stall, the stall, and what was known of it; once in 30 s', async () => {
  const ts = nowUs();
  await send(
    { ev: 'ENTER', id: 1, op: 'getattr', path: '/before', ts: ts - 5e6 },
    { ev: 'EXIT', id: 1, ts: ts - 4.9e6, errno: 0 },
    { ev: 'ENTER', id: 2, op: 'getattr', path: '/long ago', ts: ts - 90e6 },
    { ev: 'EXIT', id: 2, ts: ts - 89e6, errno: 0 },
    { ev: 'ENTER', mount: '/mnt/other', id: 3, op: 'getattr', path: '/other', ts: ts - 5e6 },
    { ev: 'EXIT', mount: '/mnt/other', id: 3, ts: ts - 4e6, errno: 0 },
    { ev: 'ENTER', id: 4, op: 'lookup', path: '/stuck', ts },
    { ev: 'ENTER', id: 5, op: 'lookup', path: '/stuck too', ts },
  );
  const kept = await until('the recording', async () =>
    (await recordings()).find((one) => one.state === 'done'),
  );
  expect(kept).toMatchObject({ source: 'flight', mounts: [MOUNT], open: 2 });
  expect(kept.name).toContain(`on ${MOUNT}`);
  const { items } = await server.get<SpanList>('/api/spans', { recording: kept.id });
  expect(items.map((span) => span.path).sort()).toEqual(['/before', '/stuck', '/stuck too']);
  const details = await server.get<{ snapshot: Stall }>(`/api/recordings/${kept.id}`);
  expect(details.snapshot).toMatchObject({ id: kept.stallId, state: 'open' });
  await send({ ev: 'EXIT', id: 4, ts: nowUs(), errno: 0 }, { ev: 'EXIT', id: 5, ts: nowUs(), errno: 5 });
  await send({ ev: 'ENTER', id: 6, op: 'lookup', path: '/again', ts: nowUs() });
  const again = await until('the third stall', async () => {
    const { items: open } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
    return open.find((stall) => stall.span.path === '/again');
  });
  await send({ ev: 'EXIT', id: 6, ts: nowUs(), errno: 0 });
  await until('all to be closed', async () => {
    const { items: open } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
    return open.length === 0;
  });
  // On a machine so slow that 30 s have passed, it is right that there are two.
  const soon = again.raisedUs - details.snapshot.raisedUs < 30e6;
  if (soon) expect(await recordings()).toHaveLength(1);
});

it('keeps the last operations of a mount whose daemon died with some in hand, or that went away so', async () => {
  const trace = new EventEmitter();
  const kept: { name: string; fromUs: number }[] = [];
  const recordings = {
    keep: async ({ name }: { name: string }, { fromUs }: { fromUs: number }) => kept.push({ name, fromUs }),
    list: async () => [],
  };
  let us = 1e15;
  const log = pino({ level: 'silent' });
  const flight = new FlightRecorder({ trace, recordings, nowUs: () => us, log } as unknown as FlightOptions);
  flight.start();
  const mount = (id: number, dead: boolean, present = true) =>
    trace.emit('mount', { id, mount: `/mnt/${id}`, dead, present });
  const ended = (mountId: number, state: string) => trace.emit('ended', { mountId, state });
  ended(1, 'done');
  mount(1, true);
  ended(2, 'aborted');
  mount(2, false);
  us += 2e6;
  mount(2, true);
  mount(2, true);
  ended(3, 'aborted');
  mount(3, false, false);
  // Long ago: something else ended it.
  ended(4, 'aborted');
  us += 60e6;
  mount(4, false, false);
  await flight.close();
  expect(kept).toEqual([
    { name: 'The daemon died: /mnt/2', fromUs: 1e15 - 30e6 },
    { name: 'It went away with operations in hand: /mnt/3', fromUs: 1e15 + 2e6 - 30e6 },
  ]);
});

it('lets the oldest go, by number and by size', () => {
  const of = (count: number, sizeBytes: number) =>
    Array.from({ length: count }, (_, id) => ({ id, sizeBytes }));
  expect(surplus(of(50, 1))).toEqual([]);
  expect(surplus(of(52, 1)).map((one) => one.id)).toEqual([50, 51]);
  expect(surplus(of(4, 400 * 1024 ** 2)).map((one) => one.id)).toEqual([2, 3]);
  expect(surplus(of(1, 5 * 1024 ** 3))).toEqual([]);
});
