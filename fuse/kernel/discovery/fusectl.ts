// What the kernel counts of a connection (fusectl): requests waiting, and how many it admits in the background. Files
// of fusectl answer at once, whatever the daemon does.
import { readProc } from './proc.ts';

const ROOT = '/sys/fs/fuse/connections';

export interface Counts {
  /** Requests in the queue or with the daemon; those beyond max_background too. */
  waiting: number | null;
  maxBackground: number | null;
}

/** Null where fusectl is not mounted, or not ours to read. */
export function readCounts(connection: number): Counts {
  return {
    waiting: readNumber(`${ROOT}/${connection}/waiting`),
    maxBackground: readNumber(`${ROOT}/${connection}/max_background`),
  };
}

function readNumber(path: string): number | null {
  const text = readProc(path)?.trim();
  return text === undefined || text === '' ? null : Number(text);
}
