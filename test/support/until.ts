// Waiting for something that tells nobody when it happens (a mount that appears in mountinfo, a process that ends).

const POLL_MS = 10;

/**
 * Resolves with the first value of `look` that is neither false, null nor undefined.
 * @param what for the error: "the mount to go away".
 * @throws when the deadline passes first.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 5000,
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

/** True while a process with this id exists and is not a zombie. */
export async function isAlive(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises');
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
