// Rules about daemons that use FUSE mounts themselves: their own, or one whose daemon waits in its turn.
import type { ProcessFacts } from '../../shared/examination.ts';
import {
  abortHint,
  culpritOf,
  daemonLink,
  type Finding,
  operationWords,
  type Question,
  type Rule,
  ring,
  threadEvidence,
  threadKey,
  weaker,
  who,
} from './finding.ts';
import type { MountFacts, Operation } from './snapshot.ts';
import { type Wait, type Worker, waitOf, workerOf } from './waits.ts';

/** Waits of another kind of trouble, which is then the cause. */
const ELSEWHERE: ReadonlySet<Wait['kind']> = new Set(['network', 'remote', 'disk']);

/** The daemon, or a process that it waits for, waits for the daemon's own mount. */
function selfDeadlock(question: Question): Finding | null {
  const { view, mount, daemon, crew } = question;
  if (!daemon) return null;
  const own = crew.strong.find(({ wait }) => isOn(question, wait));
  if (own) {
    const inner = own.wait.kind === 'mount' ? own.wait.operation : null;
    if (inner && isServed(question, own, inner)) return null;
    return deadlock(question, own, daemon, inner, inner ? 'certain' : 'likely');
  }
  if (crew.idle.length > 0) return null;
  const kin = kinOf(question, daemon);
  for (const { process, waits } of kin) {
    if (!crew.strong.some(({ wait }) => waits.includes(wait.kind))) continue;
    for (const thread of process.threads) {
      const wait = waitOf(view, process, thread);
      if (wait.kind === 'mount' && view.same(wait.mount, mount))
        return deadlock(question, { thread, wait }, process, wait.operation, 'likely');
    }
  }
  return null;
}

/** Children that the daemon waits for, and ancestors that it may wait for. */
function kinOf({ view }: Question, daemon: ProcessFacts): { process: ProcessFacts; waits: Wait['kind'][] }[] {
  const children = view
    .descendants(daemon.pid)
    .map((process) => ({ process, waits: ['child', 'pipe'] as Wait['kind'][] }));
  const ancestors: typeof children = [];
  for (let one = view.process(daemon.ppid); one; one = view.process(one.ppid)) {
    ancestors.push({ process: one, waits: ['pipe'] });
  }
  return [...children, ...ancestors];
}

function isOn({ view, mount }: Question, wait: Wait): boolean {
  return wait.kind === 'mount' && view.same(wait.mount, mount);
}

/** Another thread has it, or is free to take it, and is held up by something else. */
function isServed({ crew, view, mount }: Question, own: Worker, inner: Operation): boolean {
  if (inner.picked === false) return crew.idle.length > 0;
  if (inner.picked === null) return false;
  const others = { ...crew, strong: crew.strong.filter((one) => one !== own) };
  const taken = view.operationsOf(mount).filter((one) => one.picked && one.mountId === inner.mountId);
  const other = workerOf(others, inner, taken);
  return other !== null && ELSEWHERE.has(other.wait.kind);
}

function deadlock(
  question: Question,
  { thread }: Worker,
  process: ProcessFacts,
  inner: Operation | null,
  confidence: Finding['confidence'],
): Finding {
  const { mount, daemon, operation } = question;
  const what = inner ? operationWords(inner, mount) : `something on ${mount.mount}`;
  const name = daemon ? who(daemon) : 'the daemon';
  const itself = process === daemon;
  const waits = `waits for ${what}, ${thread.syscall ? `in ${thread.syscall.text}` : 'its own mount'}`;
  return {
    kind: 'self-deadlock',
    confidence,
    clause: itself
      ? `${name} waits for its own mount: its thread ${thread.tid} asks for ${what}, which only ${daemon?.comm ?? 'it'} itself could answer`
      : `${name} waits for ${who(process)}, which asks for ${what}, and that only ${daemon?.comm ?? 'the daemon'} could answer`,
    evidence: [
      threadEvidence(process.pid, thread, `${who(process)} ${waits}`),
      {
        text:
          question.crew.idle.length === 0
            ? 'no thread of the daemon is free'
            : 'other threads of the daemon do not help',
        from: `/proc/${daemon?.pid}/task`,
      },
      ...(inner?.picked === false
        ? [{ text: 'its request has not been taken', from: 'pending list of the kernel' }]
        : []),
    ],
    culprit: culpritOf(process, mount.mountId, thread.tid),
    advice:
      'Abort the connection: nothing else ends it. Then let the daemon not use paths below its own mount.',
    root: `self:${mount.connection ?? mount.mountId}`,
    key: `self-deadlock ${mount.mount}`,
    links: [
      daemonLink(question, itself ? thread : (question.worker?.thread ?? null), {
        lines: [itself ? 'uses its own mount' : `waits for ${who(process)}`],
        via: inner?.op ?? 'request',
        telling: 'waits for itself',
      }),
    ],
    cycle: operation.key,
    hints: [abortHint(mount)],
  };
}

/** The daemon waits for another FUSE mount. */
function crossMount(question: Question): Finding | null {
  const { worker, process, visited, mount } = question;
  if (!worker || !process || worker.wait.kind !== 'mount') return null;
  const { wait, thread } = worker;
  const next = wait.operation ?? unseenOperation(wait.mount, thread.tid, process, worker);
  const passes = `${who(process)} on ${mount.mount} waits for ${operationWords(next, wait.mount)}`;
  const evidence = [
    threadEvidence(process.pid, thread, `${who(process)} is in ${thread.syscall?.text ?? 'a request'}`),
  ];
  const link = daemonLink(question, thread, {
    lines: [`waits for ${wait.mount.mount}`],
    via: next.op,
    telling: 'itself waits for another mount',
  });
  if (visited.includes(next.key)) {
    return {
      kind: 'cross-mount',
      confidence: wait.operation ? 'certain' : 'likely',
      clause: `${passes}, which waits for it in turn: they wait for each other`,
      evidence,
      culprit: culpritOf(process, mount.mountId, thread.tid),
      advice: 'Abort one of the connections: nothing else ends it.',
      ...ring(question, next.key),
      links: [link],
      hints: [abortHint(mount)],
    };
  }
  const rest = question.explain(next);
  return {
    ...rest,
    kind: 'cross-mount',
    confidence: weaker(wait.operation ? 'certain' : 'likely', rest.confidence),
    clause: `${passes}, and ${rest.clause}`,
    evidence: [...evidence, ...rest.evidence],
    links: [link, ...rest.links],
    hints: [...rest.hints, abortHint(mount)],
  };
}

/** A request that nobody told of, since its mount is not listened to. */
function unseenOperation(
  mount: MountFacts,
  tid: number,
  process: ProcessFacts,
  { thread }: Worker,
): Operation {
  const path = thread.syscall?.target?.startsWith('/') ? thread.syscall.target : thread.syscall?.paths[0];
  const point = mount.points.find((one) => path === one || path?.startsWith(`${one}/`));
  return {
    key: threadKey(tid),
    spanId: null,
    mountId: mount.mountId,
    op: 'request',
    path: point === undefined || path === undefined ? null : path.slice(point.length) || '/',
    pid: process.pid,
    tid,
    comm: process.comm,
    startUs: thread.sinceUs ?? 0,
    ageMs: 0,
    picked: null,
    fault: null,
    before: true,
  };
}

export const SELF_DEADLOCK: Rule = { kind: 'self-deadlock', find: selfDeadlock };
export const CROSS_MOUNT: Rule = { kind: 'cross-mount', find: crossMount };
