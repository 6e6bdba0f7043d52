import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from '../../web/live/ring.ts';

test('a ring keeps the newest, in order, and counts what it let go', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (items, capacity) => {
      const ring = new Ring<number>(capacity);
      for (const item of items) ring.push(item);
      expect(ring.newestFirst()).toEqual(items.slice(-capacity).reverse());
      expect(ring.total).toBe(items.length);
      expect(ring.dropped).toBe(Math.max(0, items.length - capacity));
    }),
  );
});

test('outside of what it holds a ring has nothing', () => {
  const ring = new Ring<string>(2);
  ring.push('a');
  expect([ring.fromEnd(-1), ring.fromEnd(0), ring.fromEnd(1)]).toEqual([undefined, 'a', undefined]);
  ring.clear();
  expect([ring.length, ring.total, ring.fromEnd(0)]).toEqual([0, 0, undefined]);
});
