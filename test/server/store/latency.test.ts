import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyRecorder } from '../../../server/latency/recorder.ts';
import { stretches } from '../../../server/store/query-rollups.ts';
import type { Store } from '../../../server/store/types.ts';
import type { HistogramAnswer } from '../../../shared/api.ts';
import { isOrdinaryErrno } from '../../../shared/errno.ts';
import { Histogram } from '../../../shared/histogram.ts';
import type { Span } from '../../../shared/span.ts';
import { mount, open, span, tempFile } from './helpers.ts';

/** The beginning of an hour, so that all tiers have edges in what follows. */
const HOUR_S = Math.floor(1_732_160_000 / 3_600) * 3_600;

/** Two and a half hours of operations on two mounts. */
function trace(): Span[] {
  const ops = ['read', 'write', 'lookup', 'op-99'];
  return Array.from({ length: 9_000 }, (_, i) =>
    span(i + 1, {
      mountId: 1 + (i % 2),
      mount: i % 2 ? '/mnt/y' : '/mnt/x',
      op: ops[i % 4] ?? 'read',
      startUs: (HOUR_S + i) * 1e6 + 100,
      durationNs: 1_000 + ((i * 7_919) % 1_000_003) * 50,
      errno: i % 10 === 0 ? 5 : i % 10 === 1 ? 2 : 0,
      pid: i % 3,
    }),
  );
}

const endS = (one: Span) => Math.floor(one.startUs / 1e6 + (one.durationNs ?? 0) / 1e9);

async function filled(spans: readonly Span[]): Promise<Store> {
  const store = await open(tempFile(), { maxAgeS: 20 * 365 * 86_400 });
  store.putMount(mount(1, '/mnt/x'));
  store.putMount({ ...mount(2, '/mnt/y'), kind: 'kernel' });
  const recorder = new LatencyRecorder({ onSpill: (rows) => store.putRollups(rows) });
  for (const one of spans) {
    store.insert(one, null);
    recorder.record(one.mountId, one.op, endS(one), one.durationNs ?? 0, one.errno ?? 0);
  }
  store.putRollups(recorder.takeFinished(HOUR_S - 10));
  return store;
}

function expected(
  spans: readonly Span[],
  key: (one: Span) => string,
): Map<string, { histogram: Histogram; errors: number }> {
  const groups = new Map<string, { histogram: Histogram; errors: number }>();
  for (const one of spans) {
    const group = groups.get(key(one)) ?? { histogram: new Histogram(), errors: 0 };
    group.histogram.record(one.durationNs ?? 0);
    if (one.errno && !isOrdinaryErrno(one.errno)) group.errors++;
    groups.set(key(one), group);
  }
  return groups;
}

function check(items: readonly HistogramAnswer[], groups: ReturnType<typeof expected>): void {
  expect(items.map((item) => item.key).sort()).toEqual([...groups.keys()].sort());
  for (const item of items) {
    const { histogram, errors } = groups.get(item.key) ?? { histogram: new Histogram(), errors: -1 };
    const { count, sumNs, minNs, maxNs } = histogram;
    expect(item).toMatchObject({ count, errors, sumNs, minNs, maxNs, p50Ns: histogram.percentile(0.5) });
    expect(item.p999Ns).toBe(histogram.percentile(0.999));
    expect(item.buckets.reduce((sum, [, , times]) => sum + times, 0)).toBe(count);
  }
}

describe('latency', () => {
  it('answers from rollups what a histogram of the same spans says, at any range', async () => {
    const spans = trace();
    const store = await filled(spans);
    check(
      (await store.latency({})).items,
      expected(spans, (one) => one.op),
    );
    check(
      (await store.latency({ by: 'none' })).items,
      expected(spans, () => 'all'),
    );
    check(
      (await store.latency({ by: 'mount' })).items,
      expected(spans, (one) => one.mount),
    );
    for (const [from, to] of [
      [0, 1],
      [59, 61],
      [3_599, 3_601],
      [17, 8_999],
      [3_600, 7_200],
    ] as const) {
      const answer = await store.latency({
        from: String((HOUR_S + from) * 1e6),
        to: String((HOUR_S + to) * 1e6),
      });
      const inside = spans.filter((one) => endS(one) >= HOUR_S + from && endS(one) < HOUR_S + to);
      check(
        answer.items,
        expected(inside, (one) => one.op),
      );
      expect(answer).toMatchObject({ fromUs: (HOUR_S + from) * 1e6, toUs: (HOUR_S + to) * 1e6 });
    }
    const writes = spans.filter((one) => one.op === 'write' && one.mount === '/mnt/y');
    check(
      (await store.latency({ filter: 'op:write -mount:/mnt/x source:kernel' })).items,
      expected(writes, (one) => one.op),
    );
  });

  it('looks at spans for any other filter', async () => {
    const spans = trace();
    const store = await filled(spans);
    store.insert(span(20_000, { state: 'open', durationNs: null, errno: null, pid: 1 }), null);
    store.insert(span(20_001, { state: 'lost', durationNs: null, errno: 0, pid: 1 }), null);
    const answer = await store.latency({ filter: 'pid:1 -op:write', by: 'op' });
    const inside = spans.filter((one) => one.pid === 1 && one.op !== 'write');
    check(
      answer.items,
      expected(inside, (one) => one.op),
    );
  });

  it('adds late rows to a second that is stored already', async () => {
    const store = await open(tempFile(), { maxAgeS: 20 * 365 * 86_400 });
    const row = (durationNs: number) => {
      const recorder = new LatencyRecorder({ onSpill: () => {} });
      recorder.record(1, 'read', HOUR_S, durationNs, 5);
      return recorder.takeFinished(HOUR_S + 1);
    };
    store.putRollups(row(100));
    await store.latency({});
    store.putRollups([...row(300), ...row(200)]);
    const [item] = (await store.latency({})).items;
    expect(item).toMatchObject({ count: 3, errors: 3, sumNs: 600, minNs: 100, maxNs: 300 });
  });

  it('of nothing is empty', async () => {
    const store = await open(tempFile());
    expect((await store.latency({})).items).toEqual([]);
    expect((await store.latency({ filter: 'pid:1' })).items).toEqual([]);
  });
});

describe('the heat map', () => {
  it('counts every span once, from rollups and from spans alike', async () => {
    const spans = trace();
    const store = await filled(spans);
    const range = { from: String((HOUR_S + 100) * 1e6), to: String((HOUR_S + 700) * 1e6) };
    const inside = spans.filter((one) => endS(one) >= HOUR_S + 100 && endS(one) < HOUR_S + 700);
    const fromRollups = await store.heatmap({ ...range, columns: 60 });
    const fromSpans = await store.heatmap({ ...range, columns: 60, filter: 'pid:0..2' });
    expect(fromRollups.stepUs).toBe(10e6);
    expect(fromRollups.columns).toHaveLength(60);
    expect(fromRollups.columns).toEqual(fromSpans.columns);
    expect(fromRollups.columns.flat().reduce((a, b) => a + b, 0)).toBe(inside.length);
    for (const column of fromRollups.columns) expect(column).toHaveLength(fromRollups.edgesNs.length - 1);
    const one = inside[0];
    const row = fromRollups.edgesNs.findLastIndex((edge) => edge <= (one?.durationNs ?? 0));
    expect(fromRollups.columns[0]?.[row]).toBeGreaterThan(0);
  });

  it('uses whole seconds for a short range and whole hours for a long one, and tells the gaps', async () => {
    const store = await filled(trace());
    store.putGap({
      mountId: 1,
      cause: 'ring-full',
      count: 5,
      fromUs: HOUR_S * 1e6,
      toUs: (HOUR_S + 5) * 1e6,
    });
    const at = (s: number) => String((HOUR_S + s) * 1e6);
    expect((await store.heatmap({ from: at(0), to: at(7), columns: 120 })).columns).toHaveLength(7);
    const long = await store.heatmap({ from: at(0), to: at(7 * 86_400), columns: 120 });
    expect(long.stepUs).toBe(7_200e6);
    expect(long.columns.flat().reduce((a, b) => a + b, 0)).toBe(9_000);
    expect(long.gaps).toHaveLength(1);
  });
});

describe('stretches of tiers', () => {
  it('make up a range without hole or overlap, coarse in the middle', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), fc.constantFrom(1, 60, 3_600), (from, length, max) => {
        const found = stretches(from, from + length, max);
        let at = from;
        for (const { step, fromS, toS } of found) {
          expect([fromS, fromS % step, toS % step, step <= max]).toEqual([at, 0, 0, true]);
          at = toS;
        }
        expect(at).toBe(from + length);
        expect(found.length).toBeLessThanOrEqual(5);
      }),
    );
  });
});
