// A tracer that speaks to the server. An operation that ends before its batch closes goes out as one SPAN; one that
// is still open then goes out as ENTER, and its EXIT follows. So a stuck operation is known within a flush, and the
// usual one costs a single record.
import { ahead } from '../../shared/ahead.ts';
import { opCode } from '../../shared/ops.ts';
import { ENTER, EXIT, type Hello, SPAN, type WireEvent, type WireMount } from '../../shared/wire/frames.ts';
import { Emitter } from '../emitter/emitter.ts';
import type { FaultControl } from '../faults/control.ts';
import type { FastWay } from './fast-way.ts';
import type { Enter, Tracer } from './tracer.ts';

/** Wall time follows a step of the system's clock when it is further off than this; below, it stays even. */
const MAX_DRIFT_MS = 20;

export interface WireTracer extends Tracer {
  readonly emitter: Emitter;
}

function monotonicNs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
}

/**
 * @param mount must have index 0, which is what the log's records name.
 * @param log of the operations that never come to `enter`.
 * @param control what a server may ask for.
 */
export function createWireTracer(
  socketPath: string,
  hello: Hello,
  mount: WireMount,
  log: FastWay,
  control: FaultControl,
): WireTracer {
  /** Of CLOCK_MONOTONIC at performance.now() === 0. */
  const originNs = ahead(monotonicNs, () => performance.now() * 1e6);
  let wallOriginMs = performance.timeOrigin;
  /** Operations in order of their start. */
  const open = new Map<number, WireEvent>();
  /** Ids up to this one are announced, or ended. */
  let announced = 0;
  /** Odd, because those of the log are even. */
  let lastId = -1;

  const wallNow = () => wallOriginMs + performance.now();
  const isOff = (driftMs: number) => Math.abs(driftMs) > MAX_DRIFT_MS;
  const followWall = () => {
    if (isOff(Date.now() - wallNow())) {
      const driftMs = ahead(Date.now, wallNow);
      if (isOff(driftMs)) wallOriginMs += driftMs;
    }
    log.wallUs = wallOriginMs * 1e3 - originNs / 1e3;
  };
  // On a busy machine the origin that Node has taken may be far off.
  followWall();

  const announceOpen = () => {
    followWall();
    collect();
    if (open.size === 0) return;
    for (const [id, event] of open) if (id > announced) emitter.emit(event);
    announced = lastId;
  };
  const collect = () => {
    const { count, fromUs, toUs } = log.collect((batch) => emitter.emitBatch(batch));
    if (count > 0) emitter.loss({ index: mount.index, cause: 'mirror-log-full', count, fromUs, toUs });
  };
  log.onWake = (urgent) => (urgent ? collect() : emitter.wake());
  const emitter = new Emitter({
    socketPath,
    hello,
    mounts: [mount],
    beforeFlush: announceOpen,
    status: () => control.frame(mount.index),
    onControl: (payload) => control.take(payload),
  });
  control.onNews = () => emitter.tell();

  return {
    emitter,
    enter(e: Enter): number {
      const now = performance.now();
      lastId += 2;
      const id = lastId;
      open.set(id, {
        kind: ENTER,
        mount: mount.index,
        op: opCode(e.op),
        id,
        monoNs: Math.round(originNs + now * 1e6),
        tsUs: (wallOriginMs + now) * 1e3,
        durNs: null,
        queueNs: null,
        errno: null,
        path: e.path,
        newPath: e.newPath ?? null,
        nodeid: null,
        fh: e.fh ?? null,
        offset: e.offset ?? null,
        size: e.size ?? null,
        bytes: null,
        pid: e.pid,
        tid: e.tid,
        uid: e.uid,
        gid: e.gid,
        comm: e.comm,
        daemonTid: null,
        args: e.args ?? null,
      });
      emitter.wake();
      return id;
    },
    exit(id, errno, bytes, late): void {
      const event = open.get(id);
      if (!event) return;
      open.delete(id);
      const monoNs = Math.round(originNs + performance.now() * 1e6);
      event.durNs = monoNs - event.monoNs;
      event.errno = errno;
      event.bytes = bytes;
      if (late?.fh !== undefined) event.fh = late.fh;
      if (id > announced) {
        event.kind = SPAN;
      } else {
        event.kind = EXIT;
        event.tsUs += event.durNs / 1e3;
        event.monoNs = monoNs;
      }
      emitter.emit(event);
    },
    close: () => emitter.close(),
  };
}
