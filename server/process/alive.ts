// Whether a process of this machine still runs. A zombie does not; nothing read here waits for the process.
import { readFileSync } from 'node:fs';

/** @param pid null: of nobody, who does not run */
export function isRunning(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return !/^State:\s*[ZX]/m.test(status);
  } catch {
    return false;
  }
}
