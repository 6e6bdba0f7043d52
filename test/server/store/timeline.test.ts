// The timeline and its summary from a real database.
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../server/store/types.ts';
import type { Span } from '../../../shared/span.ts';
import type { StoredTimeline } from '../../../shared/timeline.ts';
import { blank, fill } from '../../bench/workload.ts';
import { mount, open, span, T0, tempFile } from './helpers.ts';

const at = (us: number) => String(T0 + us);

async function withSpans(spans: readonly Span[]): Promise<Store> {
  const store = await open(tempFile());
  store.putMount(mount(1, '/mnt/x'));
  store.putMount(mount(2, '/mnt/y'));
  for (const one of spans) store.insert(one, null);
  return store;
}

describe('the timeline', () => {
  it('gives a quiet range exactly, with lanes, names and queue time', async () => {
    const store = await withSpans([
      span(1, { startUs: T0 + 10, durationNs: 5_000, tid: 7, comm: 'cat', queueNs: 1_000, path: '/a/b' }),
      span(2, {
        startUs: T0 + 30,
        durationNs: 9_000,
        tid: 7,
        comm: 'cat',
        op: 'open',
        errno: 5,
        error: 'EIO',
      }),
      span(3, {
        startUs: T0 + 40,
        durationNs: null,
        state: 'open',
        errno: null,
        tid: 8,
        comm: 'rsync',
        mountId: 2,
      }),
    ]);
    const answer = await store.timeline({ from: at(0), to: at(100), width: 100 });
    expect(answer).toMatchObject({ exact: true, operations: 3, coveredUs: T0 + 100, stepNs: 1_000 });
    expect(answer.lanes).toMatchObject([
      { key: '1:7', mount: '/mnt/x', label: 'cat', thread: 7, count: 2, errors: 1, open: 0, busyNs: 14_000 },
      { key: '2:8', mount: '/mnt/y', label: 'rsync', thread: 8, count: 1, open: 1 },
    ]);
    const { spans, names, columns } = answer;
    expect(spans).toMatchObject({
      id: [1, 2, 3],
      lane: [0, 0, 1],
      startNs: [10_000, 30_000, 40_000],
      durationNs: [5_000, 9_000, -1],
      queueNs: [1_000, -1, -1],
      errno: [0, 5, 0],
      state: [1, 1, 0],
    });
    expect(spans.op.map((name) => names[name])).toEqual(['read', 'open', 'read']);
    expect(names[spans.path[0] ?? -1]).toBe('/a/b');
    expect(columns.at).toEqual([]);
  });

  it('holds what reaches into the range from before: the short, the slow and the open', async () => {
    const store = await withSpans([
      span(1, { startUs: T0 - 50, durationNs: 40_000 }),
      span(2, { startUs: T0 - 50, durationNs: 60_000 }),
      span(3, { startUs: T0 - 9_000_000, durationNs: 9_000_010_000 }),
      span(4, { startUs: T0 - 9_000_000, durationNs: 8_999_000_000 }),
      span(5, { startUs: T0 - 60_000_000, durationNs: null, state: 'open', errno: null }),
      span(6, { startUs: T0 + 100, durationNs: 5_000 }),
      span(7, { startUs: T0 - 10, durationNs: null, state: 'lost', errno: null }),
    ]);
    const answer = await store.timeline({ from: at(0), to: at(100), width: 100 });
    expect(answer.spans.id.toSorted((a, b) => a - b)).toEqual([2, 3, 5]);
    const filtered = await store.timeline({ from: at(0), to: at(100), width: 100, filter: 'state:open' });
    expect(filtered.spans.id).toEqual([5]);
  });

  it('makes lanes of what is asked for', async () => {
    const store = await withSpans([
      span(1, { path: '/a', op: 'read', daemonTid: 70, tid: 1 }),
      span(2, { path: '/b', op: 'read', daemonTid: 71, tid: 1 }),
      span(3, { path: '/a', op: 'write', daemonTid: null, tid: 2 }),
    ]);
    const lanes = async (kind: 'caller' | 'daemon' | 'op' | 'path' | 'mount') =>
      (await store.timeline({ from: at(0), to: at(1_000), lanes: kind })).lanes.map((lane) => lane.key);
    expect(await lanes('caller')).toEqual(['1:1', '1:2']);
    expect(await lanes('daemon')).toEqual(['1:70', '1:71', '1:-']);
    expect(await lanes('op')).toEqual(['1:15', '1:16']);
    expect(await lanes('path')).toEqual(['1:/a', '1:/b']);
    expect(await lanes('mount')).toEqual(['1:0']);
  });

  it('refuses a range without length, and a wrong filter with its place', async () => {
    const store = await withSpans([]);
    await expect(store.timeline({ from: at(5), to: at(5) })).rejects.toThrow(/has to be after/);
    await expect(store.timeline({ from: at(5), to: at(9), filter: 'op:nope' })).rejects.toMatchObject({
      code: 'FUSESCOPE_FILTER',
    });
  });

  it('counts all of many operations, and parts of a picture put together are the whole', async () => {
    const store = await open(tempFile());
    for (let id = 1; id <= 8; id++) store.putMount(mount(id, `/mnt/m${id}`));
    const one = blank();
    const many = 40_000;
    // 25 a millisecond.
    for (let id = 1; id <= many; id++) store.insert(fill(one, id, T0 + (id - 1) * 40), null);
    const ask = (from: number, columns: number) =>
      store.timeline({ from: at(from), to: at(from + columns * 8_000), width: columns, lanes: 'op' });
    const whole = await ask(0, 200);
    expect(whole.exact).toBe(false);
    expect(whole.operations).toBe(many);
    const counted = whole.columns.count.reduce((sum, count) => sum + count, 0) + whole.spans.id.length;
    expect(counted).toBe(many);
    const parts = [await ask(0, 80), await ask(640_000, 120)];
    expect(cells(parts)).toEqual(cells([whole]));
  });
});

/** Count by lane and moment of every column. */
function cells(answers: readonly StoredTimeline[]): Map<string, number> {
  const found = answers.flatMap(({ columns, lanes, fromUs, stepNs }) =>
    columns.at.map((column, i): [string, number] => [
      `${lanes[columns.lane[i] ?? 0]?.key} ${fromUs + (column * stepNs) / 1e3}`,
      columns.count[i] ?? 0,
    ]),
  );
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('the summary of a stretch', () => {
  it('counts what was under way, and its time within the stretch', async () => {
    const store = await withSpans([
      span(1, { startUs: T0 - 10, durationNs: 30_000, comm: 'cat', tid: 1, queueNs: 15_000, bytes: 100 }),
      span(2, { startUs: T0 + 50, durationNs: 500_000, comm: 'cat', tid: 2, errno: 5, error: 'EIO' }),
      span(3, {
        startUs: T0 + 60,
        durationNs: null,
        state: 'open',
        errno: null,
        op: 'create',
        comm: 'rsync',
      }),
      span(4, { startUs: T0 + 200, comm: 'late' }),
    ]);
    const answer = await store.timelineSummary({ from: at(0), to: at(100) });
    expect(answer).toMatchObject({ operations: 3, open: 1, coveredUs: T0 + 100 });
    expect(answer.ops).toMatchObject([
      {
        op: 'read',
        count: 2,
        open: 0,
        timeNs: 70_000,
        queueNs: 5_000,
        errors: 1,
        bytes: 100,
        maxNs: 500_000,
      },
      { op: 'create', count: 1, open: 1, timeNs: 40_000, openNs: 40_000, p50Ns: null },
    ]);
    expect(answer.callers).toEqual([
      { comm: 'cat', threads: 2, count: 2, open: 0, timeNs: 70_000 },
      { comm: 'rsync', threads: 1, count: 1, open: 1, timeNs: 40_000 },
    ]);
  });
});
