// Which process started which, as far as they still run. Reads /proc/PID/status only: the other files of a process
// that hangs in an exec can hang whoever reads them.
import { readFile } from 'node:fs/promises';

export interface RunningProcess {
  comm: string;
  /** 0: none that can be seen. */
  parent: number;
}

/** Generations looked up above a process. */
const MAX_HEIGHT = 32;

/** Null where there is no such process now. */
export function parseStatus(text: string): RunningProcess | null {
  const comm = /^Name:\t(.*)$/m.exec(text)?.[1];
  const parent = /^PPid:\t(\d+)$/m.exec(text)?.[1];
  return comm === undefined || parent === undefined ? null : { comm, parent: Number(parent) };
}

async function statusOf(pid: number): Promise<RunningProcess | null> {
  try {
    return parseStatus(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // It has ended.
    return null;
  }
}

/** These processes and all above them, those that run. */
export async function runningFamily(pids: readonly number[]): Promise<Map<number, RunningProcess>> {
  const found = new Map<number, RunningProcess>();
  let wanted = new Set(pids);
  for (let height = 0; wanted.size > 0 && height < MAX_HEIGHT; height++) {
    const answers = await Promise.all([...wanted].map(async (pid) => [pid, await statusOf(pid)] as const));
    wanted = new Set();
    for (const [pid, process] of answers) {
      if (!process) continue;
      found.set(pid, process);
      if (process.parent > 0 && !found.has(process.parent)) wanted.add(process.parent);
    }
  }
  return found;
}
