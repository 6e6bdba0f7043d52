// What the histograms of the latency view are told apart by.
import { expect, test } from 'vitest';
import { HISTOGRAMS_BY, type HistogramAnswer } from '../../shared/api.ts';
import {
  barToken,
  HISTOGRAM_KINDS,
  inPlace,
  kindOf,
  nameOf,
  restfulMs,
  writeKind,
} from '../../web/views/latency/kinds.ts';

test('each kind that the server answers has a name, and its URL; operations need none', () => {
  expect(HISTOGRAM_KINDS.map(({ by }) => by)).toEqual(HISTOGRAMS_BY.filter((by) => by !== 'none'));
  for (const kind of HISTOGRAM_KINDS) expect(kindOf(writeKind(kind))).toBe(kind);
  expect([writeKind(kindOf('op')), kindOf('none').by, kindOf('x').by]).toEqual([null, 'op', 'op']);
  expect(nameOf(kindOf('comm'), '')).toBe('no caller known');
  expect([barToken(kindOf('op'), 'read'), barToken(kindOf('mount'), 'read')]).toEqual(['op-read', 'ink-3']);
});

test('histograms keep their places while their counts change, and new ones come after them', () => {
  const of = (...keys: string[]) => keys.map((key) => ({ key }) as HistogramAnswer);
  const places = new Map<string, number>();
  const keys = (items: HistogramAnswer[]) => inPlace(items, places).map(({ key }) => key);
  expect(keys(of('a', 'b', 'c'))).toEqual(['a', 'b', 'c']);
  expect(keys(of('d', 'c', 'a'))).toEqual(['a', 'c', 'd']);
  expect(keys(of('b', 'd', 'c', 'a'))).toEqual(['a', 'b', 'c', 'd']);
});

test('an answer that took long is asked for less often', () => {
  expect([restfulMs(3_000, 20), restfulMs(3_000, 1_000)]).toEqual([3_000, 9_000]);
});
