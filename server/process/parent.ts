// npm and npx pass no SIGTERM on; what they started has to see for itself that they are gone.

const LOOK_MS = 250;

/** Calls `end` once when this process's parent is gone, if the set-up asked for it (FUSESCOPE_DIE_WITH_PARENT=1). */
export function endWithParent(end: () => void, env: NodeJS.ProcessEnv = process.env): void {
  if (env.FUSESCOPE_DIE_WITH_PARENT !== '1') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, LOOK_MS);
  timer.unref();
}
