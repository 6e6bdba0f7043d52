import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HeatmapAnswer, HistogramAnswer } from '../../shared/api.ts';
import { axisNs, axisShare, binOnAxis, tickStep } from '../../web/ui/scale.ts';
import { heatColour, labelStep } from '../../web/views/latency/heat-scale.ts';
import { percentileLines } from '../../web/views/latency/percentiles.ts';
import { decadeCounts } from '../../web/views/latency/tables.tsx';
import { sparkPath } from '../../web/views/overview/sparkline.tsx';

test('the latency axis is logarithmic from 1 µs to 100 s and clamps what lies outside', () => {
  expect([axisShare(1e3), axisShare(1e11), axisShare(1e7)]).toEqual([0, 1, 0.5]);
  expect([axisShare(0), axisShare(12), axisShare(1e15), axisShare(Number.NaN)]).toEqual([0, 0, 1, 0]);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
      expect(axisShare(axisNs(share))).toBeCloseTo(share, 9);
    }),
  );
});

test('bins of a histogram lose no operation', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 1e12 }), fc.integer({ min: 1, max: 1e6 }))),
      (pairs) => {
        const buckets = pairs.map(([ns, count]): [number, number, number] => [ns, ns * 1.02, count]);
        const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
        expect(sum(binOnAxis(buckets, 140))).toBe(sum(pairs.map(([, count]) => count)));
      },
    ),
  );
});

test('a sparkline shows the newest at the right and nothing where nothing was', () => {
  expect(sparkPath([0, 0, 0], 3)).toBe('');
  expect(sparkPath([0, 1, 2], 3)).toBe('M2.5 24v-12M4.5 24v-24');
  expect(sparkPath([5], 3)).toBe('M4.5 24v-24');
});

const histogram = (p50Ns: number, p90Ns: number, p99Ns: number, p999Ns: number): HistogramAnswer => ({
  key: 'read',
  mountId: null,
  count: 1,
  errors: 0,
  sumNs: 1,
  minNs: 1,
  maxNs: 1,
  p50Ns,
  p90Ns,
  p99Ns,
  p999Ns,
  buckets: [],
  open: 0,
  oldestOpenMs: null,
});

test('names of percentiles never lie on one another while there is room', () => {
  for (const ns of [
    [1e5, 1e6, 1e7, 1e8],
    [1e5, 1.1e5, 1.2e5, 1e9],
  ] as const) {
    const lines = percentileLines(histogram(...ns), 560);
    const width = 82 / 560;
    const boxes = lines.map(
      ({ share, side, row }) => [row, side === 'left' ? share - width : share] as const,
    );
    for (const [i, [row, from]] of boxes.entries()) {
      for (const [otherRow, other] of boxes.slice(i + 1)) {
        if (row === otherRow) expect(Math.abs(from - other)).toBeGreaterThanOrEqual(width - 1e-9);
      }
    }
  }
});

test('heat colours go from the ground over one operation to most of them', () => {
  const ramp = ['#000000', '#111111', '#333333', '#ffffff'];
  expect(heatColour(0, 100, ramp)).toBe('#000000');
  expect(heatColour(1, 100, ramp)).toBe('rgb(17 17 17)');
  expect(heatColour(100, 100, ramp)).toBe('rgb(255 255 255)');
  expect(heatColour(1, 1, ramp)).toBe('rgb(17 17 17)');
});

test('the heat table counts each cell once, in its decade', () => {
  const edgesNs = Array.from({ length: 81 }, (_, i) => 10 ** (3 + i / 10));
  const columns = Array.from({ length: 25 }, (_, i) => edgesNs.slice(1).map((_, row) => (row === i ? 3 : 0)));
  const heat: HeatmapAnswer = { fromUs: 0, toUs: 25e6, stepUs: 1e6, edgesNs, columns, gaps: [] };
  const { fromUs, rows } = decadeCounts(heat);
  expect(fromUs.length).toBeLessThanOrEqual(10);
  expect(rows.flatMap((row) => row.counts).reduce((a, b) => a + b, 0)).toBe(75);
  expect(rows.at(-1)?.counts.reduce((a, b) => a + b, 0)).toBe(30);
});

test('ticks are few whatever the length', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 1e7, noNaN: true }), (lengthS) => {
      expect(lengthS / tickStep(lengthS)).toBeLessThanOrEqual(10.01);
    }),
  );
  expect(labelStep(600, 600)).toBe(120);
});
