// Rules about what is on this machine: a lock between threads, a disk.
import {
  abortHint,
  causeLink,
  culpritOf,
  daemonLink,
  type Finding,
  type Question,
  type Rule,
  threadEvidence,
  threadKey,
  weaker,
  who,
} from './finding.ts';
import type { Worker } from './waits.ts';

function blockedOnLock(question: Question): Finding | null {
  const { worker, process, crew, visited, mount } = question;
  if (!worker || !process || worker.wait.kind !== 'mutex') return null;
  const { thread, wait } = worker;
  const named = process.threads.find((one) => one.tid === wait.owner);
  const others = crew.strong.filter((one) => one.thread.tid !== thread.tid && one.wait.kind !== 'mutex');
  const holder =
    [...crew.strong, ...crew.weak, ...crew.idle].find((one) => one.thread.tid === named?.tid) ??
    (wait.owner === null && others.length === 1 ? others[0] : undefined);
  const name = who(process);
  const address = thread.syscall?.futex?.address ?? '';
  const evidence = [
    threadEvidence(
      process.pid,
      thread,
      `thread ${thread.tid} of ${name} waits to lock a mutex at ${address}`,
    ),
  ];
  const link = daemonLink(question, thread, {
    lines: [`thread ${thread.tid} waits for a lock`],
    via: 'lock',
    telling: holder ? `waits for thread ${holder.thread.tid}` : 'waits for a lock',
  });
  const own = {
    kind: 'blocked-on-lock' as const,
    cycle: null,
    hints: [abortHint(mount)],
    culprit: culpritOf(process, mount.mountId, holder?.thread.tid ?? null),
    key: `blocked-on-lock ${process.comm} ${mount.mount}`,
    root: `lock:${process.pid}:${address}`,
    advice: `Look into ${name}: a debugger shows who holds the lock.`,
  };
  if (!holder) {
    return {
      ...own,
      confidence: 'likely',
      clause: `${name} waits for a lock of its own, and who holds it cannot be seen`,
      evidence,
      links: [link],
    };
  }
  const sure = named ? ('certain' as const) : ('likely' as const);
  evidence.push({
    text: named
      ? `the mutex says that thread ${holder.thread.tid} holds it`
      : `thread ${holder.thread.tid} is the only one at work`,
    from: named ? `/proc/${process.pid}/mem` : `/proc/${process.pid}/task`,
  });
  if (visited.includes(threadKey(holder.thread.tid))) {
    return {
      ...own,
      confidence: sure,
      clause: `threads ${thread.tid} and ${holder.thread.tid} of ${name} wait for each other’s locks`,
      evidence,
      links: [link],
      advice: 'Abort the connection and end the daemon: nothing else ends it.',
    };
  }
  const rest = question.follow(holder, process);
  const known = rest.kind !== 'unknown';
  return {
    ...own,
    confidence: known ? weaker(sure, rest.confidence) : sure,
    clause: known
      ? `thread ${thread.tid} of ${name} waits for a lock that its thread ${holder.thread.tid} holds, and ${rest.clause}`
      : `thread ${thread.tid} of ${name} waits for a lock that its thread ${holder.thread.tid} holds`,
    evidence: [...evidence, ...rest.evidence],
    links: [link, ...rest.links],
    advice: known ? rest.advice : own.advice,
    root: known ? rest.root : own.root,
    cycle: rest.cycle,
    hints: rest.hints,
  };
}

/** Threads of the daemon wait for each other, and none is seen at work. */
function blockedOnSignal(question: Question): Finding | null {
  const { worker, process, mount } = question;
  if (!worker || !process || worker.wait.kind !== 'signal') return null;
  const { thread } = worker;
  const name = who(process);
  return {
    kind: 'blocked-on-lock',
    confidence: 'possible',
    clause: `thread ${thread.tid} of ${name} waits for another of its threads, and none is seen at work`,
    evidence: [
      threadEvidence(process.pid, thread, `thread ${thread.tid} of ${name} waits in ${thread.syscall?.text}`),
    ],
    culprit: culpritOf(process, mount.mountId, thread.tid),
    advice: `Look into ${name}: a debugger shows what its threads wait for.`,
    root: `signal:${process.pid}`,
    key: `blocked-on-lock ${process.comm} ${mount.mount}`,
    links: [
      daemonLink(question, thread, {
        lines: ['waits for another thread'],
        via: null,
        telling: 'waits to be woken by another thread',
      }),
    ],
    cycle: null,
    hints: [abortHint(mount)],
  };
}

function blockedOnDisk(question: Question): Finding | null {
  const { worker, process } = question;
  if (!worker || !process || worker.wait.kind !== 'disk') return null;
  return onDisk(question, worker, worker.wait, who(process));
}

function onDisk(
  question: Question,
  { thread }: Worker,
  {
    place,
    frozen,
  }: { place: { device: string; fsType: string; mountpoint: string } | null; frozen: boolean },
  name: string,
): Finding {
  const { mount, process } = question;
  const disk = place?.device ?? 'a file system of this machine';
  const where = place ? `${disk} (${place.fsType} at ${place.mountpoint})` : disk;
  const why = frozen ? `${where}, which is frozen` : where;
  const frozenAdvice = `Thaw it: fsfreeze -u ${place?.mountpoint ?? 'MOUNTPOINT'}.`;
  return {
    kind: 'blocked-on-disk',
    confidence: frozen || place ? 'certain' : 'likely',
    clause: `${name} waits for ${why}`,
    evidence: [
      threadEvidence(
        process?.pid ?? 0,
        thread,
        `thread ${thread.tid} of ${name} is in ${thread.syscall?.text ?? 'the kernel'}, state ${thread.state}`,
      ),
      ...(frozen
        ? [
            {
              text: 'it waits for a frozen file system to be thawed',
              from: `/proc/${process?.pid}/task/${thread.tid}/stack`,
            },
          ]
        : []),
    ],
    culprit: { kind: 'disk', name: disk, pid: null, tid: null, mountId: mount.mountId },
    advice: frozen ? frozenAdvice : `See what keeps ${disk} busy: dmesg may tell of errors.`,
    root: `disk:${disk}`,
    key: `blocked-on-disk ${disk}`,
    links: [
      daemonLink(question, thread, {
        lines: [thread.syscall?.text ?? 'waits'],
        via: place?.fsType ?? 'disk',
        telling: `waits for ${disk}`,
      }),
      causeLink(disk, [
        frozen ? 'is frozen' : 'does not answer',
        ...(place ? [`${place.fsType} at ${place.mountpoint}`] : []),
      ]),
    ],
    cycle: null,
    hints: [abortHint(mount)],
  };
}

export const BLOCKED_ON_LOCK: Rule = { kind: 'blocked-on-lock', find: blockedOnLock };
export const BLOCKED_ON_SIGNAL: Rule = { kind: 'blocked-on-lock', find: blockedOnSignal };
export const BLOCKED_ON_DISK: Rule = { kind: 'blocked-on-disk', find: blockedOnDisk };
