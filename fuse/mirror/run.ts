// One mirror, from its arguments to its end: checks, mounts, traces, watches and unmounts. A process runs one.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { FaultRule } from '../../shared/fault.ts';
import { type Hello, WIRE_VERSION, type WireMount } from '../../shared/wire/frames.ts';
import { FaultControl } from '../faults/control.ts';
import { Faults } from '../faults/faults.ts';
import { readFaultFile } from '../faults/file.ts';
import { mountAt } from '../mountinfo.ts';
import type { MirrorArgs } from './args.ts';
import { createBacking } from './backing.ts';
import type { Call } from './call.ts';
import { checkMachine, checkPlaces, type Places } from './checks.ts';
import type { Dispatch } from './dispatch.ts';
import { Failure, messageOf } from './failure.ts';
import { FastWay } from './fast-way.ts';
import { FS_TYPE } from './fs-type.ts';
import { bytesOf } from './names.ts';
import { exitNow, loadBinding } from './native.ts';
import { mount, type Session, sessionMemory } from './session.ts';
import { Shutdown } from './shutdown.ts';
import { nullTracer } from './tracer.ts';
import { watchCalls, watchMount, watchParent } from './watch.ts';
import { createWireTracer, type WireTracer } from './wire-tracer.ts';

/** What a process may add to a plain mirror. */
export interface Extras {
  /** Rules that are there from the start. */
  faults?: readonly FaultRule[];
  /** Called once when the end begins, before the unmount. */
  ending?: () => void;
}

function say(sentence: string): void {
  process.stderr.write(`fusescope: ${sentence}\n`);
}

/** Resolves when mounted, with one JSON line on stdout; the process ends by itself. @throws Failure */
export async function runMirror(args: MirrorArgs, extras: Extras = {}): Promise<void> {
  checkMachine(args);
  const rules = [...(args.faults === null ? [] : readFaultFile(args.faults)), ...(extras.faults ?? [])];
  const binding = loadBinding();
  const places = await checkPlaces(args);
  // Laws 1 and 8: no working directory of ours on a mount; modes come from the callers.
  process.chdir('/');
  process.title = `fusescope mount ${places.source} ${places.mountpoint}`;
  process.umask(0);

  const inflight = new Set<Call>();
  const hidden = new Set<string>();
  const memory = sessionMemory(binding);
  const root = bytesOf(places.source);
  const faults = new Faults();
  for (const rule of rules) faults.put(rule);
  const shared: Dispatch = {
    binding,
    tracer: nullTracer,
    inflight,
    caller: memory.words,
    faults: { binding, faults, root, disconnect: (ruleId) => void disconnect(ruleId) },
    warn: say,
  };
  let session: Session | null = null;
  const shutdown = new Shutdown({
    mountpoint: places.mountpoint,
    inflight: () => inflight.size + fastWay.active,
    hidden,
    session: () => session,
    begins: () => {
      faults.end();
      extras.ending?.();
    },
    closeTrace: () => closeTrace(traced),
    exit: exitNow,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => (shutdown.begun ? shutdown.endNow(1) : void shutdown.end()));
  }
  const disconnect = async (ruleId: string) => {
    say(`the mirror on ${places.mountpoint} ends: the fault ${ruleId} disconnects it`);
    await closeTrace(traced);
    shutdown.endNow(1);
  };
  const crash = (error: unknown) => {
    say(`the mirror of ${places.source} ends (internal error: ${messageOf(error)}). Please report it`);
    shutdown.endNow(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const wireMount = describeMount(places);
  const socket = args.trace ? args.socket : null;
  const fastWay = new FastWay(binding, memory, root, socket !== null);
  const traced =
    socket === null ? null : createWireTracer(socket, hello(), wireMount, fastWay, new FaultControl(faults));
  if (traced) shared.tracer = traced;
  const backing = createBacking(binding, root, hidden);
  // Rules are asked on the long way, and only about what they may touch.
  faults.onRules = () => fastWay.open(faults.ops);
  faults.onRules();
  const mounting = mount(shared, backing, { ...args, ...places }, memory);
  // The library mounts before it returns, and the server is told of the mount in a later turn.
  const entry = mountAt(places.mountpoint);
  wireMount.connection = entry?.minor ?? null;
  session = await mounting;
  if (!entry)
    throw new Failure(`cannot mount on ${places.mountpoint}`, 'it was unmounted at once', 'Try again');

  watchCalls(inflight, (ms) => fastWay.stuck(ms), say);
  watchMount(session, entry, (reason) => {
    if (shutdown.begun) return;
    say(`the mirror on ${places.mountpoint} ends: ${reason} from outside`);
    void shutdown.end(reason === 'it was unmounted');
  });
  if (args.dieWithParent) watchParent(() => void shutdown.end());
  const ready = {
    ready: true,
    mountpoint: places.mountpoint,
    source: places.source,
    pid: process.pid,
    mountId: entry.id,
    connection: entry.minor,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

function hello(): Hello {
  const { pid } = process;
  return {
    v: WIRE_VERSION,
    instance: randomUUID(),
    kind: 'mirror',
    pid,
    comm: 'fusescope',
    host: hostname(),
  };
}

function describeMount({ source, mountpoint }: Places): WireMount {
  return {
    index: 0,
    mount: mountpoint,
    fsType: FS_TYPE,
    source,
    connection: null,
    daemon: { pid: process.pid, comm: 'fusescope' },
    tier: 'mirror',
  };
}

/** What no server has taken is told here, because nobody else can. */
async function closeTrace(tracer: WireTracer | null): Promise<void> {
  if (!tracer) return;
  await tracer.close();
  const { undelivered } = tracer.emitter;
  if (undelivered > 0) say(`${undelivered} trace events were not taken by a server`);
}

/** Says why it could not be done, and ends the process. */
export function refuse(error: unknown): never {
  const failure =
    error instanceof Failure ? error : new Failure('cannot mount', messageOf(error), 'Run fusescope doctor');
  process.stderr.write(`${failure.message}\n`);
  exitNow(failure.status);
}
