// Follows a log as `tail -F` does, and tells a server of its operations as they come: as a collector, over the ingest
// socket. What is in the file already is read too. While the server is away or behind, reading waits: the file keeps
// what is not read yet, so nothing is dropped.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { opCode } from '../../shared/ops.ts';
import type { Span } from '../../shared/span.ts';
import { blankEvent } from '../../shared/wire/blank-event.ts';
import { ENTER, LOST, SPAN, WIRE_VERSION, type WireEvent } from '../../shared/wire/frames.ts';
import { Emitter } from '../emitter/emitter.ts';
import { LogPipeline } from './read-log.ts';
import { Tail } from './tail.ts';

export interface FollowOptions {
  file: string;
  format: string;
  mount: string | null;
  /** What its operations are said to be on where nothing tells a mount. */
  name: string;
  socket: string;
  dieWithParent: boolean;
}

const LOOK_MS = 100;
/** Bytes that wait for the server, from which on reading waits. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

/** Ends at SIGTERM or SIGINT, with its report on standard output. @throws UnknownFormat */
export async function followLog(options: FollowOptions): Promise<void> {
  const end = endSignal(options.dieWithParent);
  const told = new WeakSet<WireEvent>();
  let mounts = 1;
  const emitter: Emitter = new Emitter({
    socketPath: options.socket,
    hello: {
      v: WIRE_VERSION,
      instance: randomUUID(),
      kind: 'log',
      pid: process.pid,
      comm: 'fusescope import',
      host: hostname(),
    },
    mounts: [wireMount(0, options.mount ?? options.name)],
    beforeFlush: () => {
      for (const event of log.open()) {
        if (told.has(event)) continue;
        told.add(event);
        emitter.emit({ ...event, kind: ENTER });
      }
    },
  });
  const log = new LogPipeline({
    format: options.format,
    mount: options.mount,
    clock: { baseUs: Date.now() * 1_000 },
    output: {
      event: (event) => {
        // What is open when the following ends is left to the server, which knows of it.
        if (event.kind === ENTER) return;
        if (event.kind === LOST) emitter.emit({ ...event, kind: ENTER });
        emitter.emit(event);
      },
      span: (span, mount) => emitter.emit(eventOf(span, mount)),
      problem: () => {},
      mount: (name) => {
        const index = mounts++;
        emitter.announce(wireMount(index, name));
        return index;
      },
    },
  });
  const tail = new Tail(options.file);
  try {
    await run(tail, log, emitter, end);
    process.stdout.write(`${JSON.stringify(log.end())}\n`);
  } finally {
    tail.close();
    await emitter.close();
  }
}

async function run(tail: Tail, log: LogPipeline, emitter: Emitter, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    const { bytes, replaced } = tail.read();
    if (replaced) log.cut();
    if (bytes) {
      log.push(bytes);
      emitter.wake();
      while (emitter.heldBytes > MAX_HELD_BYTES && !end.aborted) await pause(end);
      // Receipts and signals come through the event loop.
      await sleep(0);
      continue;
    }
    log.idle();
    emitter.wake();
    await pause(end);
  }
  for (let last = tail.read(); last.bytes; last = tail.read()) log.push(last.bytes);
}

async function pause(end: AbortSignal): Promise<void> {
  await sleep(LOOK_MS, undefined, { signal: end }).catch(() => {});
}

function endSignal(dieWithParent: boolean): AbortSignal {
  const controller = new AbortController();
  const stop = () => controller.abort();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  const parent = process.ppid;
  if (dieWithParent)
    setInterval(() => {
      if (process.ppid !== parent) stop();
    }, 250).unref();
  return controller.signal;
}

function wireMount(index: number, mount: string) {
  return { index, mount, fsType: null, source: null, connection: null, daemon: null, tier: 'log' as const };
}

/** A span of one of our own exports; its source is this log now. */
function eventOf(span: Span, mount: number): WireEvent {
  const {
    op,
    startUs,
    durationNs,
    state,
    id: _id,
    mountId: _mountId,
    mount: _mount,
    source: _source,
    error: _error,
    unique,
    ...rest
  } = span;
  const kind = state === 'open' ? ENTER : SPAN;
  return { ...blankEvent(kind, opCode(op), unique ?? span.id, startUs), ...rest, mount, durNs: durationNs };
}
