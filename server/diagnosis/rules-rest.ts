// What is left when no thread of the daemon is seen in trouble: it has put the request aside, or nothing can be said.
import {
  abortHint,
  culpritOf,
  daemonLink,
  daemonName,
  type Finding,
  NOBODY,
  type Question,
  type Rule,
  who,
} from './finding.ts';

/** Requests that a daemon may keep until something happens. */
const AWAITING = new Set(['read', 'poll', 'ioctl']);
/** Requests for a lock that somebody else may hold. */
const LOCKING = new Set(['setlkw']);

/** The daemon is free and has the request: it answers later. */
function isPutAside({ operation, crew }: Question): boolean {
  return (
    operation.picked !== false && crew.idle.length > 0 && crew.strong.length === 0 && crew.weak.length === 0
  );
}

function aside(question: Question, kind: Finding['kind'], what: string, advice: string): Finding {
  const { mount, daemon, crew } = question;
  const name = daemon ? who(daemon) : daemonName(question);
  return {
    kind,
    confidence: question.operation.picked ? 'likely' : 'possible',
    clause: `${name} has put it aside and waits for requests: ${what}`,
    evidence: [
      {
        text: `${crew.idle.length} threads of ${name} wait for requests, none is at work`,
        from: `/proc/${daemon?.pid}/task`,
      },
      ...(question.operation.picked
        ? [{ text: 'the daemon has taken the request', from: 'the kernel' }]
        : []),
    ],
    culprit: daemon ? culpritOf(daemon, mount.mountId) : NOBODY,
    advice,
    root: `aside:${mount.connection ?? mount.mountId}:${question.operation.path ?? question.operation.key}`,
    key: `${kind} ${mount.mount}`,
    links: [
      daemonLink(question, crew.idle[0]?.thread ?? null, { lines: ['has it, and is free'], via: null }),
    ],
    cycle: null,
    hints: [abortHint(mount)],
  };
}

function waitingBehind(question: Question): Finding | null {
  if (!LOCKING.has(question.operation.op) || !isPutAside(question)) return null;
  return aside(
    question,
    'waiting-behind',
    'a lock of the file is held by somebody else',
    'It is answered when the lock is released: lslocks shows locks of this machine.',
  );
}

function waitingForData(question: Question): Finding | null {
  if (!AWAITING.has(question.operation.op) || !isPutAside(question)) return null;
  return aside(
    question,
    'waiting-for-data',
    'it answers when there is data',
    'Nothing need be wrong. Where such reads are ordinary, give this mount a longer threshold.',
  );
}

const STATES: Readonly<Record<string, string>> = { R: 'running', S: 'asleep', D: 'in the kernel' };

function unknown(question: Question): Finding {
  const { mount, daemon, process, worker, view } = question;
  const about = process ?? daemon;
  const hidden = about && view.snapshot.unread.find((one) => one.pid === about.pid);
  const name = about ? who(about) : daemonName(question);
  const doing = worker?.thread.syscall?.text;
  const what =
    about === undefined
      ? `who answers for ${mount.mount} is not known`
      : hidden
        ? `what ${name} does cannot be seen ${hidden.why === 'denied' ? 'without root' : 'now: reading it does not return'}`
        : isPutAside(question)
          ? `${name} has taken it and waits for requests, as if it were answered`
          : worker
            ? `${name} has it, and is ${STATES[worker.thread.state ?? ''] ?? 'busy'}${doing === undefined ? '' : ` in ${doing}`}`
            : `${name} shows no reason`;
  return {
    kind: 'unknown',
    confidence: 'possible',
    clause: what,
    evidence: (about?.threads ?? []).slice(0, 5).map((thread) => ({
      text: `thread ${thread.tid}: state ${thread.state}${thread.wchan === null ? '' : `, in ${thread.wchan}`}${thread.syscall ? `, ${thread.syscall.text}` : ''}`,
      from: `/proc/${about?.pid}/task/${thread.tid}`,
    })),
    culprit: about ? culpritOf(about, mount.mountId) : { ...NOBODY, mountId: mount.mountId },
    advice: about
      ? `Look into ${name} with a debugger, or abort the connection of ${mount.mount}.`
      : `Abort the connection of ${mount.mount} to free who waits.`,
    root: `unknown:${mount.connection ?? mount.mountId}`,
    key: `unknown ${mount.mount}`,
    links: [daemonLink(question, worker?.thread ?? null, { lines: [doing ?? 'no sign'], via: null })],
    cycle: null,
    hints: [abortHint(mount)],
  };
}

export const WAITING_BEHIND: Rule = { kind: 'waiting-behind', find: waitingBehind };
export const WAITING_FOR_DATA: Rule = { kind: 'waiting-for-data', find: waitingForData };
export const UNKNOWN: { kind: 'unknown'; find(question: Question): Finding } = {
  kind: 'unknown',
  find: unknown,
};
