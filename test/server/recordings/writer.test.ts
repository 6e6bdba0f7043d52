// Recordings made of spans from anywhere, in a manager without a server around it.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../server/clock.ts';
import { Recordings } from '../../../server/recordings/manager.ts';
import { pictureOf } from '../../../server/recordings/picture.ts';
import { openStore } from '../../../server/store/store.ts';
import type { Store } from '../../../server/store/types.ts';
import { blankSpan, type Span } from '../../../shared/span.ts';
import { spans as anySpan } from '../../shared/arbitrary.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope-rec-'));
let store: Store;
let recordings: Recordings;
beforeAll(async () => {
  const db = join(dir, 'test.db');
  store = await openStore({ file: db, maxBytes: 1e9, maxAgeS: 86_400 });
  recordings = new Recordings({
    db,
    host: 'here',
    clock: systemClock,
    log: pino({ level: 'silent' }),
    store,
    flush: () => {},
  });
});
afterAll(async () => {
  await recordings.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

const BASE = 1_500_000_000_000_000;

function span(mountId: number, atMs: number, durationMs: number | null, fields: Partial<Span> = {}): Span {
  return {
    ...blankSpan(0, mountId, '/mnt/log', 'log', 'getattr'),
    startUs: BASE + atMs * 1e3,
    durationNs: durationMs === null ? null : durationMs * 1e6,
    state: durationMs === null ? 'open' : 'done',
    errno: durationMs === null ? null : 0,
    ...fields,
  };
}

it('a recording is trimmed by one at a time', async () => {
  const writer = await recordings.create({ name: 'twice', source: 'log' });
  const mountId = writer.mount({ mount: '/mnt/log' });
  await writer.write([span(mountId, 0, 5), span(mountId, 10, 5), span(mountId, 20, 5)]);
  const { id } = await writer.finish();
  const from = (ms: number) => ({ fromUs: BASE + ms * 1e3, toUs: null });
  const both = [recordings.trim(id, '', from(8)), recordings.trim(id, '', from(18))];
  expect(await Promise.allSettled(both)).toMatchObject([
    { status: 'fulfilled', value: { spans: 2 } },
    { status: 'rejected', reason: { code: 'FUSESCOPE_CONFLICT' } },
  ]);
  expect(await recordings.trim(id, '', from(18))).toMatchObject({ spans: 1 });
});

describe('a recording of a log', () => {
  it('has stalls by its own clock, latency, gaps, and an end of its own', async () => {
    const writer = await recordings.create({ name: 'app.log', source: 'log' });
    const mountId = writer.mount({ mount: '/mnt/log', fsType: 'fuse.app' });
    expect(writer.mount({ mount: '/mnt/log' })).toBe(mountId);
    await writer.write([span(mountId, 0, 5), span(mountId, 10, 2_500), span(mountId, 4_000, null)]);
    await writer.write([span(mountId, 9_000, 1, { errno: 5, error: 'EIO' })]);
    writer.gap({ mountId, cause: 'unpaired', count: 3, fromUs: BASE, toUs: BASE + 1e6 });
    const done = await writer.finish();
    expect(done).toMatchObject({
      name: 'app.log',
      source: 'log',
      state: 'done',
      host: 'here',
      spans: 4,
      open: 1,
      stalls: 2,
      lost: 3,
      fromUs: BASE,
      mounts: ['/mnt/log'],
    });
    const reads = await recordings.reads(done.id);
    const { items } = await reads.stalls(null, 10, null);
    expect(items.map((stall) => [stall.state, Math.round(stall.ageMs), stall.span.startUs - BASE])).toEqual([
      ['open', 5_001, 4e6],
      ['closed', 2_500, 1e4],
    ]);
    const latency = await reads.latency({});
    expect(latency.items).toMatchObject([{ key: 'getattr', count: 3, errors: 1, maxNs: 2.5e9 }]);
    expect(await reads.gaps({ fromUs: BASE, toUs: BASE + 2e6 })).toMatchObject([
      { cause: 'unpaired', count: 3 },
    ]);
    const seconds = await reads.seconds({ fromUs: BASE, toUs: BASE + 10e6 });
    expect(seconds.map(({ atS, ops, errors }) => [atS - BASE / 1e6, ops, errors])).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [2, 1, 0],
      [9, 1, 1],
    ]);
  });

  it('of the kernel is told with what listened there: it has mounts that were watched, no others', async () => {
    const tierWith = async (queueNs: number | null) => {
      const writer = await recordings.create({ name: 'kernel', source: 'log' });
      const mountId = writer.mount({ mount: '/mnt/k', kind: 'kernel' });
      await writer.write([span(mountId, 0, 5, { source: 'kernel', queueNs })]);
      const done = await writer.finish();
      return (await pictureOf(done, await recordings.reads(done.id), '1')).mounts[0]?.tier;
    };
    expect(await tierWith(18_000)).toBe('bpf');
    expect(await tierWith(null)).toBe('tracefs');
  });

  it('gives back every span exactly as it was put', async () => {
    const writer = await recordings.create({ name: 'any', source: 'log' });
    for (const id of [1, 2]) writer.mount({ mount: id === 1 ? '/mnt/x' : '/mnt/y' });
    const put = fc.sample(anySpan, 2_000);
    for (let i = 0; i < put.length; i += 300) await writer.write(put.slice(i, i + 300));
    const done = await writer.finish();
    expect(done.spans).toBe(put.length);
    const reads = await recordings.reads(done.id);
    const { items } = await reads.spans({ limit: 10_000, order: 'start:asc' });
    expect(items.toSorted((a, b) => a.id - b.id)).toEqual(put);
  });

  it('may tell of more seconds than are measured at once', async () => {
    const writer = await recordings.create({ name: 'a day.log', source: 'log' });
    const mountId = writer.mount({ mount: '/mnt/log' });
    const seconds = 6_000;
    await writer.write(Array.from({ length: seconds }, (_, i) => span(mountId, i * 1_000, 1)));
    const done = await writer.finish();
    expect(done).toMatchObject({ state: 'done', spans: seconds, stalls: 0 });
    const reads = await recordings.reads(done.id);
    expect((await reads.latency({})).items).toMatchObject([{ key: 'getattr', count: seconds, maxNs: 1e6 }]);
  });

  it('tells how many stalls were open in each second, where they overlap and where nothing happens', async () => {
    const writer = await recordings.create({ name: 'overlap.log', source: 'log' });
    const mountId = writer.mount({ mount: '/mnt/log' });
    const beats = Array.from({ length: 12 }, (_, i) => span(mountId, i * 1_000 + 500, 1));
    const stalled = [span(mountId, 1_200, 6_000), span(mountId, 3_100, 5_500), span(mountId, 9_000, null)];
    await writer.write([...beats, ...stalled]);
    const done = await writer.finish();
    const reads = await recordings.reads(done.id);
    const { items } = await reads.stalls(null, 10, null);
    const openIn = (atS: number) =>
      items.filter(
        ({ raisedUs, closedUs }) =>
          Math.floor(raisedUs / 1e6) <= atS && (closedUs === null || Math.floor(closedUs / 1e6) > atS),
      ).length;
    const seconds = await reads.seconds({ fromUs: BASE, toUs: BASE + 20e6 });
    expect(seconds.map(({ stalls }) => stalls)).toEqual(seconds.map(({ atS }) => openIn(atS)));
    expect(Math.max(...seconds.map(({ stalls }) => stalls))).toBe(2);
  });

  it('leaves nothing when it is given up', async () => {
    const writer = await recordings.create({ name: 'given up', source: 'log' });
    await writer.write([span(writer.mount({ mount: '/m' }), 0, 1)]);
    await writer.abort();
    expect((await recordings.list()).some((one) => one.id === writer.id)).toBe(false);
    const folder = join(dir, 'test-recordings');
    expect(existsSync(folder)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith(`${writer.id}.`))).toEqual([]);
  });
});
