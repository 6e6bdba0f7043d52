import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LANE_KINDS } from '../../shared/timeline.ts';
import { DEFAULT_PARAMS, readParams, type ViewParams, WINDOWS, writeParams } from '../../web/url/params.ts';

const time = fc.option(fc.integer({ min: 0, max: 4e15 }), { nil: null });
const word = fc.option(fc.string(), { nil: null });
const state: fc.Arbitrary<ViewParams> = fc.record({
  filter: fc.string(),
  range: fc
    .record({ fromUs: time, toUs: time })
    .map((range) => (range.fromUs === null && range.toUs === null ? null : range)),
  order: fc.constantFrom('start:desc' as const, 'duration:desc' as const, 'path:asc' as const),
  span: fc.option(fc.nat(), { nil: null }),
  window: fc.constantFrom(...WINDOWS),
  op: fc.option(fc.string({ minLength: 1 }), { nil: null }),
  table: fc.boolean(),
  lanes: fc.constantFrom(...LANE_KINDS),
  lastS: fc.integer({ min: 1, max: 9_999 }),
  selected: fc.option(
    fc
      .tuple(fc.integer({ min: 0, max: 2e15 }), fc.integer({ min: 1, max: 2e15 }))
      .map(([fromUs, length]) => ({ fromUs, toUs: fromUs + length })),
    { nil: null },
  ),
  marks: fc.array(fc.integer({ min: 0, max: 4e15 }), { maxLength: 5 }),
  highlights: fc.array(fc.string(), { maxLength: 4 }),
  by: word,
  path: word,
  mount: word,
  brush: word,
  against: word,
});

test('what is written into a URL is read back the same', () => {
  fc.assert(
    fc.property(state, (params) => {
      expect(readParams(writeParams(params))).toEqual(params);
    }),
  );
});

test('a state without anything special leaves the URL clean', () => {
  expect(writeParams(DEFAULT_PARAMS)).toBe('');
});

test('times are written for people and read in both forms of the API', () => {
  const range = { fromUs: Date.UTC(2025, 10, 18, 14, 32, 7, 118) * 1e3, toUs: 1_763_476_328_000_001 };
  expect(writeParams({ ...DEFAULT_PARAMS, range })).toBe(
    '?from=2025-11-18T14%3A32%3A07.118Z&to=1763476328000001',
  );
});

test('what cannot be read counts as absent', () => {
  expect(
    readParams(
      '?from=yesterday&span=-3&window=2d&order=size&as=poem&lanes=moods&last=-1&selected=5+4&marks=x',
    ),
  ).toEqual(DEFAULT_PARAMS);
});
