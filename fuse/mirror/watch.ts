// What a mirror looks at from time to time: is it still mounted, does its parent live, does anything hang.
// Timers of the event loop, and nothing that could wait: mountinfo is read synchronously, mounts are not touched.

import type { MountEntry } from '../../shared/mountinfo.ts';
import { readMountinfo } from '../mountinfo.ts';
import type { Call } from './call.ts';
import type { Session } from './session.ts';

const MOUNT_MS = 500;
const PARENT_MS = 250;
const WATCHDOG_MS = 1000;
/** An operation that waits this long for the source is told about, once. Nothing else happens to it. */
const REPORT_AFTER_MS = 30_000;

/** Calls `onGone` once, with the reason, when the mount was taken away from outside. */
export function watchMount(
  session: Session,
  mount: MountEntry,
  onGone: (reason: string) => void,
): NodeJS.Timeout {
  // The kernel gives a freed id to the next mount, wherever that is.
  const isMounted = () =>
    readMountinfo().some((entry) => entry.id === mount.id && entry.mountpoint === mount.mountpoint);
  const timer = setInterval(() => {
    if (!session.ended && isMounted()) return;
    clearInterval(timer);
    onGone(isMounted() ? 'its connection was aborted' : 'it was unmounted');
  }, MOUNT_MS);
  return timer;
}

/** Calls `onDeath` once when the parent process is another than at the start. npm and npx pass no SIGTERM on. */
export function watchParent(onDeath: () => void, parent = process.ppid): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onDeath();
  }, PARENT_MS);
  return timer;
}

/** Reports operations that the source does not answer: `inflight`, and those that `stuck` gives once each. */
export function watchCalls(
  inflight: ReadonlySet<Call>,
  stuck: (ms: number) => string[],
  warn: (sentence: string) => void,
): NodeJS.Timeout {
  const report = (what: string) =>
    warn(`${what} has waited ${REPORT_AFTER_MS / 1000} s for the source and goes on waiting`);
  return setInterval(() => {
    for (const what of stuck(REPORT_AFTER_MS)) report(what);
    for (const call of inflight) {
      // In order of their start: all after the first young one are younger.
      if (performance.now() - call.startedMs < REPORT_AFTER_MS) return;
      if (call.reported) continue;
      call.reported = true;
      report(`${call.op} of ${call.path}`);
    }
  }, WATCHDOG_MS);
}
