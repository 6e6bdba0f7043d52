// Rules about requests that the daemon has not taken, by the kernel's own list: nobody reads, or everybody is busy.
import {
  abortHint,
  culpritOf,
  daemonLink,
  type Finding,
  operationWords,
  type Question,
  type Rule,
  ring,
  who,
} from './finding.ts';
import type { Operation } from './snapshot.ts';

/** Busy operations that a sentence names. */
const NAMED = 2;
/** What swallows the fact that a request waits in a queue. */
const LOOPS = new Set<Finding['kind']>(['self-deadlock']);

function notPickedUp(question: Question): Finding | null {
  const { operation, mount, daemon, crew, view } = question;
  if (operation.picked !== false || !daemon) return null;
  const name = who(daemon);
  const pending = {
    text: 'the request waits in the kernel; the daemon has not taken it',
    from: 'pending list of the kernel',
  };
  const own = {
    culprit: culpritOf(daemon, mount.mountId),
    root: `queue:${mount.connection ?? mount.mountId}`,
    cycle: null,
    hints: [abortHint(mount)],
  };
  if (crew.idle.length > 0) {
    return {
      ...own,
      kind: 'not-picked-up',
      confidence: 'possible',
      clause: `${name} has not taken it yet, although its thread ${crew.idle[0]?.thread.tid} waits for requests`,
      evidence: [pending],
      advice: 'Look again in a moment: the daemon may be about to take it.',
      key: `not-picked-up ${daemon.comm} ${mount.mount}`,
      links: [daemonLink(question, crew.idle[0]?.thread ?? null, { lines: ['has not taken it'], via: null })],
    };
  }
  const taken = view
    .operationsOf(mount)
    .filter((one) => one.picked && one.mountId === operation.mountId && one.key !== operation.key);
  const busy = crew.strong.length + crew.weak.length;
  return taken.length > 0 ? exhausted() : nobodyReads();

  /** Every worker has a request in hand. */
  function exhausted(): Finding {
    const [first] = taken;
    if (!first) return nobodyReads();
    if (question.visited.includes(first.key)) return closing(first);
    const rest = question.explain(first);
    if (LOOPS.has(rest.kind)) return rest;
    const several = taken.length > 1 && busy > 1;
    const with_ = [
      ...taken.slice(0, NAMED).map((one) => operationWords(one, mount)),
      ...(taken.length > NAMED ? [`${taken.length - NAMED} more`] : []),
    ].join(', ');
    const whole = several
      ? `all workers of ${name} are busy, with ${with_}, so nobody takes it`
      : `${name} is busy with ${with_} and takes nothing else`;
    const known = rest.kind !== 'unknown';
    return {
      ...own,
      kind: rest.cycle === null ? (several ? 'workers-exhausted' : 'not-picked-up') : 'cross-mount',
      confidence: 'certain',
      clause: known ? `${whole}; ${rest.clause}` : whole,
      evidence: [
        pending,
        {
          text: `no thread of ${name} waits for requests; ${taken.length} have been taken and not answered`,
          from: `/proc/${daemon?.pid}/task`,
        },
        ...rest.evidence,
      ],
      advice: known ? rest.advice : `Find out what ${daemon?.comm} does, or give it more threads.`,
      key: known ? rest.key : `workers-exhausted ${daemon?.comm} ${mount.mount}`,
      root: known ? rest.root : own.root,
      links: rest.links,
      cycle: rest.cycle,
      hints: rest.hints,
      culprit: several || rest.cycle !== null ? own.culprit : rest.culprit,
    };
  }

  /** The operation that it is busy with waits, by and by, for this one. */
  function closing(first: Operation): Finding {
    return {
      ...own,
      ...ring(question, first.key),
      kind: 'cross-mount',
      confidence: 'certain',
      clause: `${name} is busy with ${operationWords(first, mount)}, which waits for this in turn: they wait for each other`,
      evidence: [pending],
      advice: 'Abort one of the connections: nothing else ends it.',
      links: [],
    };
  }

  function nobodyReads(): Finding {
    const worker = crew.strong[0] ?? crew.weak[0];
    const does = worker?.thread.syscall?.text;
    const rest = worker && daemon && crew.strong.length > 0 ? question.follow(worker, daemon) : null;
    const seen =
      worker === undefined
        ? ''
        : `: its thread ${worker.thread.tid} is in ${does ?? worker.thread.wchan ?? 'its own code'}`;
    const whole = `no thread of ${name} takes requests${seen}`;
    return {
      ...own,
      kind: 'not-picked-up',
      confidence: worker ? 'certain' : 'likely',
      clause: rest ? `${whole}; ${rest.clause}` : whole,
      evidence: [pending, ...(rest?.evidence ?? [])],
      advice: rest?.advice ?? `Find out what ${daemon?.comm} does; abort the connection to free who waits.`,
      key: `not-picked-up ${daemon?.comm} ${mount.mount}`,
      root: rest?.root ?? own.root,
      cycle: rest?.cycle ?? null,
      links: rest?.links ?? [
        daemonLink(question, worker?.thread ?? null, { lines: ['takes no requests'], via: null }),
      ],
    };
  }
}

/** More is asked than the kernel lets through at once. */
function congested(question: Question): Finding | null {
  const { mount, view, daemon } = question;
  if (mount.waiting === null || mount.maxBackground === null || mount.unseen !== null) return null;
  const listed = view.operationsOf(mount).filter((one) => view.mount(one.mountId)?.kind === 'kernel').length;
  const behind = mount.waiting - listed;
  if (behind < 1 || listed < mount.maxBackground) return null;
  const name = daemon ? who(daemon) : 'the daemon';
  return {
    kind: 'congested',
    confidence: 'likely',
    clause: `${name} has ${listed} requests in hand, as many as the kernel lets through in the background (${mount.maxBackground}), and ${behind} more wait behind them`,
    evidence: [
      {
        text: `${mount.waiting} requests wait, ${listed} of them are with the daemon or in its queue`,
        from: 'fusectl',
      },
      { text: `max_background is ${mount.maxBackground}`, from: 'fusectl' },
    ],
    culprit: daemon
      ? culpritOf(daemon, mount.mountId)
      : { kind: 'mount', name: mount.mount, pid: null, tid: null, mountId: mount.mountId },
    advice:
      'The daemon is too slow for what is asked of it; a larger max_background helps where it can work on more at once.',
    root: `congested:${mount.connection}`,
    key: `congested ${mount.mount}`,
    links: [
      daemonLink(question, null, { lines: [`${listed} requests in hand`, `${behind} more wait`], via: null }),
    ],
    cycle: null,
    hints: [abortHint(mount)],
  };
}

export const NOT_PICKED_UP: Rule = { kind: 'not-picked-up', find: notPickedUp };
export const CONGESTED: Rule = { kind: 'congested', find: congested };
