// What a rule finds, before it becomes the diagnosis of a stall; and the small words that all rules share.
import type { CauseKind, Confidence, Culprit, Evidence, Hint, Link } from '../../shared/diagnosis.ts';
import type { ProcessFacts, ThreadFacts } from '../../shared/examination.ts';
import type { MountFacts, Operation } from './snapshot.ts';
import type { View } from './view.ts';
import type { Crew, Worker } from './waits.ts';

export interface Finding {
  kind: CauseKind;
  confidence: Confidence;
  /** The sentence, without capital and full stop, so that another can take it in. */
  clause: string;
  evidence: Evidence[];
  culprit: Culprit;
  /** A sentence. */
  advice: string;
  /** What is at the root: equal for all that hangs for the same reason now. */
  root: string;
  /** The same, by names that hold another time too. */
  key: string;
  /** From the daemon of the operation's mount to the cause. */
  links: Link[];
  /** Operation at which the chain comes back to itself, by its key. */
  cycle: string | null;
  hints: Hint[];
}

/** What a rule is asked: why this operation has no answer. */
export interface Question {
  view: View;
  operation: Operation;
  mount: MountFacts;
  daemon: ProcessFacts | undefined;
  /** What the threads of `daemon` do. */
  crew: Crew;
  /** The thread that has the operation in hand, and its process: the daemon, or one that it talks through. */
  worker: Worker | null;
  process: ProcessFacts | undefined;
  /** Keys of the operations and threads that led here, the first one first. */
  visited: readonly string[];
  /** Answers the same question of another operation. */
  explain(operation: Operation): Finding;
  /** Says what a thread waits for that this operation depends on. */
  follow(worker: Worker, process: ProcessFacts): Finding;
}

export interface Rule {
  /** What it finds, unless what it follows leads to something else. */
  kind: CauseKind;
  find(question: Question): Finding | null;
}

export const threadKey = (tid: number) => `thread ${tid}`;

export const NOBODY: Culprit = { kind: 'none', name: '', pid: null, tid: null, mountId: null };

/** bindfs (4711); a process without a name is called so. */
export function who({ pid, comm }: { pid: number; comm: string | null }): string {
  return `${comm ?? 'process'} (${pid})`;
}

/** @param mountId of the mount that it serves; null: it serves none */
export function culpritOf(
  { pid, comm }: { pid: number; comm: string | null },
  mountId: number | null,
  tid: number | null = null,
): Culprit {
  return { kind: 'process', name: comm ?? String(pid), pid, tid, mountId };
}

export function daemonName({ daemon, mount }: Pick<Question, 'daemon' | 'mount'>): string {
  return daemon?.comm ?? mount.daemon?.comm ?? `the daemon of ${mount.mount}`;
}

/** "a read of b.txt on /mnt/x". */
export function operationWords({ op, path }: Operation, mount: MountFacts): string {
  const article = /^[aeiou]/.test(op) ? 'an' : 'a';
  const name = path === null ? '' : ` of ${path.split('/').at(-1) || '/'}`;
  return `${article} ${op}${name} on ${mount.mount}`;
}

/** Evidence that a thread gives: what it sleeps in, since when. */
export function threadEvidence(pid: number, thread: ThreadFacts, what: string): Evidence {
  const at = thread.wchan === null ? '' : `, in ${thread.wchan}`;
  return { text: `${what}${at}`, from: `/proc/${pid}/task/${thread.tid}` };
}

/** The link of a mount's daemon. @param thread the one that has the operation in hand. */
export function daemonLink(
  { daemon, process, mount, operation, view }: Question,
  thread: ThreadFacts | null,
  rest: { lines: string[]; via: string | null; telling?: string },
): Link {
  const record = process ?? daemon ?? view.daemon(mount);
  const frame = thread?.stack[0] ?? thread?.wchan ?? null;
  return {
    role: process && process !== daemon ? 'helper' : 'daemon',
    mountId: mount.mountId,
    mount: mount.mount,
    spanId: operation.spanId,
    pid: record?.pid ?? mount.daemon?.pid ?? null,
    tid: thread?.tid ?? null,
    name: record?.comm ?? mount.daemon?.comm ?? '?',
    lines: rest.lines,
    via: rest.via,
    stack: thread?.stack ?? [],
    userStack: thread?.userStack ?? [],
    telling: rest.telling !== undefined && frame !== null ? { frame, text: rest.telling } : null,
    facts: [],
  };
}

/** The end of a chain, where that is not the daemon itself. */
export function causeLink(name: string, lines: string[], facts: [string, string][] = []): Link {
  return {
    role: 'cause',
    mountId: null,
    mount: null,
    spanId: null,
    pid: null,
    tid: null,
    name,
    lines,
    via: null,
    stack: [],
    userStack: [],
    telling: null,
    facts,
  };
}

export const abortHint = (mount: MountFacts): Hint => ({
  action: 'abort',
  pid: null,
  mountId: mount.mountId,
  fault: null,
  text: `Abort the connection of ${mount.mount}: everyone who waits is told an error.`,
});

export const continueHint = (process: { pid: number; comm: string | null }): Hint => ({
  action: 'continue',
  pid: process.pid,
  mountId: null,
  fault: null,
  text: `Continue ${who(process)}: what waits is answered.`,
});

/** What all that wait around one ring share, wherever they stand in it. @param key operation at which it closes. */
export function ring({ view, visited }: Question, key: string): Pick<Finding, 'root' | 'key' | 'cycle'> {
  const keys = new Set(visited.slice(visited.indexOf(key)));
  const mounts = view.snapshot.operations
    .filter((one) => keys.has(one.key))
    .map((one) => view.mount(one.mountId)?.mount);
  const names = [...new Set(mounts)].sort().join(' ');
  return { root: `cycle:${names}`, key: `cross-mount ${names}`, cycle: key };
}

const ORDER: readonly Confidence[] = ['certain', 'likely', 'possible'];

/** The weaker of two. */
export function weaker(a: Confidence, b: Confidence): Confidence {
  return ORDER.indexOf(a) > ORDER.indexOf(b) ? a : b;
}
