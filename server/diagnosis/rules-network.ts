// Rules about what is outside of the machine, or of the process: a socket, the server of a network file system, a
// process that the daemon talks through.
import type { ProcessFacts, SocketFacts } from '../../shared/examination.ts';
import { formatBytes } from '../../shared/units.ts';
import {
  abortHint,
  causeLink,
  continueHint,
  culpritOf,
  daemonLink,
  type Finding,
  type Question,
  type Rule,
  threadEvidence,
  threadKey,
  who,
} from './finding.ts';
import { stoppedBy } from './rules-daemon.ts';
import { crewOf, type Worker } from './waits.ts';

const bytes = (count: number) => formatBytes(count).text;
/** Of a socket that is connected to someone, or about to be. */
const LIVE = new Set(['ESTABLISHED', 'SYN_SENT', 'CLOSE_WAIT', 'FIN_WAIT1', 'FIN_WAIT2']);

function blockedOnNetwork(question: Question): Finding | null {
  const { worker, process } = question;
  if (!worker || !process) return null;
  const { wait } = worker;
  if (wait.kind === 'network') {
    const socket = wait.socket ?? suspect(process)?.socket ?? null;
    return socket ? onSocket(question, process, worker, socket, 'certain') : null;
  }
  if (wait.kind === 'remote') return onServer(question, process, worker, wait.place);
  if (wait.kind === 'pipe') return throughHelper(question, process, worker);
  if (wait.kind === 'child') return throughHelper(question, process, worker);
  return null;
}

/** The daemon waits in no call that names a socket; but one of its sockets looks as if it were the reason. */
function onSomeSocket(question: Question): Finding | null {
  const { worker, process, crew, daemon } = question;
  if (!process || !worker) return null;
  const busy = process === daemon ? crew.strong.length === 0 : true;
  const found = busy ? suspect(process) : null;
  return found && onSocket(question, process, worker, found.socket, found.signs ? 'likely' : 'possible');
}

/** The socket that most likely keeps a process waiting. */
function suspect(process: ProcessFacts): { socket: SocketFacts; signs: boolean } | null {
  const live = process.sockets.filter(
    ({ protocol, state, remote }) => protocol === 'tcp' && remote !== '' && LIVE.has(state),
  );
  const signs = live.filter(
    ({ retransmits, sendQueue, state, peer }) =>
      retransmits > 0 ||
      sendQueue > 0 ||
      state === 'SYN_SENT' ||
      peer?.state === 'T' ||
      (peer?.receiveQueue ?? 0) > 0,
  );
  const [worst] = signs.sort((a, b) => b.retransmits - a.retransmits || b.sendQueue - a.sendQueue);
  if (worst) return { socket: worst, signs: true };
  const [only] = live;
  return only && live.length === 1 ? { socket: only, signs: false } : null;
}

function onSocket(
  question: Question,
  process: ProcessFacts,
  { thread }: Worker,
  socket: SocketFacts,
  confidence: Finding['confidence'],
): Finding {
  const { mount } = question;
  const remote = socket.remote || socket.local;
  const { peer } = socket;
  const stopped = peer?.stopped ?? [];
  const debugged = peer?.state === 't';
  const reasons = [
    peer !== null && (debugged || stopped.length > 0) && peerStops(peer),
    socket.state === 'SYN_SENT' && 'it does not answer to being connected',
    socket.retransmits > 0 &&
      `it acknowledges nothing: ${bytes(socket.sendQueue)} of ours are on the way, sent again ${socket.retransmits} times`,
    socket.sendQueue > 0 && `${bytes(socket.sendQueue)} of ours lie unacknowledged`,
    peer !== null &&
      peer.receiveQueue > 0 &&
      `${who(peer)} there, on this machine, has not read ${bytes(peer.receiveQueue)} of ours`,
    'it has sent nothing since',
  ].filter((one) => one !== false);
  const facts: [string, string][] = [
    ['From', socket.local],
    ['To', remote],
    ['State', socket.state],
    ['Send queue', `${bytes(socket.sendQueue)} unacknowledged`],
    ['Receive queue', bytes(socket.receiveQueue)],
    ['Sent again', `${socket.retransmits} times`],
    ...(peer ? [['Other end', `${who(peer)}, state ${peer.state}`] as [string, string]] : []),
  ];
  return {
    kind: 'blocked-on-network',
    confidence: debugged || stopped.length > 0 ? 'certain' : confidence,
    clause: `${who(process)} waits for ${remote}: ${reasons[0]}`,
    evidence: [
      threadEvidence(process.pid, thread, `${who(process)} is in ${thread.syscall?.text ?? 'its own code'}`),
      {
        text: `${socket.protocol} ${socket.local} to ${remote} is ${socket.state}, ${bytes(socket.sendQueue)} in its send queue, ${bytes(socket.receiveQueue)} in its receive queue`,
        from: `/proc/${process.pid}/net/${socket.protocol}`,
      },
      ...(peer
        ? [
            {
              text: `the other end is held by ${who(peer)}, in state ${peer.state}`,
              from: `/proc/${peer.pid}`,
            },
          ]
        : []),
    ],
    culprit: {
      kind: 'peer',
      name: remote,
      pid: stopped[0]?.pid ?? peer?.pid ?? null,
      tid: null,
      mountId: mount.mountId,
    },
    advice:
      stopped.length > 0
        ? `Continue it: kill -CONT ${stopped.map((one) => one.pid).join(' ')}.`
        : `See whether ${remote} is there. If it does not come back, abort the connection of ${mount.mount}.`,
    root: `network:${remote}`,
    key: `blocked-on-network ${remote}`,
    links: [
      daemonLink(question, thread, {
        lines: [thread.syscall?.text ?? 'waits'],
        via: socket.protocol.toUpperCase(),
        telling: `waits for ${remote}`,
      }),
      causeLink(remote, [String(reasons[0])], facts),
    ],
    cycle: null,
    hints: [...stopped.map(continueHint), abortHint(mount)],
  };
}

/** Who is stopped at the other end: it, or one of those that it works with. */
function peerStops(peer: NonNullable<SocketFacts['peer']>): string {
  const [first] = peer.stopped;
  if (first === undefined) return `${who(peer)} at the other end, on this machine, is held by a debugger`;
  return first.pid === peer.pid
    ? `${who(peer)} at the other end, on this machine, is stopped`
    : `${who(first)}, which belongs to ${who(peer)} at the other end, on this machine, is stopped`;
}

function onServer(
  question: Question,
  process: ProcessFacts,
  { thread }: Worker,
  place: { device: string; fsType: string; mountpoint: string },
): Finding {
  const { mount } = question;
  return {
    kind: 'blocked-on-network',
    confidence: 'likely',
    clause: `${who(process)} waits for ${place.device}, which serves ${place.mountpoint} over ${place.fsType}`,
    evidence: [
      threadEvidence(
        process.pid,
        thread,
        `${who(process)} is in ${thread.syscall?.text ?? 'the kernel'}, state ${thread.state}`,
      ),
    ],
    culprit: { kind: 'peer', name: place.device, pid: null, tid: null, mountId: mount.mountId },
    advice: `See whether ${place.device} answers.`,
    root: `network:${place.device}`,
    key: `blocked-on-network ${place.device}`,
    links: [
      daemonLink(question, thread, {
        lines: [thread.syscall?.text ?? 'waits'],
        via: place.fsType,
        telling: `waits for ${place.device}`,
      }),
      causeLink(place.device, [`${place.fsType} at ${place.mountpoint}`]),
    ],
    cycle: null,
    hints: [abortHint(mount)],
  };
}

/** A process that the daemon talks to over a pipe, or waits for the end of, has its own reason. */
function throughHelper(question: Question, process: ProcessFacts, worker: Worker): Finding | null {
  const { view, mount, visited } = question;
  const helper = helperOf(question, process, worker);
  if (!helper || visited.includes(threadKey(helper.pid))) return null;
  const via = worker.wait.kind === 'child' ? 'child' : 'pipe';
  const link = daemonLink(question, worker.thread, {
    lines: [`talks through ${who(helper)}`],
    via,
    telling: `waits for ${who(helper)}`,
  });
  const evidence = threadEvidence(
    process.pid,
    worker.thread,
    `${who(process)} is in ${worker.thread.syscall?.text ?? 'a call'}, which ${who(helper)} has to answer`,
  );
  const stopped = stoppedBy(helper);
  if (stopped) {
    return {
      kind: 'daemon-stopped',
      confidence: 'certain',
      clause: `${who(process)} waits for ${who(helper)}, through which it talks and which is ${stopped.how}`,
      evidence: [evidence, { text: `${who(helper)} is in state ${helper.state}`, from: stopped.from }],
      culprit: culpritOf(helper, mount.mountId),
      advice: stopped.signal
        ? `Continue it: kill -CONT ${helper.pid}.`
        : `Let it go on: it is ${stopped.how}.`,
      root: `stopped:${helper.pid}`,
      key: `daemon-stopped ${helper.comm} ${mount.mount}`,
      links: [
        link,
        { ...causeLink(helper.comm ?? String(helper.pid), [stopped.how]), pid: helper.pid, role: 'helper' },
      ],
      cycle: null,
      hints: [...(stopped.signal ? [continueHint(helper)] : []), abortHint(mount)],
    };
  }
  const crew = crewOf(view, helper);
  const first =
    crew.strong[0] ??
    crew.weak[0] ??
    helper.threads.map((thread) => ({ thread, wait: { kind: 'other' as const } }))[0];
  if (!first) return null;
  const rest = question.follow(first, helper);
  if (rest.kind === 'unknown') return null;
  return {
    ...rest,
    clause: `${who(process)} talks through ${who(helper)}, and ${rest.clause}`,
    evidence: [evidence, ...rest.evidence],
    links: [link, ...rest.links],
  };
}

/** Who is at the other end of a pipe or of a pair of sockets, or the child that is waited for. */
function helperOf({ view }: Question, process: ProcessFacts, { wait }: Worker): ProcessFacts | null {
  const children = view.descendants(process.pid);
  if (wait.kind === 'child') return children[0] ?? null;
  if (wait.kind !== 'pipe') return null;
  const { socket, link } = wait;
  const peer = view.process(socket?.peer?.pid ?? null);
  if (peer) return peer;
  const other = socket ? undefined : children.find((one) => one.pipes.includes(link));
  return other ?? (children.length === 1 ? (children[0] ?? null) : null);
}

export const BLOCKED_ON_NETWORK: Rule = { kind: 'blocked-on-network', find: blockedOnNetwork };
export const ON_SOME_SOCKET: Rule = { kind: 'blocked-on-network', find: onSomeSocket };
