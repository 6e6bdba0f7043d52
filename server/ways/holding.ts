// What FuseScope itself holds back: operations that faults on a mirror hang. Whoever asks for a way out of a mount is
// offered their release.
import type { FaultBoard } from '../faults/board.ts';
import type { Holding } from './situation.ts';

export function holdingOf(faults: FaultBoard): Holding {
  return {
    held(mount) {
      const holding = faults.listAt(mount).filter((rule) => rule.held > 0);
      const count = holding.reduce((sum, rule) => sum + rule.held, 0);
      if (count === 0) return null;
      const names = holding.map((rule) => rule.id).join(', ');
      const what = count === 1 ? 'one operation' : `${count} operations`;
      return holding.length === 1
        ? `The fault ${names} holds ${what} back until released.`
        : `The faults ${names} hold ${what} back until released.`;
    },
    async release(mount) {
      await faults.release(faults.mirrorOf(mount), null);
    },
  };
}
