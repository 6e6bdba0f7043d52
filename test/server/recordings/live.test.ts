// Recordings of a running server: kept, started, stopped, asked, and what a crash leaves of them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeatmapAnswer, LatencyAnswer, SpanList } from '../../../shared/api.ts';
import type { SnapshotFrame } from '../../../shared/live.ts';
import type { Recording } from '../../../shared/recording.ts';
import type { Stall } from '../../../shared/stall.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const MOUNT = '/mnt/rec';
let next = 1;

/** Sends an operation that has ended, or only its ENTER. */
async function operation(fields: { path: string; durNs?: number; errno?: number; ts?: number; op?: string }) {
  const { path, durNs, errno = 0, ts = Date.now() * 1_000, op = 'read' } = fields;
  const id = next++;
  const lines: object[] = [{ ev: 'ENTER', mount: MOUNT, id, op, ts, path, pid: 41, tid: 41, comm: 'cat' }];
  if (durNs !== undefined)
    lines.push({ ev: 'EXIT', mount: MOUNT, id, op, ts: ts + durNs / 1e3, durNs, errno, bytes: 5 });
  await server.post('/api/events', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return id;
}

async function ended(id: number, op = 'read') {
  const line = { ev: 'EXIT', mount: MOUNT, id, op, ts: Date.now() * 1_000, errno: 0 };
  await server.post('/api/events', `${JSON.stringify(line)}\n`);
}

async function make(body: object): Promise<Recording> {
  const answer = await server.post('/api/recordings', body);
  const made = (await answer.json()) as Recording;
  if (answer.status !== 201) throw new Error(JSON.stringify(made));
  return made;
}

async function stop(id: number): Promise<Recording> {
  const answer = await server.post(`/api/recordings/${id}/stop`, {});
  const done = (await answer.json()) as Recording;
  if (answer.status !== 200) throw new Error(JSON.stringify(done));
  return done;
}

const pathsOf = async (recording: number, filter = '') => {
  const { items } = await server.get<SpanList>('/api/spans', { recording, filter, order: 'start:asc' });
  return items.map((span) => span.path);
};

describe('keeping a range', () => {
  it('takes what was in flight at some time of it, and no more', async () => {
    const now = Date.now() * 1_000;
    await operation({ path: '/long-before', ts: now - 60e6, durNs: 1e9 });
    await operation({ path: '/reaches-in', ts: now - 20e6, durNs: 15e9 });
    await operation({ path: '/within', ts: now - 5e6, durNs: 1e6 });
    const open = await operation({ path: '/open', ts: now - 30e6 });
    await operation({ path: '/after', ts: now + 1e6, durNs: 1e6 });
    const kept = await make({ name: 'A range', notes: 'why', from: String(now - 10e6), to: String(now) });
    expect(kept).toMatchObject({
      name: 'A range',
      notes: 'why',
      state: 'done',
      source: 'kept',
      spans: 3,
      open: 1,
      mounts: [MOUNT],
      fromUs: now - 10e6,
      toUs: now,
    });
    expect(await pathsOf(kept.id)).toEqual(['/open', '/reaches-in', '/within']);
    await ended(open);
    // The recording stays as it was when the live trace goes on.
    expect(await pathsOf(kept.id, 'state:open')).toEqual(['/open']);
    const { items } = await server.get<LatencyAnswer>('/api/latency', { recording: kept.id });
    expect(items).toMatchObject([{ key: 'read', count: 2, open: 1, oldestOpenMs: 30_000 }]);
    const { items: processes } = await server.get<{ items: { pid: number; running: boolean }[] }>(
      '/api/processes',
      { recording: kept.id },
    );
    expect(processes).toMatchObject([{ pid: 41, running: false }]);
    const timeline = await server.get<object>('/api/timeline/summary', {
      recording: kept.id,
      from: now - 10e6,
      to: now,
    });
    expect(JSON.stringify(timeline)).toContain('read');
    const picture = await server.get<SnapshotFrame>(`/api/recordings/${kept.id}/picture`);
    expect(picture).toMatchObject({
      gauges: { nowUs: now, inflight: 1, oldestOpenMs: 30_000 },
      mounts: [{ mount: MOUNT, inflight: 1, oldestOpenMs: 30_000 }],
      open: [{ path: '/open' }],
    });
    expect(picture.mounts[0]?.opsHistory.reduce((sum, count) => sum + count, 0)).toBe(2);
    const heat = await server.get<HeatmapAnswer>('/api/heatmap', { recording: kept.id });
    expect(heat.columns.flat().reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it('keeps by filter, and a part of another recording', async () => {
    await operation({ path: '/one', op: 'write', durNs: 1_000 });
    await operation({ path: '/two', op: 'write', durNs: 1_000, errno: 28 });
    const writes = await make({ filter: 'op:write', from: '0' });
    expect(await pathsOf(writes.id)).toEqual(['/one', '/two']);
    const failed = await make({ filter: 'errno:ENOSPC', recording: writes.id });
    expect(await pathsOf(failed.id)).toEqual(['/two']);
    expect(failed).toMatchObject({ spans: 1, state: 'done' });
  });

  it('refuses a filter and a range that say nothing', async () => {
    for (const [body, code] of [
      [{ from: '0', filter: 'op:nonsense' }, 'FUSESCOPE_FILTER'],
      [{ from: '20', to: '10' }, 'FUSESCOPE_TIME'],
      [{ recording: 999 }, 'FUSESCOPE_NOT_FOUND'],
    ] as const) {
      const answer = await server.post('/api/recordings', body);
      expect([answer.status >= 400, await answer.json()]).toMatchObject([true, { code }]);
    }
  });
});

describe('a recording that grows', () => {
  it('has what was open at its start, what came, and how it ended', async () => {
    const before = await operation({ path: '/open-before' });
    const gone = await operation({ path: '/ended-before', durNs: 1_000 });
    const recording = await make({ name: 'Live' });
    expect(recording).toMatchObject({ state: 'recording', source: 'live' });
    const slow = await operation({ path: '/ends-later' });
    await operation({ path: '/quick', durNs: 1_000 });
    await operation({ path: '/never-ends' });
    await until('it to grow', async () => {
      const { items } = await server.get<{ items: Recording[] }>('/api/recordings');
      return items.some((one) => one.id === recording.id && one.spans >= 4 && one.sizeBytes > 0);
    });
    await ended(before);
    await ended(slow);
    const done = await stop(recording.id);
    expect(done).toMatchObject({ state: 'done', name: 'Live' });
    const { items } = await server.get<SpanList>('/api/spans', {
      recording: recording.id,
      order: 'start:asc',
    });
    const states = Object.fromEntries(items.map((span) => [span.path, span.state]));
    expect(states).toMatchObject({
      '/open-before': 'done',
      '/ends-later': 'done',
      '/quick': 'done',
      '/never-ends': 'open',
    });
    expect(gone).toBeGreaterThan(0);
    expect(states).not.toHaveProperty('/ended-before');
    // One file, without a log beside it, that anybody's sqlite3 reads.
    const folder = join(server.dir, 'trace-recordings');
    expect(readdirSync(folder).filter((name) => name.startsWith(`${recording.id}.`))).toEqual([
      `${recording.id}.fscope`,
    ]);
    const db = new Sqlite(join(folder, `${recording.id}.fscope`), { readonly: true });
    const rows = db.prepare("SELECT path, op, mount FROM operations WHERE path = '/quick'").all();
    expect(rows).toEqual([{ path: '/quick', op: 'read', mount: MOUNT }]);
    db.close();
  });

  it('takes an operation that only its end makes a match', async () => {
    const recording = await make({ filter: 'errno:EIO' });
    const id = await operation({ path: '/fails-late' });
    await operation({ path: '/works', durNs: 1_000 });
    await until('a step after it was stored open', async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter: 'path:/fails-late' });
      return items.length === 1;
    });
    const line = { ev: 'EXIT', mount: MOUNT, id, op: 'read', ts: Date.now() * 1_000, errno: 5 };
    await server.post('/api/events', `${JSON.stringify(line)}\n`);
    await stop(recording.id);
    expect(await pathsOf(recording.id)).toEqual(['/fails-late']);
  });

  it('brings its stalls along, as old as its end makes them', async () => {
    const recording = await make({});
    const ts = Date.now() * 1_000 - 60e6;
    await operation({ path: '/hangs', ts, op: 'write' });
    await until('the stall', async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
      return items.find((stall) => stall.span.path === '/hangs');
    });
    const done = await stop(recording.id);
    expect(done.stalls).toBeGreaterThan(0);
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { recording: done.id });
    const stall = items.find((one) => one.span.path === '/hangs');
    expect(stall?.ageMs).toBeCloseTo(((done.toUs ?? 0) - ts) / 1e3, 0);
    const one = await server.get<Stall>(`/api/stalls/${stall?.id}`, { recording: done.id });
    expect(one.span.path).toBe('/hangs');
  });

  it('can be looked at while it grows, is asked as of that look, and cannot be stopped twice', async () => {
    const recording = await make({ filter: 'path:/grows/**' });
    await operation({ path: '/grows/1', durNs: 2e6 });
    const look = () => server.get<SnapshotFrame>(`/api/recordings/${recording.id}/picture`);
    const first = await until('the operation to be in it', async () => {
      const picture = await look();
      return picture.seconds.some((second) => second.ops === 1) && picture;
    });
    expect(first.mounts.map(({ mount, p50Ns }) => [mount, p50Ns === null])).toEqual([[MOUNT, false]]);
    await operation({ path: '/grows/2', durNs: 3e6 });
    await until('the other to be in the file', async () => {
      const { spans } = await server.get<Recording>(`/api/recordings/${recording.id}`);
      return spans === 2;
    });
    expect(await pathsOf(recording.id)).toEqual(['/grows/1']);
    await look();
    expect(await pathsOf(recording.id)).toEqual(['/grows/1', '/grows/2']);
    const folder = join(server.dir, 'trace-recordings');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toHaveLength(1);
    await stop(recording.id);
    expect(await pathsOf(recording.id)).toEqual(['/grows/1', '/grows/2']);
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
    const again = await server.post(`/api/recordings/${recording.id}/stop`, {});
    expect([again.status, await again.json()]).toMatchObject([409, { code: 'FUSESCOPE_CONFLICT' }]);
  });

  it('is renamed and annotated while it grows, and removed for good', async () => {
    const recording = await make({ name: 'First' });
    const change = async (body: object) => {
      const answer = await fetch(new URL(`/api/recordings/${recording.id}`, server.url), {
        method: 'PATCH',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      return (await answer.json()) as Recording;
    };
    expect(await change({ name: 'Second' })).toMatchObject({ name: 'Second', state: 'recording' });
    expect(await change({ notes: '<b>n</b>' })).toMatchObject({ name: 'Second', notes: '<b>n</b>' });
    expect(await stop(recording.id)).toMatchObject({ name: 'Second', notes: '<b>n</b>', state: 'done' });
    const gone = await fetch(new URL(`/api/recordings/${recording.id}`, server.url), { method: 'DELETE' });
    expect(gone.status).toBe(204);
    await expect(server.get(`/api/recordings/${recording.id}`)).rejects.toThrow(/FUSESCOPE_NOT_FOUND/);
    expect(existsSync(join(server.dir, 'trace-recordings', `${recording.id}.fscope`))).toBe(false);
  });
});
