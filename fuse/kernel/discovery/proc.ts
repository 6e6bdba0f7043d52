// What /proc tells of processes, for those that look at many of them. A process that has ended reads as null; nothing
// here can wait, and links are read, never followed.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ids of all processes, ascending. */
export function listPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .sort((a, b) => a - b);
}

/** Text of a file below /proc or /sys, or null where it is gone or not ours to read. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Target of a link below /proc, or null. */
export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Names in a directory below /proc or /sys; none where it is gone or not ours to read. */
export function listProc(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export interface ProcessStat {
  comm: string;
  /** One letter, as in proc(5). */
  state: string;
  /** When it was started, in clock ticks since boot: with the id it names a process for good. */
  startTicks: number;
}

/** /proc/PID/stat, or null. */
export function readStat(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name may hold anything, brackets and spaces too; it ends at the last bracket.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    comm: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? '',
    startTicks: Number(fields[19]),
  };
}
