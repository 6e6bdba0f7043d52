// What could not be seen for a diagnosis, why, and the command that would show it. Pure.
import { who } from './finding.ts';
import type { MountFacts, Operation } from './snapshot.ts';
import type { View } from './view.ts';

/** Sentences, each with what would show more. */
export function limitsOf(view: View, operation: Operation, mount: MountFacts): string[] {
  const { unread, left } = view.snapshot;
  const limits: string[] = [];
  const daemon = view.daemon(mount);
  for (const pid of new Set([daemon?.pid, operation.pid])) {
    const hidden = unread.find((one) => one.pid === pid);
    const process = view.process(pid ?? null);
    if (!hidden || !process) continue;
    const command = `sudo sh -c 'grep -H . /proc/${pid}/task/*/wchan /proc/${pid}/task/*/stack'`;
    limits.push(
      hidden.why === 'denied'
        ? `what ${who(process)} waits for, which is for root to see: ${command}`
        : `what ${who(process)} waits for: reading it did not return, as where a program is being started from a mount that hangs`,
    );
  }
  if (!daemon && mount.daemon === null)
    limits.push(
      `who answers for ${mount.mount}: no process that may be seen holds its device; sudo npx fusescope doctor tells more`,
    );
  const counted = view.snapshot.mounts.some((one) => one.waiting !== null && view.same(one, mount));
  if (!counted && mount.connection !== null)
    limits.push('how many requests the kernel counts: sudo mount -t fusectl none /sys/fs/fuse/connections');
  if (mount.unseen !== null)
    limits.push(
      operation.seenInProc
        ? `its operations: this is what the system call of a blocked process asks for, as /proc shows it (${mount.unseen})`
        : `its operations: ${mount.unseen}`,
    );
  else if (operation.picked === null)
    limits.push(
      'whether the daemon has taken the request: that takes the BPF tap; npx fusescope doctor says what it needs',
    );
  return [...limits, ...left];
}
