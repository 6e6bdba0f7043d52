// From a snapshot to the diagnosis of every stalled operation in it. Pure. Stalls with one root are one group, which
// is called by the first of them.
import type { Diagnosis, Hint, Link, StallCaller, StallDaemon } from '../../shared/diagnosis.ts';
import type { ProcessFacts, ThreadFacts } from '../../shared/examination.ts';
import { explain } from './explain.ts';
import { type Finding, threadKey } from './finding.ts';
import { limitsOf } from './limits.ts';
import type { MountFacts, Operation, Snapshot } from './snapshot.ts';
import { View } from './view.ts';
import { holderOf, type LockWaiter, lockWaiters, whoWaits } from './waiters.ts';

/** A stall that is to be diagnosed. */
export interface Patient {
  stallId: number;
  spanId: number;
}

const DAEMON_THREADS = 64;

/** By stall; without those whose operation or mount the snapshot does not have. */
export function diagnose(snapshot: Snapshot, patients: readonly Patient[]): Map<number, Diagnosis> {
  const view = new View(snapshot);
  const findings = new Map<string, Finding>();
  const findingOf = (operation: Operation) => {
    const known = findings.get(operation.key) ?? explain(view, operation);
    findings.set(operation.key, known);
    return known;
  };
  const bySpan = new Map(snapshot.operations.map((one) => [one.spanId, one]));
  const groups = new Map<string, number>();
  for (const { stallId, spanId } of patients) {
    const operation = bySpan.get(spanId);
    if (!operation) continue;
    const { root } = findingOf(operation);
    groups.set(root, Math.min(groups.get(root) ?? stallId, stallId));
  }
  const locked = lockWaiters(view).map((waiter) => ({ waiter, holder: holderOf(view, waiter) }));
  const diagnoses = new Map<number, Diagnosis>();
  for (const { stallId, spanId } of patients) {
    const operation = bySpan.get(spanId);
    const mount = operation && view.mount(operation.mountId);
    if (!operation || !mount) continue;
    const finding = findingOf(operation);
    const sharing = snapshot.operations.filter((one) => isLong(one) && findingOf(one).root === finding.root);
    const keys = new Set(sharing.map((one) => one.key));
    const behind = locked
      .filter(({ holder }) => holder !== null && keys.has(holder.key))
      .map(({ waiter }) => waiter);
    diagnoses.set(stallId, {
      ...diagnosisOf(view, operation, mount, finding),
      groupId: groups.get(finding.root) ?? stallId,
      ...waitingParts(sharing, behind),
    });
  }
  return diagnoses;
}

/** Younger ones come and go: they wait for nothing yet. */
const LONG_MS = 500;

function isLong({ before, ageMs }: Operation): boolean {
  return before || ageMs >= LONG_MS;
}

function waitingParts(sharing: readonly Operation[], behind: readonly LockWaiter[]) {
  const { waiters, affected, count } = whoWaits(sharing, behind);
  return { waiters, affected, waiting: count };
}

function diagnosisOf(
  view: View,
  operation: Operation,
  mount: MountFacts,
  finding: Finding,
): Omit<Diagnosis, 'groupId' | 'waiters' | 'affected' | 'waiting'> {
  const { kind, confidence, clause, evidence, culprit, advice, key } = finding;
  const caller = view.thread(operation.tid);
  const daemon = view.daemon(mount);
  const chain = [callerLink(operation, mount, caller), ...finding.links];
  return {
    examinedUs: view.snapshot.takenUs,
    earliestUs: operation.before ? (caller?.thread.sinceUs ?? caller?.process.startedUs ?? null) : null,
    cause: { kind, text: sentence(clause), confidence, evidence, culprit, advice, key },
    caller: caller ? callerOf(caller.process, caller.thread) : null,
    daemon: daemon ? daemonOf(daemon, finding) : null,
    chain,
    cycle: finding.cycle === null ? null : closesAt(view, chain, finding.cycle, operation),
    hints: mildestFirst(finding.hints),
    limits: limitsOf(view, operation, mount),
  };
}

/** What costs nothing before what costs somebody their answer. */
const MILDNESS: readonly Hint['action'][] = ['release', 'continue', 'abort', 'unmount', 'signal'];

function mildestFirst(hints: readonly Hint[]): Hint[] {
  return hints
    .filter((one, i, all) => all.findIndex((two) => two.text === one.text) === i)
    .sort((a, b) => MILDNESS.indexOf(a.action) - MILDNESS.indexOf(b.action));
}

/** Where a ring closes: at the daemon that has the operation in hand at which it came back. */
function closesAt(view: View, chain: readonly Link[], key: string, operation: Operation): number {
  if (key === operation.key) return chain.length > 1 ? 1 : 0;
  const back = view.snapshot.operations.find((one) => one.key === key);
  const at = chain.findIndex(
    (one) =>
      one.role === 'daemon' &&
      back !== undefined &&
      (one.spanId === null ? one.mountId === back.mountId : one.spanId === back.spanId),
  );
  return at < 0
    ? Math.max(
        0,
        chain.findIndex((one) => `${one.tid}` === key.slice(threadKey(0).length - 1)),
      )
    : at;
}

/** Names of processes stay as they are; only words of ours get a capital. */
const OUR_WORDS = /^(all|no|the|its|thread|threads|what|who)\b/;

function sentence(clause: string): string {
  const start = OUR_WORDS.test(clause) ? clause.charAt(0).toUpperCase() : clause.charAt(0);
  return `${start}${clause.slice(1)}.`;
}

function callerLink(
  operation: Operation,
  mount: MountFacts,
  caller: { process: ProcessFacts; thread: ThreadFacts } | undefined,
): Link {
  const frame = caller?.thread.stack[0] ?? caller?.thread.wchan ?? null;
  const unit = caller?.process.unit ?? null;
  return {
    role: 'caller',
    mountId: mount.mountId,
    mount: mount.mount,
    spanId: operation.spanId,
    pid: operation.pid,
    tid: operation.tid,
    name: operation.comm ?? caller?.process.comm ?? '?',
    lines: [caller?.process.cmdline ?? '', unit ?? ''].filter((one) => one !== ''),
    via: operation.op,
    stack: caller?.thread.stack ?? [],
    userStack: caller?.thread.userStack ?? [],
    telling: frame === null ? null : { frame, text: 'waits for the answer' },
    facts: [],
  };
}

function outline({ pid, comm, cmdline, state, unit, container, cgroup }: ProcessFacts) {
  return { pid, comm, cmdline, state, unit, container, cgroup };
}

function callerOf(process: ProcessFacts, thread: ThreadFacts): StallCaller {
  const { tid, state, wchan, stack, userStack = [], syscall } = thread;
  return { ...outline(process), tid, state, wchan, syscall: syscall?.text ?? null, stack, userStack };
}

/** The telling thread first, those that wait for requests last. */
function daemonOf(process: ProcessFacts, finding: Finding): StallDaemon {
  const telling = new Set(finding.links.map((one) => one.tid));
  const rank = ({ tid, wchan }: ThreadFacts) =>
    telling.has(tid) ? 0 : wchan?.startsWith('fuse_dev_') ? 2 : 1;
  const threads = [...process.threads]
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, DAEMON_THREADS)
    .map(({ tid, comm, state, wchan, syscall, stack, userStack = [] }) => ({
      tid,
      comm,
      state,
      wchan,
      syscall: syscall?.text ?? null,
      stack,
      userStack,
    }));
  return { ...outline(process), threads, threadCount: process.threadCount };
}
