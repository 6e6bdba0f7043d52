// From the requests in flight, as a tap lists them, to what the server is told of them. Pure.
import type { OpenRequest } from '../../shared/open-request.ts';
import type { WallClock } from './clock.ts';
import type { PathTable } from './paths.ts';
import type { Tap } from './tap.ts';

/** One answer is a line that both sides hold whole. */
const MAX_LISTED = 4_096;

/** In the order in which they began, those first that were sent before anybody listened. */
export function openRequests(
  listed: Awaited<ReturnType<Tap['inflight']>>,
  paths: PathTable,
  clock: Pick<WallClock, 'us'>,
): OpenRequest[] {
  return listed
    .map(({ record, picked }) => ({ record, picked, older: record.args?.startedBefore === true }))
    .sort((a, b) => Number(b.older) - Number(a.older) || a.record.startNs - b.record.startNs)
    .slice(0, MAX_LISTED)
    .map(({ record, picked, older }) => ({
      unique: record.unique,
      opcode: record.opcode,
      nodeid: record.nodeid,
      pid: record.pid,
      tid: record.tid,
      comm: record.comm,
      path: paths.pathOf(record).path,
      picked,
      startUs: older ? null : clock.us(record.startNs),
      older,
    }));
}
