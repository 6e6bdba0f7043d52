// Which ways out apply to a mount, and why the others do not. Pure: one function a way, over what is known of the mount.
import { shellWord } from '../../shared/shell-word.ts';
import type { Span } from '../../shared/span.ts';
import { formatAge } from '../../shared/units.ts';
import type { Action, ConnectionFacts, ProcessFact, Target, WayName } from '../../shared/ways.ts';

/** What there is to decide by. */
export interface Situation {
  mount: string;
  /** Where its events come from: kernel, mirror, log, api. */
  kind: Span['source'];
  /** Of this machine and mounted now. */
  here: boolean;
  connection: number | null;
  /** Its daemon has ended. */
  dead: boolean;
  /** Its connection was aborted by us. */
  aborted: boolean;
  daemon: { pid: number; comm: string | null } | null;
  /** Mount options, as mountinfo lists them. */
  options: string | null;
  /** Null where there is no connection to look at. */
  facts: ConnectionFacts | null;
  /** Stopped processes that its daemon waits for. */
  helpers: readonly ProcessFact[];
  /** Open operations, oldest first. */
  open: readonly { span: Span; ageMs: number }[];
  /** What holds operations back on purpose, in words; null: nothing does. */
  held: string | null;
  uid: number;
}

type Offer = (at: Situation) => Omit<Action, 'action'>;

const not = (title: string, effect: string): Omit<Action, 'action'> => ({
  title,
  applies: false,
  effect,
  targets: [],
  command: null,
  manual: null,
  permitted: false,
});

const ABORT = 'Abort the connection';
const abort: Offer = (at) => {
  const { facts, connection, mount } = at;
  if (connection === null || facts === null) return not(ABORT, noConnection(at));
  if (at.dead) return not(ABORT, 'Not offered: its daemon has ended, and the connection with it.');
  if (at.aborted) return not(ABORT, 'Not offered: it has been aborted.');
  if (facts.fusectl && facts.abort === 'absent')
    return not(ABORT, 'Not offered: the kernel has no such connection any more.');
  const file = `/sys/fs/fuse/connections/${connection}/abort`;
  const mounting = facts.fusectl ? '' : 'sudo mount -t fusectl none /sys/fs/fuse/connections && ';
  const waits = at.open.length > 0 || (facts.waiting ?? 0) > 0;
  return {
    title: ABORT,
    applies: true,
    effect: waits
      ? 'Whoever waits for it gets an error at once. The mount is dead until it is mounted again.'
      : 'Nothing waits for it now. Whoever uses it next gets an error, until it is mounted again.',
    targets: [],
    command: `fusescope abort ${shellWord(mount)}`,
    manual: `${mounting}echo 1 | sudo tee ${file}`,
    permitted: facts.abort === 'yes',
  };
};

const CONTINUE = 'Continue the daemon';
const CONTINUE_HELPER = 'Continue what the daemon waits for';
const resume: Offer = (at) => {
  if (at.connection === null || at.facts === null) return not(CONTINUE, noConnection(at));
  const processes = [
    ...at.facts.daemon,
    ...at.helpers.filter((one) => !isAmong(at.facts?.daemon ?? [], one)),
  ];
  if (at.daemon === null && at.helpers.length === 0)
    return not(CONTINUE, 'Not offered: which process answers it is not known.');
  const held = processes.find((one) => one.tracer > 0 && one.state === 't');
  const stopped = processes.filter((one) => one.state === 'T');
  if (stopped.length === 0) {
    const why = held
      ? `${nameOf(held)} is held by a debugger, process ${held.tracer}. It is continued there.`
      : 'Not offered: no process of the daemon is stopped.';
    return not(CONTINUE, why);
  }
  return {
    title: stopped.every((one) => isAmong(at.helpers, one)) ? CONTINUE_HELPER : CONTINUE,
    applies: true,
    effect: 'Sends SIGCONT. What was asked meanwhile is answered, and nothing is lost.',
    targets: stopped.map((one) => ({ pid: one.pid, comm: one.comm, text: 'stopped' })),
    command: `fusescope continue ${shellWord(at.mount)}`,
    manual: `sudo kill -CONT ${stopped.map((one) => one.pid).join(' ')}`,
    permitted: stopped.every((one) => one.signalable),
  };
};

function isAmong(processes: readonly ProcessFact[], { pid }: ProcessFact): boolean {
  return processes.some((one) => one.pid === pid);
}

const UNMOUNT = 'Unmount what is left';
const unmount: Offer = (at) => {
  const { facts } = at;
  if (at.connection === null || facts === null) return not(UNMOUNT, noConnection(at));
  if (!at.dead && !at.aborted && at.daemon === null)
    return not(UNMOUNT, 'Not offered: whether its daemon lives is not known.');
  if (!at.dead && !at.aborted)
    return not(UNMOUNT, 'Not offered: its daemon is alive. Where that is stuck, abort the connection first.');
  const own = facts.places.filter((place) => place.namespace === null);
  const [far] = facts.places;
  if (own.length === 0 && !far) return not(UNMOUNT, 'Not offered: it is not mounted any more.');
  const path = own[0]?.mountpoint ?? far?.mountpoint ?? at.mount;
  const manual =
    own.length > 0
      ? `sudo umount -l ${shellWord(path)}`
      : `sudo nsenter -t ${far?.pid} -m umount -l ${shellWord(path)}`;
  const mine = new RegExp(`(^|,)user_id=${at.uid}(,|$)`).test(at.options ?? '');
  return {
    title: UNMOUNT,
    applies: true,
    effect:
      'Takes the dead mount out of sight, so that it can be mounted again. Files that are open go when they close.',
    targets: [],
    command: `fusescope unmount ${shellWord(at.mount)}`,
    manual,
    permitted: own.length > 0 && (facts.root || mine),
  };
};

const SIGNAL = 'Signal a caller';
const signal: Offer = (at) => {
  if (at.facts === null) return not(SIGNAL, noConnection(at));
  const targets = callersOf(at);
  if (targets.length === 0) return not(SIGNAL, 'Not offered: no process is known to wait for it.');
  return {
    title: SIGNAL,
    applies: true,
    effect:
      'Ends one who waits. Where the daemon has taken the request, it ends only once that is answered or aborted.',
    targets,
    command: `fusescope signal ${shellWord(at.mount)} PID --signal SIGTERM`,
    manual: `sudo kill ${targets[0]?.pid}`,
    permitted: at.facts.callers.some((one) => one.signalable),
  };
};

const RELEASE = 'Release the operation';
const release: Offer = (at) =>
  at.held === null
    ? not(RELEASE, 'Not offered: no injected fault holds an operation back.')
    : {
        title: RELEASE,
        applies: true,
        effect: at.held,
        targets: [],
        command: `fusescope release ${shellWord(at.mount)}`,
        manual: null,
        permitted: true,
      };

/** In the order in which they are to be thought of: the mildest first. */
const OFFERS: Readonly<Record<WayName, Offer>> = { release, continue: resume, abort, unmount, signal };

/** Every way out, those that apply first. */
export function offers(at: Situation): Action[] {
  const all = Object.entries(OFFERS).map(([name, offer]) => ({ action: name as WayName, ...offer(at) }));
  return [...all.filter((one) => one.applies), ...all.filter((one) => !one.applies)];
}

/** Processes that wait for the mount: those with the oldest operations first, then those only /proc tells of. */
export function callersOf({ facts, open }: Pick<Situation, 'facts' | 'open'>): Target[] {
  const targets: Target[] = [];
  const callers = facts?.callers ?? [];
  for (const pid of new Set(open.map(({ span }) => span.pid))) {
    const fact = callers.find((one) => one.pid === pid);
    if (pid === null || !fact) continue;
    const own = open.filter(({ span }) => span.pid === pid);
    const text = `waits for ${operations(own.length)}, the longest ${formatAge(own[0]?.ageMs ?? 0).text}`;
    targets.push({ pid, comm: fact.comm, text });
  }
  for (const { pid, comm } of callers)
    if (!targets.some((one) => one.pid === pid)) targets.push({ pid, comm, text: 'waits for it' });
  return targets;
}

/** 1 operation, 3 operations. */
export function operations(count: number): string {
  return count === 1 ? '1 operation' : `${count} operations`;
}

/** bindfs 4711 */
export function nameOf({ comm, pid }: Pick<ProcessFact, 'pid'> & { comm: string | null }): string {
  return `${comm ?? 'process'} ${pid}`;
}

function noConnection({ kind, here }: Situation): string {
  if (kind === 'log' || kind === 'api')
    return 'Not offered: its events come from elsewhere; it is no mount of this machine that is known.';
  return here
    ? 'Not offered: its connection in the kernel is not known.'
    : 'Not offered: it is not mounted now.';
}
