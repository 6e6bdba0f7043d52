import { expect, test } from 'vitest';
import { entryIn } from '../../../server/store/query-groups.ts';
import type { Store } from '../../../server/store/types.ts';
import type { BreakdownBy } from '../../../shared/groups.ts';
import { mount, open, span, tempFile } from './helpers.ts';

async function filled(): Promise<Store> {
  const store = await open(tempFile());
  store.putMount(mount(1, '/mnt/x'));
  store.putMount(mount(2, '/mnt/y'));
  for (let id = 1; id <= 100; id++) {
    store.insert(
      span(id, {
        mountId: id <= 90 ? 1 : 2,
        mount: id <= 90 ? '/mnt/x' : '/mnt/y',
        comm: id % 2 ? 'cat' : 'dd',
        pid: id % 2 ? 10 : 11,
        path: id <= 50 ? '/a/b/f' : `/a/g${id}`,
        size: id % 4 === 0 ? null : 4_096 + id,
        bytes: 10,
        errno: id % 10 === 0 ? 5 : 0,
        durationNs: id * 1_000,
      }),
      null,
    );
  }
  store.insert(
    span(101, { state: 'open', durationNs: null, errno: null, path: '/a/b', comm: 'ls', pid: 12 }),
    null,
  );
  return store;
}

test('finished operations are added up by each key, and a group’s filter leaves just these', async () => {
  const store = await filled();
  const keys = async (by: BreakdownBy) => {
    const answer = await store.breakdown({ by });
    expect(answer.total).toBe(100);
    for (const item of answer.items.filter((one) => one.filter !== '')) {
      const spans = await store.spans({ filter: `${item.filter} state:done`, limit: 1_000 });
      expect(spans.items.length).toBe(item.count);
    }
    return answer.items.map(({ key, count }) => [key, count]);
  };
  expect(await keys('mount')).toEqual([
    ['/mnt/x', 90],
    ['/mnt/y', 10],
  ]);
  expect(await keys('comm')).toEqual([
    ['cat', 50],
    ['dd', 50],
  ]);
  expect(await keys('process')).toEqual([
    ['cat 10', 50],
    ['dd 11', 50],
  ]);
  expect(await keys('size')).toEqual([
    ['4 KiB to 8 KiB', 75],
    ['', 25],
  ]);
  expect(await keys('errno')).toEqual([
    ['ok', 90],
    ['EIO', 10],
  ]);
  const paths = await store.breakdown({ by: 'path', limit: 1 });
  expect(paths).toMatchObject({ keys: 51, items: [{ key: '/a/b/f', count: 50, bytes: 500, maxNs: 50_000 }] });
  expect(paths.items[0]?.p50Ns).toBeCloseTo(25_000, -3);
});

test('an answer holds to the filter, which may ask for a stretch of durations', async () => {
  const store = await filled();
  const { total, items } = await store.breakdown({ by: 'op', filter: 'dur:>=91us' });
  expect([total, items[0]?.count]).toEqual([10, 10]);
});

test('entries of a directory carry all that lies below them, what is open too', async () => {
  const store = await filled();
  const { items } = await store.paths({ under: '/a', limit: 2 });
  expect(items[0]).toMatchObject({ path: '/a/b', own: 1, below: 50, open: 1, count: 51, errors: 5 });
  const top = await store.paths({ order: 'time', filter: 'comm:cat', limit: 1 });
  expect(top.items).toMatchObject([{ path: '/a/b/f', own: 25, below: 0 }]);
  expect((await store.paths({ under: '/' })).items).toMatchObject([{ path: '/a', count: 101 }]);
  expect((await store.paths({ under: '/none' })).items).toEqual([]);
});

test('where a path belongs', () => {
  expect(entryIn('/', '/a/b')).toEqual({ entry: '/a', own: false });
  expect(entryIn('/a', '/a')).toBeNull();
  expect(entryIn('/a', '/ab')).toBeNull();
  expect(entryIn('/a/', '/a/b')).toEqual({ entry: '/a/b', own: true });
  expect(entryIn('/', '#12/x')).toBeNull();
  expect(entryIn(null, '#12/x')).toEqual({ entry: '#12/x', own: true });
});

test('processes are told by what they cost, with their names and mounts', async () => {
  const store = await filled();
  const processes = await store.processes({});
  expect(processes.map(({ pid, comms, count, open: left }) => [pid, comms, count, left])).toEqual([
    [11, ['dd'], 50, 0],
    [10, ['cat'], 50, 0],
    [12, ['ls'], 1, 1],
  ]);
  expect(processes[0]?.mountIds.toSorted()).toEqual([1, 2]);
});

test('the trace of a path holds what happened to it, under each name, and to what lies above', async () => {
  const store = await open(tempFile());
  store.putMount(mount(1, '/mnt/x'));
  const ops = [
    span(1, { op: 'mkdir', path: '/d' }),
    span(2, { op: 'create', path: '/d/t' }),
    span(3, { op: 'write', path: '/d/other' }),
    span(4, { op: 'rename', path: '/d/t', newPath: '/d/f' }),
    span(5, { op: 'read', path: '/d/f' }),
    span(6, { op: 'getattr', path: '/d/f', errno: 13 }),
    span(7, { op: 'unlink', path: '/d/f', mountId: 2 }),
    span(8, { op: 'rmdir', path: '/d', errno: 39 }),
  ];
  for (const one of ops) store.insert(one, null);
  const trace = await store.pathTrace('/d/f', [1], {});
  expect(trace.spans.map(({ id }) => id)).toEqual([1, 2, 4, 6, 8]);
  expect([...trace.names].toSorted()).toEqual(['/d/f', '/d/t']);
  expect(trace.sinceUs).toBeNull();
  const later = await store.pathTrace('/d/f', [1], { fromUs: ops[5]?.startUs ?? 0 });
  expect(later.spans.map(({ id }) => id)).toEqual([6, 8]);
});
