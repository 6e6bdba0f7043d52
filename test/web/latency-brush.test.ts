import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HeatmapAnswer } from '../../shared/api.ts';
import { parse } from '../../shared/filter/parse.ts';
import { pairOf, readAgainst, writeAgainst } from '../../web/views/latency/against.ts';
import {
  beganIn,
  brushFilter,
  brushOf,
  brushOfAll,
  cellsOf,
  countIn,
  movedBrush,
  readBrush,
  writeBrush,
} from '../../web/views/latency/brush.ts';

const START = 1_732_160_000_000_000;
const edgesNs = [0, ...Array.from({ length: 40 }, (_, i) => Math.round(1e3 * 2 ** (i / 2))), 2 ** 50];
const heat: HeatmapAnswer = {
  fromUs: START,
  toUs: START + 60e6,
  stepUs: 5e6,
  edgesNs,
  columns: Array.from({ length: 12 }, (_, column) =>
    edgesNs.slice(1).map((_, row) => (column > 1 && column < 9 && row > 4 && row < 20 ? column * row : 0)),
  ),
  gaps: [],
};
const last = { column: heat.columns.length - 1, row: edgesNs.length - 2 };
const cells = fc
  .tuple(
    fc.nat({ max: last.column }),
    fc.nat({ max: last.column }),
    fc.nat({ max: last.row }),
    fc.nat({ max: last.row }),
  )
  .map(([c, d, r, s]) => ({
    column: Math.min(c, d),
    toColumn: Math.max(c, d),
    row: Math.min(r, s),
    toRow: Math.max(r, s),
  }));

test('a brush goes through the URL and back to the same cells', () => {
  fc.assert(
    fc.property(cells, (chosen) => {
      const brush = brushOf(heat, chosen);
      const read = readBrush(writeBrush(brush));
      expect(read && cellsOf(heat, read)).toEqual(chosen);
      expect(parse(brushFilter('op:read', brush)).ok).toBe(true);
    }),
  );
});

test('what is no brush is none', () => {
  for (const text of [
    null,
    '',
    'x y z',
    '2025-01-02T00:00:00Z 2025-01-01T00:00:00Z 1ms..2ms',
    'a b 2ms..1ms',
  ])
    expect(readBrush(text)).toBeNull();
});

test('arrow keys move the brush within the map, and with Shift size it', () => {
  fc.assert(
    fc.property(
      cells,
      fc.array(fc.tuple(fc.constantFrom('ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'), fc.boolean()), {
        maxLength: 20,
      }),
      (chosen, keys) => {
        let brush = brushOf(heat, chosen);
        for (const [key, grow] of keys) {
          const before = cellsOf(heat, brush);
          brush = movedBrush(heat, brush, key, grow) ?? brush;
          const now = cellsOf(heat, brush);
          if (!before || !now) throw new Error('the brush has left the map');
          if (!grow) expect(now.toColumn - now.column).toBe(before.toColumn - before.column);
          else expect([now.column, now.row]).toEqual([before.column, before.row]);
        }
      },
    ),
  );
  expect(
    movedBrush(heat, brushOf(heat, { column: 0, toColumn: 1, row: 0, toRow: 1 }), 'x', false),
  ).toBeNull();
});

test('the brush of all holds all, and nothing is brushed where nothing is', () => {
  const all = brushOfAll(heat);
  const held = all && cellsOf(heat, all);
  expect(held).toEqual({ column: 2, toColumn: 8, row: 5, toRow: 19 });
  expect(held && countIn(heat, held)).toBe(heat.columns.flat().reduce((sum, count) => sum + count, 0));
  expect(brushOfAll({ ...heat, columns: heat.columns.map((column) => column.map(() => 0)) })).toBeNull();
});

test('the operations of a brush began no longer before it than the longest of them took', () => {
  const brush = { fromUs: START, toUs: START + 1e6, fromNs: 1e6, toNs: Number.POSITIVE_INFINITY };
  expect(beganIn(brush, 3e9)).toEqual({ fromUs: START - 3e6, toUs: START + 1e6 });
  expect(beganIn({ ...brush, toNs: 2e6 }, 3e9).fromUs).toBe(START - 2_000);
});

test('what is compared with goes through the URL', () => {
  for (const against of [
    { kind: 'before' },
    { kind: 'range', fromUs: START, toUs: START + 1e6 },
    { kind: 'mount', mount: '/mnt/a b' },
    { kind: 'recording', id: 17 },
  ] as const)
    expect(readAgainst(writeAgainst(against))).toEqual(against);
  for (const text of [null, '', 'mount:', 'recording:0', 'range:a b', 'beforehand'])
    expect(readAgainst(text)).toBeNull();
});

test('the sides of a comparison share no operation', () => {
  const range = { fromUs: START, toUs: START + 60e6 };
  const shown = { filter: 'op:read', range, recording: null };
  expect(pairOf(shown, { kind: 'before' })?.b.range).toEqual({ fromUs: START - 60e6, toUs: START });
  expect(pairOf({ ...shown, range: { fromUs: null, toUs: START } }, { kind: 'before' })).toBeNull();
  const all = pairOf(shown, { kind: 'mount', mount: '/b' });
  expect([all?.a.filter, all?.b.filter]).toEqual(['op:read -mount:/b', 'op:read mount:/b']);
  const one = pairOf({ ...shown, filter: 'mount:"/a x" op:read' }, { kind: 'mount', mount: '/b' });
  expect([one?.a.filter, one?.b.filter]).toEqual(['mount:"/a x" op:read', 'op:read mount:/b']);
  expect(pairOf(shown, { kind: 'recording', id: 3 })?.b).toEqual({
    filter: 'op:read',
    recording: 3,
    range: { fromUs: null, toUs: null },
  });
});
