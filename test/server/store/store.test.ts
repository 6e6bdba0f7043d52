import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noDiagnosis } from '../../../shared/diagnosis.ts';
import { spans as anySpan } from '../../shared/arbitrary.ts';
import { mount, open, span, T0, tempFile } from './helpers.ts';

/** Where an open descriptor of this process leads to; empty where it was closed meanwhile. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

describe('the store', () => {
  it('gives back every span exactly as it was put', async () => {
    const store = await open(tempFile());
    store.putMount(mount(1, '/mnt/x'));
    store.putMount(mount(2, '/mnt/y'));
    let id = 1;
    const put = fc.sample(anySpan, 3_000).map((one) => ({ ...one, id: id++ }));
    for (const one of put) store.insert(one, null);
    const { items } = await store.spans({ limit: 10_000, order: 'start:asc' });
    expect(items.toSorted((a, b) => a.id - b.id)).toEqual(put);
    expect(await store.span(17)).toEqual(put[16]);
    expect(await store.span(99_999)).toBeNull();
  });

  it('keeps integers as integers, also past 32 bits, and never rounds', async () => {
    const file = tempFile();
    const store = await open(file);
    const wide = { nodeid: 2 ** 53 - 1, fh: '18446744073709551615', offset: 5_000_000_000, size: 2 ** 40 };
    store.insert(
      span(1, { ...wide, startUs: T0 + 0.25, durationNs: 5_000_000_001, bytes: 6_000_000_000 }),
      null,
    );
    store.insert(span(2, { nodeid: 1, unique: 2 ** 45, queueNs: 2 ** 41, pid: 0xffff_ffff }), null);
    await store.close();
    const db = new Sqlite(file, { readonly: true });
    const columns = db.prepare("SELECT name FROM pragma_table_info('spans')").pluck().all() as string[];
    for (const column of columns) {
      const types = db.prepare(`SELECT DISTINCT typeof(${column}) FROM spans`).pluck().all();
      expect([column, types.filter((type) => type !== 'null' && type !== 'integer')]).toEqual([
        column,
        column === 'fh' ? ['text'] : [],
      ]);
    }
    const exact = db.prepare('SELECT start_ns FROM spans WHERE id = 1').safeIntegers().pluck().get();
    expect(exact).toBe(BigInt(T0) * 1_000n + 250n);
    db.close();
  });

  it('can be read by a person with nothing but sqlite', async () => {
    const file = tempFile();
    const store = await open(file);
    store.putMount(mount(1, '/mnt/x'));
    store.insert(
      span(1, {
        startUs: 1_732_160_000_000_000 + 0.25,
        op: 'op-99',
        errno: 5,
        comm: 'cat',
        args: { flags: 1 },
      }),
      null,
    );
    await store.close();
    const db = new Sqlite(file, { readonly: true });
    expect(db.prepare('SELECT * FROM operations').get()).toMatchObject({
      start: '2024-11-21T03:33:20.000000250Z',
      mount: '/mnt/x',
      op: 'op-99',
      state: 'done',
      error: 'EIO',
      path: '/a',
      comm: 'cat',
      arguments: '{"flags":1}',
      source: 'mirror',
    });
    db.close();
  });

  it('goes on after a restart: ids, mounts, open spans, open stalls, sequence numbers, settings', async () => {
    const file = tempFile();
    const durable: [string, number][] = [];
    const first = await open(file, { onDurable: (instance, seq) => durable.push([instance, seq]) });
    first.putMount(mount(1, '/mnt/x'));
    const hung = span(7, { state: 'open', durationNs: null, errno: null, comm: 'ls' });
    first.insert(hung, 'collector-a');
    first.insert(span(8), 'collector-a');
    const stall = {
      id: 3,
      span: hung,
      ageMs: 1_000,
      thresholdMs: 1_000,
      state: 'open' as const,
      raisedUs: T0 + 0.5,
      closedUs: null,
      endedBy: null,
      ...noDiagnosis(),
    };
    first.putStall(stall);
    first.putStall({ ...stall, id: 4, state: 'closed', closedUs: T0 + 9 });
    first.noteSeq('collector-a', 41);
    first.noteSeq('collector-a', 42);
    first.putSetting('thresholds', '[]');
    await first.close();
    expect(durable).toEqual([['collector-a', 42]]);

    const second = await open(file);
    expect(second.nextSpanId).toBe(9);
    expect(second.nextStallId).toBe(5);
    expect(second.mounts).toEqual([mount(1, '/mnt/x')]);
    expect(second.restored).toEqual([{ span: hung, instance: 'collector-a' }]);
    expect(second.restoredStalls).toEqual([stall]);
    expect([...second.seqs]).toEqual([['collector-a', 42]]);
    expect([...second.settings]).toEqual([['thresholds', '[]']]);
    expect(second.setAside).toBeNull();

    second.update({ ...hung, state: 'done', durationNs: 5e9, errno: 4, error: 'EINTR', bytes: 3 });
    expect(await second.span(7)).toMatchObject({
      state: 'done',
      durationNs: 5e9,
      comm: 'ls',
      path: '/a',
      bytes: 3,
    });
    expect(second.gauges().spans).toBe(2);
  });

  it('answers with what was put a moment before', async () => {
    const store = await open(tempFile());
    for (let id = 1; id <= 50; id++) {
      store.insert(span(id), null);
      expect((await store.span(id))?.id).toBe(id);
    }
    expect(store.gauges()).toMatchObject({ state: 'ok', spans: 50, queued: 0, oldestUs: T0 + 10 });
  });

  it('reads a span at once: the caller may go on changing it', async () => {
    const store = await open(tempFile());
    const one = span(1, { path: '/before' });
    store.insert(one, null);
    one.path = '/after';
    expect((await store.span(1))?.path).toBe('/before');
  });

  it(':memory: works the same and leaves nothing behind', async () => {
    const left = () => readdirSync('/dev/shm').filter((name) => name.startsWith(`fusescope-${process.pid}-`));
    const store = await open(':memory:');
    expect(left()).toEqual([]);
    const held = readdirSync('/proc/self/fd').map((fd) => targetOf(fd));
    expect(held).toContainEqual(expect.stringMatching(`/fusescope-${process.pid}-.*memory.db`));
    store.putMount(mount(1, '/mnt/x'));
    for (let id = 1; id <= 5_000; id++) store.insert(span(id), null);
    expect((await store.spans({ limit: 10_000 })).items).toHaveLength(5_000);
    expect(store.gauges().state).toBe('ok');
    await store.close();
    expect(left()).toEqual([]);
  });

  it('keeps stalls, gaps and seconds', async () => {
    const store = await open(tempFile());
    const atS = T0 / 1e6;
    for (let i = 0; i < 5; i++) {
      store.putSecond({ atS: atS + i, ops: i, errors: 0, lost: 0, stalls: 0 });
      store.putGap({
        mountId: i === 0 ? null : 1,
        cause: 'ring-full',
        count: i,
        fromUs: T0 + i * 1e6,
        toUs: T0 + i * 1e6 + 5,
      });
      store.putStall({
        id: i + 1,
        span: span(i + 1),
        ageMs: 1,
        thresholdMs: 1,
        state: i % 2 ? 'open' : 'closed',
        raisedUs: T0,
        closedUs: i % 2 ? null : T0,
        endedBy: null,
        ...noDiagnosis(),
      });
    }
    expect((await store.seconds({ fromUs: T0 + 1e6, toUs: T0 + 3e6 })).map((s) => s.ops)).toEqual([1, 2, 3]);
    expect((await store.gaps({ fromUs: T0, toUs: T0 + 1e6 })).map((gap) => gap.count)).toEqual([0, 1]);
    const page = await store.stalls(null, 2, null);
    expect(page.items.map((stall) => stall.id)).toEqual([5, 4]);
    expect((await store.stalls(null, 9, page.nextCursor)).items.map((stall) => stall.id)).toEqual([3, 2, 1]);
    expect((await store.stalls('open', 9, null)).items.map((stall) => stall.id)).toEqual([4, 2]);
    expect((await store.stall(3))?.span.id).toBe(3);
    expect(await store.stall(99)).toBeNull();
  });

  it('closes twice, and refuses questions afterwards', async () => {
    const file = tempFile();
    const store = await open(file);
    await Promise.all([store.close(), store.close()]);
    await expect(store.span(1)).rejects.toMatchObject({ code: 'FUSESCOPE_STORE' });
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});
