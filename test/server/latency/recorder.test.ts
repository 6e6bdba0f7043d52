import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyRecorder } from '../../../server/latency/recorder.ts';
import type { RollupRow } from '../../../server/store/types.ts';
import { Histogram } from '../../../shared/histogram.ts';

const noSpill = () => {
  throw new Error('spilled');
};
const START = 1_732_160_000;
const operation = fc.record({
  mountId: fc.integer({ min: 1, max: 3 }),
  op: fc.constantFrom('read', 'write', 'op-99'),
  endS: fc.integer({ min: START, max: START + 3 }),
  durationNs: fc.integer({ min: 0, max: 10_000_000_000 }),
  errno: fc.constantFrom(0, 0, 0, 2, 5),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function feed(recorder: LatencyRecorder, operations: readonly Operation[]): void {
  for (const o of operations) recorder.record(o.mountId, o.op, o.endS, o.durationNs, o.errno);
}

function summed(rows: readonly RollupRow[]): Map<string, Histogram & { errors?: number }> {
  const found = new Map<string, Histogram & { errors?: number }>();
  for (const row of rows) {
    const key = `${row.mountId} ${row.op} ${row.atS}`;
    const histogram: Histogram & { errors?: number } = found.get(key) ?? new Histogram();
    histogram.mergeSparse(row);
    histogram.errors = (histogram.errors ?? 0) + row.errors;
    found.set(key, histogram);
  }
  return found;
}

function oracle(operations: readonly Operation[]): ReturnType<typeof summed> {
  const found: ReturnType<typeof summed> = new Map();
  for (const o of operations) {
    const key = `${o.mountId} ${o.op} ${o.endS}`;
    const histogram: Histogram & { errors?: number } = found.get(key) ?? new Histogram();
    histogram.record(o.durationNs);
    histogram.errors = (histogram.errors ?? 0) + (o.errno === 5 ? 1 : 0);
    found.set(key, histogram);
  }
  return found;
}

describe('LatencyRecorder', () => {
  it('hands on one row for each mount, operation and second that is over', () => {
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const recorder = new LatencyRecorder({ onSpill: noSpill });
        feed(recorder, operations);
        const rows = recorder.takeFinished(START + 10);
        expect(rows.length).toBe(summed(rows).size);
        expect(summed(rows)).toEqual(oracle(operations));
        expect(recorder.takeFinished(START + 11)).toEqual([]);
      }),
    );
  });

  it('loses nothing when more is busy at once than it may hold', () => {
    fc.assert(
      fc.property(fc.array(operation, { minLength: 50 }), (operations) => {
        const rows: RollupRow[] = [];
        const recorder = new LatencyRecorder({ onSpill: (spilled) => rows.push(...spilled), maxCells: 4 });
        feed(recorder, operations);
        rows.push(...recorder.takeFinished(START + 10));
        expect(summed(rows)).toEqual(oracle(operations));
      }),
    );
  });

  it('keeps the running second, and takes a second of the future so that a clock step leaves nothing behind', () => {
    const recorder = new LatencyRecorder({ onSpill: noSpill });
    for (const endS of [START - 1, START, START + 1, START + 900]) recorder.record(1, 'read', endS, 5, 0);
    expect(recorder.takeFinished(START).map((row) => row.atS)).toEqual([START - 1, START + 900]);
    expect(recorder.takeFinished(START + 1).map((row) => row.atS)).toEqual([START]);
  });

  it('shows the last 60 whole seconds of a mount, then forgets them', () => {
    const recorder = new LatencyRecorder({ onSpill: noSpill });
    for (let i = 0; i < 100; i++) recorder.record(1, 'read', START, 1_000_000, 0);
    recorder.record(1, 'write', START + 1, 900_000_000, 5);
    recorder.record(1, 'lookup', START + 1, 50_000, 2);
    recorder.record(1, 'lookup', START + 1, 50_000, 2);
    recorder.takeFinished(START + 2);
    const view = recorder.view(1);
    expect(view?.opsHistory).toHaveLength(60);
    expect(view?.opsHistory.slice(-2)).toEqual([100, 3]);
    expect(view?.errorsHistory.slice(-2)).toEqual([0, 1]);
    expect(view?.topError).toBe('EIO');
    expect(Math.abs((view?.p50Ns ?? 0) / 1_000_000 - 1)).toBeLessThan(0.02);

    recorder.takeFinished(START + 61);
    expect(recorder.view(1)?.opsHistory[0]).toBe(3);
    expect(recorder.view(1)?.p99Ns).toBeGreaterThan(800_000_000);
    recorder.takeFinished(START + 62);
    expect(recorder.view(1)).toBeNull();
  });

  it('adds late operations to the second they belong to', () => {
    const recorder = new LatencyRecorder({ onSpill: noSpill });
    recorder.record(1, 'read', START, 10, 0);
    recorder.takeFinished(START + 1);
    recorder.record(1, 'read', START, 10, 2);
    recorder.takeFinished(START + 2);
    expect(recorder.view(1)?.opsHistory.slice(-2)).toEqual([2, 0]);
    expect(recorder.view(1)?.topError).toBe('ENOENT');
  });
});
