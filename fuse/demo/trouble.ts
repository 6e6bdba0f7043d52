// What goes wrong in the demo's file system, so that the page has something true to show: one read that hangs, an
// archive that is slow now and then, syncs that take their time, a folder that nobody may open.
import type { FaultRule } from '../../shared/fault.ts';
import { PLACES } from './tree.ts';

export const TROUBLE: readonly FaultRule[] = [
  {
    id: 'held-photo',
    note: 'one read of this photo hangs until it is released; the next one a while later',
    match: { op: ['read'], path: PLACES.held, fromMs: 5_000 },
    effect: { hang: { atOnce: 1, againMs: 45_000 } },
  },
  {
    id: 'slow-archive',
    note: 'an archive on slow storage',
    match: { op: ['read'], path: `${PLACES.archive}/**`, probability: 0.2 },
    effect: { delay: { kind: 'uniform', minMs: 150, maxMs: 900 } },
  },
  {
    id: 'slow-sync',
    note: 'syncs that wait for a disk',
    match: { op: ['fsync'], probability: 0.2 },
    effect: { delay: { kind: 'uniform', minMs: 40, maxMs: 250 } },
  },
  {
    id: 'private-folder',
    note: 'what nobody may open',
    match: { op: ['open'], path: `${PLACES.private}/**` },
    effect: { errno: 'EACCES' },
  },
];
