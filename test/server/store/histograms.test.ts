// Histograms by what the rollups do not tell apart.
import { expect, test } from 'vitest';
import type { Store } from '../../../server/store/types.ts';
import type { HistogramsBy } from '../../../shared/api.ts';
import { mount, open, span, T0, tempFile } from './helpers.ts';

const PATHS = 900;
const OFTEN = 60;

/** Each path once, but for one that came often and long before all others, and one that is slow. */
async function filled(): Promise<Store> {
  const store = await open(tempFile());
  store.putMount(mount(1, '/mnt/x'));
  let id = 1;
  const put = (fields: Parameters<typeof span>[1]) => store.insert(span(id++, fields), null);
  for (let i = 0; i < OFTEN; i++)
    put({ path: '/often', comm: 'cat', durationNs: 1_000 * (i + 1), size: 4_096 });
  for (let i = 0; i < PATHS; i++)
    put({
      path: `/once/${i}`,
      comm: 'dd',
      durationNs: 5_000,
      size: i % 2 ? null : 100,
      errno: i < 9 ? 5 : 2,
    });
  // It has ended by now.
  put({ path: '/slow', comm: null, startUs: T0 - 20e6, durationNs: 7e9, size: null });
  return store;
}

test('by caller, size class and result: each histogram holds what its filter leaves', async () => {
  const store = await filled();
  const keys = async (by: HistogramsBy) => {
    const { items, keys: all } = await store.latency({ by });
    expect(all).toBe(items.length);
    for (const item of items.filter(({ filter }) => filter !== '')) {
      expect(item.buckets.reduce((sum, [, , count]) => sum + count, 0)).toBe(item.count);
      const [alone] = (await store.latency({ by: 'none', filter: item.filter })).items;
      expect([alone?.count, alone?.errors, alone?.p99Ns]).toEqual([item.count, item.errors, item.p99Ns]);
    }
    return items.map(({ key, count, errors }) => [key, count, errors]);
  };
  expect(await keys('comm')).toEqual([
    ['dd', PATHS, 9],
    ['cat', OFTEN, 0],
    ['', 1, 0],
  ]);
  expect(await keys('size')).toEqual([
    ['', 451, 4],
    ['64 B to 128 B', 450, 5],
    ['4 KiB to 8 KiB', OFTEN, 0],
  ]);
  expect(await keys('errno')).toEqual([
    ['ENOENT', PATHS - 9, 0],
    ['ok', OFTEN + 1, 0],
    ['EIO', 9, 9],
  ]);
});

test('of more paths than can have histograms the commonest are told exactly, and those that are asked for', async () => {
  const store = await filled();
  const { items, keys } = await store.latency({ by: 'path', limit: 3 }, ['/slow', '/never']);
  expect(keys).toBe(PATHS + 2);
  expect(items.map(({ key, count }) => [key, count])).toEqual([
    ['/often', OFTEN],
    ['/once/0', 1],
    ['/once/1', 1],
    ['/slow', 1],
  ]);
  expect(items[0]).toMatchObject({ minNs: 1_000, maxNs: OFTEN * 1_000, filter: 'path:/often' });
  expect(items[0]?.p50Ns).toBeCloseTo(30_000, -3);
  expect(items[3]?.maxNs).toBe(7e9);
});
