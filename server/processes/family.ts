// Processes of a trace joined with those that run now: a number is only the same process where a name agrees. Pure.
import type { Process } from '../../shared/groups.ts';
import { noTally } from '../store/tally.ts';
import type { ProcessTally } from '../store/types.ts';
import type { RunningProcess } from './parents.ts';

/** Those of the trace, then those that only stand above them. */
export function withFamily(
  tallies: readonly ProcessTally[],
  running: ReadonlyMap<number, RunningProcess>,
): Process[] {
  const items: Process[] = [];
  const known = new Set(tallies.map(({ pid }) => pid));
  const above = new Set<number>();
  const lookUp = (parent: number): void => {
    const process = running.get(parent);
    if (!process || known.has(parent) || above.has(parent)) return;
    above.add(parent);
    lookUp(process.parent);
  };
  for (const tally of tallies) {
    const now = running.get(tally.pid);
    const same = now !== undefined && (tally.comms.length === 0 || tally.comms.includes(now.comm));
    const parent = same && running.has(now.parent) ? now.parent : null;
    items.push({ ...tally, running: same, parent });
    if (parent !== null) lookUp(parent);
  }
  for (const pid of above) {
    const process = running.get(pid);
    if (!process) continue;
    items.push({
      pid,
      comms: [process.comm],
      running: true,
      parent: running.has(process.parent) ? process.parent : null,
      mountIds: [],
      open: 0,
      lastUs: null,
      ...noTally(),
    });
  }
  return items;
}
