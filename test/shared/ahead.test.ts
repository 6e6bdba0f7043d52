import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ahead } from '../../shared/ahead.ts';

it('a process that is held up between two readings of the clocks does not take that for a difference', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(8), fc.integer({ min: 1, max: 1e6 }), (difference, when, heldUp) => {
      let [now, readings] = [0, 0];
      const read = () => {
        // Each reading takes a while; one comes late.
        now += readings++ === when ? heldUp : 1;
        return now;
      };
      expect(Math.abs(ahead(() => read() + difference, read) - difference)).toBeLessThanOrEqual(1);
    }),
  );
});
