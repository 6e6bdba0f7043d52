// Rules about the daemon as a whole: it is gone, it is stopped, or it holds the operation back on purpose.
import type { ProcessFacts } from '../../shared/examination.ts';
import { shellWord } from '../../shared/shell-word.ts';
import {
  abortHint,
  causeLink,
  continueHint,
  culpritOf,
  daemonLink,
  type Finding,
  NOBODY,
  type Question,
  type Rule,
  who,
} from './finding.ts';

/** The daemon has ended, but something keeps its connection: nobody will ever answer. */
function daemonDead(question: Question): Finding | null {
  const { mount, daemon, view } = question;
  const gone = daemon === undefined || daemon.state === 'Z' || daemon.state === 'X';
  // Another process has its device, but does nothing with it. What was taken may have been taken by the one that ended:
  // its threads take what is there to take when the signal wakes them.
  const { idle, strong } = question.crew;
  const taken = question.operation.picked === true;
  const inherited = mount.former !== null && idle.length === 0 && (!taken || strong.length === 0);
  const ended = mount.former ?? mount.daemon;
  if (!inherited && (!gone || (!mount.dead && !ended))) return null;
  const holders = view.snapshot.processes.filter(
    (one) =>
      mount.connection !== null && one.connections.includes(mount.connection) && one.pid !== ended?.pid,
  );
  // Unknown where it went: perhaps to the background, under another number.
  if (!inherited && !mount.dead && daemon === undefined && holders.length > 0) return null;
  const name = ended ? who(ended) : 'its daemon';
  const [holder] = holders;
  return {
    kind: 'daemon-dead',
    confidence: inherited && taken && !mount.dead ? 'likely' : 'certain',
    clause: holder
      ? `${name}, which answered for ${mount.mount}, has ended, and ${who(holder)} keeps its connection open without answering`
      : `${name}, which answered for ${mount.mount}, has ended`,
    evidence: [
      { text: `${name} has ended`, from: `/proc/${ended?.pid ?? 'PID'}` },
      ...holders.map((one) => ({
        text: `${who(one)} holds /dev/fuse of connection ${mount.connection}`,
        from: `/proc/${one.pid}/fdinfo`,
      })),
    ],
    culprit: ended
      ? culpritOf(ended, mount.mountId)
      : { ...NOBODY, kind: 'mount', name: mount.mount, mountId: mount.mountId },
    advice: 'Abort the connection or unmount it, then start the daemon again.',
    root: `dead:${mount.connection ?? mount.mountId}`,
    key: `daemon-dead ${mount.mount}`,
    links: [daemonLink(question, null, { lines: ['has ended'], via: null })],
    cycle: null,
    hints: [
      abortHint(mount),
      {
        action: 'unmount',
        pid: null,
        mountId: mount.mountId,
        fault: null,
        text: `Unmount ${mount.mount} lazily.`,
      },
    ],
  };
}

/** How a process is kept from running, or null where it is not. */
export function stoppedBy(process: ProcessFacts): { how: string; signal: boolean; from: string } | null {
  const states = process.threads.length > 0 ? process.threads.map((one) => one.state) : [process.state];
  if (process.frozen)
    return { how: 'frozen with its cgroup', signal: false, from: `${process.cgroup}/cgroup.events` };
  if (states.every((state) => state === 't'))
    return {
      how: `held by a debugger${process.tracer ? ` (${process.tracer})` : ''}`,
      signal: false,
      from: `/proc/${process.pid}/status`,
    };
  if (states.every((state) => state === 'T' || state === 't'))
    return { how: 'stopped by a signal', signal: true, from: `/proc/${process.pid}/status` };
  return null;
}

function daemonStopped(question: Question): Finding | null {
  const { mount, daemon } = question;
  const stopped = daemon && stoppedBy(daemon);
  if (!daemon || !stopped) return null;
  const thread = daemon.threads[0] ?? null;
  return {
    kind: 'daemon-stopped',
    confidence: 'certain',
    clause: `${who(daemon)}, which answers for ${mount.mount}, is ${stopped.how}`,
    evidence: [
      { text: `${who(daemon)} is in state ${daemon.threads[0]?.state ?? daemon.state}`, from: stopped.from },
      ...(daemon.threads.length > 1
        ? [{ text: `all of its ${daemon.threads.length} threads are`, from: `/proc/${daemon.pid}/task` }]
        : []),
    ],
    culprit: culpritOf(daemon, mount.mountId),
    advice: stopped.signal ? `Continue it: kill -CONT ${daemon.pid}.` : `Let it go on: it is ${stopped.how}.`,
    root: `stopped:${daemon.pid}`,
    key: `daemon-stopped ${daemon.comm} ${mount.mount}`,
    links: [
      daemonLink(question, thread, { lines: [stopped.how], via: null, telling: `it is ${stopped.how}` }),
    ],
    cycle: null,
    hints: stopped.signal ? [continueHint(daemon), abortHint(mount)] : [abortHint(mount)],
  };
}

function faultInjected(question: Question): Finding | null {
  const { operation, mount, view } = question;
  // The kernel tells of a mirror's operation too, without the mark.
  const twins = view.operationsOf(mount).filter((one) => one.tid !== null && one.tid === operation.tid);
  const fault = operation.fault ?? twins.find((one) => one.fault !== null)?.fault;
  if (!fault) return null;
  const { rule, effect, releasable } = fault;
  return {
    kind: 'fault-injected',
    confidence: 'certain',
    clause: `the fault ${rule} on ${mount.mount} makes it wait on purpose: ${effect}`,
    evidence: [{ text: `the operation carries the mark of the fault ${rule}`, from: 'the mirror' }],
    culprit: { ...NOBODY, kind: 'fault', name: rule, mountId: mount.mountId },
    advice: releasable
      ? 'Release it, or take the rule away.'
      : `It goes on by itself; fusescope faults off ${shellWord(mount.mount)} ${rule} lets it go on now.`,
    root: `fault:${mount.connection ?? mount.mountId}:${rule}`,
    key: `fault-injected ${rule} ${mount.mount}`,
    links: [
      daemonLink(question, null, { lines: ['a mirror with faults'], via: 'fault' }),
      causeLink(rule, [effect]),
    ],
    cycle: null,
    hints: releasable
      ? [
          {
            action: 'release',
            pid: null,
            mountId: mount.mountId,
            fault: rule,
            text: `Release what the fault ${rule} holds back.`,
          },
        ]
      : [],
  };
}

export const DAEMON_RULES: readonly Rule[] = [
  { kind: 'fault-injected', find: faultInjected },
  { kind: 'daemon-dead', find: daemonDead },
  { kind: 'daemon-stopped', find: daemonStopped },
];
