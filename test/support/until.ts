// Waiting for something that tells nobody when it happens (a mount that appears in mountinfo, a process that ends).

import { readdir, readFile } from 'node:fs/promises';

const POLL_MS = 10;

/**
 * Resolves with the first value of `look` that is neither false, null nor undefined.
 * @param what for the error: "the mount to go away".
 * @throws when the deadline passes first.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== false && value !== null && value !== undefined)
      return value as NonNullable<Exclude<T, false>>;
    if (performance.now() >= deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Stops a process. Resolves when each of its threads has stopped; until then one may still take up work. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until('every thread to stop', async () => {
    const tasks = await readdir(`/proc/${pid}/task`);
    const states = await Promise.all(tasks.map((tid) => stateOf(`/proc/${pid}/task/${tid}/stat`)));
    return states.every((state) => state === 'T');
  });
}

/** True while a process with this id exists and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await stateOf(`/proc/${pid}/stat`);
  return state !== null && state !== 'Z';
}

/** The letter of proc(5); null where the process or thread is gone. */
async function stateOf(path: string): Promise<string | null> {
  try {
    const stat = await readFile(path, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return null;
  }
}
