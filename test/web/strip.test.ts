import { expect, test } from 'vitest';
import type { Second } from '../../shared/live.ts';
import { columnStep, stallStretches, stripColumns } from '../../web/frame/strip-columns.ts';

const second = (atS: number, ops: number, more: Partial<Second> = {}): Second => ({
  atS,
  ops,
  errors: 0,
  lost: 0,
  stalls: 0,
  ...more,
});

test('columns begin at the same seconds whenever they are drawn', () => {
  const early = stripColumns([second(100, 4), second(101, 6), second(102, 8)], 2);
  const later = stripColumns([second(102, 8), second(103, 2)], 2);
  expect(early.map((column) => column.atS)).toEqual([100, 102]);
  expect(later[0]?.atS).toBe(102);
});

test('a column is the mean rate of the seconds that were counted, and the sum of errors and losses', () => {
  const [column] = stripColumns([second(10, 4, { errors: 1 }), second(11, 8, { errors: 2, lost: 5 })], 5);
  expect(column).toEqual({ atS: 10, ops: 6, errors: 3, lost: 5 });
});

test('seconds that nobody counted make no column', () => {
  expect(stripColumns([second(10, 1), second(40, 1)], 2).map((column) => column.atS)).toEqual([10, 40]);
});

test('the step is the smallest whole one that fits', () => {
  expect([columnStep(600, 300), columnStep(600, 600), columnStep(600, 70)]).toEqual([2, 1, 10]);
});

test('stretches of stalls are told apart by a second without one', () => {
  const seconds = [1, 1, 0, 1, 0].map((stalls, i) => second(50 + i, 1, { stalls }));
  expect(stallStretches(seconds)).toEqual([
    [50, 52],
    [53, 54],
  ]);
});
