// When a mount is ready: it stands in the mount table, and its daemon answers. The kernel holds a request back until the
// daemon has answered INIT, so one question to a mount that has just appeared returns when it is ready.
import { answers } from './look.ts';
import { isMounted } from './mounted.ts';

/** The kernel tells Node nothing when the mount table changes, so it is read again, ms. */
const READ_MS = 10;

/** Resolves with null when the mount answers, or with what is missing when the time is over. */
export async function waitForMount(mountpoint: string, timeoutMs: number): Promise<string | null> {
  const deadline = performance.now() + timeoutMs;
  while (!isMounted(mountpoint)) {
    if (performance.now() >= deadline) return `nothing is mounted at ${mountpoint}`;
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
  }
  const answered = await answers(mountpoint, Math.max(1, deadline - performance.now()));
  if (answered === null) return 'it is mounted, but its daemon does not answer';
  return answered ? null : 'it is mounted, but refuses every request';
}
