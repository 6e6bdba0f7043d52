// Processes that work as one: a server's parent that watches it, and the children that it lets do the work. Where one of
// them is stopped, the others cannot help. Pure.
import type { ScannedProcess } from './scan.ts';

/** Of one family. */
const STOPPED_MAX = 8;

/** Those of a process, of what it started and of what started it that a signal has stopped; the process itself first. */
export function stoppedAround(
  process: ScannedProcess,
  all: ReadonlyMap<number, ScannedProcess>,
): { pid: number; comm: string | null }[] {
  const family = [process, ...ancestors(process, all), ...descendants(process, all)];
  return family
    .filter((one) => one.state === 'T')
    .slice(0, STOPPED_MAX)
    .map(({ pid, comm }) => ({ pid, comm }));
}

/** As far up as they are stopped: a shell that goes on has nothing to do with it. */
function ancestors(process: ScannedProcess, all: ReadonlyMap<number, ScannedProcess>): ScannedProcess[] {
  const found: ScannedProcess[] = [];
  for (let one = all.get(process.ppid); one?.state === 'T'; one = all.get(one.ppid)) {
    if (found.includes(one)) break;
    found.push(one);
  }
  return found;
}

function descendants(process: ScannedProcess, all: ReadonlyMap<number, ScannedProcess>): ScannedProcess[] {
  const found = new Set([process.pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, ppid } of all.values()) {
      if (!found.has(ppid) || found.has(pid)) continue;
      found.add(pid);
      grown = true;
    }
  }
  found.delete(process.pid);
  return [...found].flatMap((pid) => all.get(pid) ?? []);
}
