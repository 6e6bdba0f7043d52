// Why one operation has no answer: the rules in order, the first that finds something decides. Pure. A rule may ask
// the same of another operation, or of another thread, that this one waits for; so a cause is found over several mounts.
import type { ProcessFacts } from '../../shared/examination.ts';
import { type Finding, type Question, type Rule, threadKey } from './finding.ts';
import { CROSS_MOUNT, SELF_DEADLOCK } from './rules-chain.ts';
import { DAEMON_RULES } from './rules-daemon.ts';
import { BLOCKED_ON_DISK, BLOCKED_ON_LOCK, BLOCKED_ON_SIGNAL } from './rules-machine.ts';
import { BLOCKED_ON_NETWORK, ON_SOME_SOCKET } from './rules-network.ts';
import { CONGESTED, NOT_PICKED_UP } from './rules-queue.ts';
import { UNKNOWN, WAITING_BEHIND, WAITING_FOR_DATA } from './rules-rest.ts';
import type { Operation } from './snapshot.ts';
import type { View } from './view.ts';
import { type Crew, crewOf, type Worker, workerOf } from './waits.ts';

/** About a thread, whoever's it is. */
const OF_A_THREAD: readonly Rule[] = [
  CROSS_MOUNT,
  BLOCKED_ON_LOCK,
  BLOCKED_ON_NETWORK,
  BLOCKED_ON_DISK,
  ON_SOME_SOCKET,
];
/** Best evidence first. */
const RULES: readonly Rule[] = [
  ...DAEMON_RULES,
  SELF_DEADLOCK,
  NOT_PICKED_UP,
  ...OF_A_THREAD,
  CONGESTED,
  WAITING_BEHIND,
  WAITING_FOR_DATA,
  BLOCKED_ON_SIGNAL,
];
/** Steps from mount to mount and from thread to thread. */
const DEPTH_MAX = 16;
const NO_CREW: Crew = { idle: [], strong: [], weak: [] };

/** @param visited keys of the operations that led here. */
export function explain(view: View, operation: Operation, visited: readonly string[] = []): Finding {
  const mount = view.mount(operation.mountId);
  if (!mount) throw new Error(`operation ${operation.key} is of no mount of its snapshot`);
  const daemon = view.daemon(mount);
  const crew = daemon ? crewOf(view, daemon) : NO_CREW;
  const taken = view
    .operationsOf(mount)
    .filter((one) => one.picked !== false && one.mountId === operation.mountId);
  const worker = operation.picked === false ? null : workerOf(crew, operation, taken);
  const here = [...visited, operation.key, ...(worker ? [threadKey(worker.thread.tid)] : [])];
  const question: Question = {
    view,
    operation,
    mount,
    daemon,
    crew,
    worker,
    process: daemon,
    visited: here,
    explain: (next) => explain(view, next, here),
    follow: (next, process) => follow(question, next, process),
  };
  return decide(RULES, question);
}

function follow(question: Question, worker: Worker, process: ProcessFacts): Finding {
  const here = [...question.visited, threadKey(worker.thread.tid)];
  const next: Question = {
    ...question,
    worker,
    process,
    crew: process === question.daemon ? question.crew : crewOf(question.view, process),
    visited: here,
    explain: (operation) => explain(question.view, operation, here),
    follow: (then, other) => follow(next, then, other),
  };
  return decide(OF_A_THREAD, next);
}

function decide(rules: readonly Rule[], question: Question): Finding {
  if (question.visited.length <= DEPTH_MAX * 2) {
    for (const rule of rules) {
      const found = rule.find(question);
      if (found) return found;
    }
  }
  return UNKNOWN.find(question);
}
