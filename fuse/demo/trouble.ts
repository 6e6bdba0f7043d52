// What goes wrong in the demo's file system, so that the page has something true to show: one read that hangs, an
// archive that is slow now and then, syncs that take their time, a folder that nobody may open.
import type { Backing } from '../mirror/backing.ts';
import type { Hold } from './hold.ts';
import { PLACES } from './tree.ts';

const EACCES = 13;
/** Of the reads in the archive, and of all syncs. */
const SLOW_SHARE = 0.2;

/** @param random from 0 to 1, as Math.random. */
export function withTrouble(backing: Backing, hold: Hold, random: () => number = Math.random): Backing {
  const sometimes = (minMs: number, maxMs: number, operation: () => void) => {
    if (random() < SLOW_SHARE) setTimeout(operation, minMs + random() * (maxMs - minMs));
    else operation();
  };
  return {
    ...backing,
    open: (request, raw, call, reply) => {
      if (raw[0].startsWith(`${PLACES.private}/`)) reply(-EACCES);
      else backing.open(request, raw, call, reply);
    },
    read: (request, raw, call, reply) => {
      const read = () => backing.read(request, raw, call, reply);
      if (raw[0] === PLACES.held) hold.pass(read);
      else if (raw[0].startsWith(`${PLACES.archive}/`)) sometimes(150, 900, read);
      else read();
    },
    fsync: (request, raw, call, reply) => sometimes(40, 250, () => backing.fsync(request, raw, call, reply)),
  };
}
