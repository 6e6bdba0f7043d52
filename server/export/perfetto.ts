// Perfetto's own trace format: a stream of TracePackets with TrackEvents
// (https://perfetto.dev/docs/reference/synthetic-track-event; field numbers from protos/perfetto/trace). A mount is
// a track, each caller's lane and each daemon thread a track beneath it, with a counter of what is in flight; an open span
// begins a slice that never ends, which the viewer shows as unfinished. A flow leads from the queue to the service, an
// instant marks where an operation stalled.
import type { Span } from '../../shared/span.ts';
import { thresholdsFor } from '../../shared/stall.ts';
import type { Exporter } from './format.ts';
import { InFlight } from './in-flight.ts';
import { Lanes } from './lanes.ts';
import { ProtoWriter } from './protobuf.ts';

const PACKET = 1;
const TIMESTAMP = 8;
const SEQUENCE_ID = 10;
const TRACK_EVENT = 11;
const SEQUENCE_FLAGS = 13;
const TRACK_DESCRIPTOR = 60;
const SLICE_BEGIN = 1;
const SLICE_END = 2;
const INSTANT = 3;
const COUNTER = 4;
/** Track numbers of mounts, their counters and lanes of daemon threads; lanes of callers count upwards from 1. */
const MOUNT_TRACKS = 2 ** 40;
const COUNTER_TRACKS = 2 ** 41;
const DAEMON_TRACKS = 2 ** 42;
/** No interned state is used, so every packet stands alone: SEQ_INCREMENTAL_STATE_CLEARED once is enough. */
const STATE_CLEARED = 1;

export const perfetto: Exporter = {
  contentType: 'application/x-protobuf',
  extension: 'pftrace',
  async *write(chunks, info) {
    const out = new ProtoWriter();
    const lanes = new Lanes();
    const daemons = new Lanes();
    const inFlight = new InFlight((mountId, atNs, value) =>
      packet(out, atNs, () => {
        out.uint(9, COUNTER);
        out.uint(11, COUNTER_TRACKS + mountId);
        out.uint(30, value);
      }),
    );
    const mounts = new Set<number>();
    out.message(PACKET, () => {
      out.uint(SEQUENCE_ID, 1);
      out.uint(SEQUENCE_FLAGS, STATE_CLEARED);
    });
    for await (const spans of chunks) {
      for (const span of spans) {
        const lane = lanes.laneOf(span);
        if (!mounts.has(span.mountId)) {
          mounts.add(span.mountId);
          describe(out, MOUNT_TRACKS + span.mountId, null, span.mount);
          describe(out, COUNTER_TRACKS + span.mountId, MOUNT_TRACKS + span.mountId, 'in flight', true);
        }
        if (lane.fresh) {
          const name = `${lane.comm ?? 'caller'} ${lane.tid}`;
          describe(out, lane.number, MOUNT_TRACKS + span.mountId, name);
        }
        slice(out, lane.number, span);
        service(out, daemons, span);
        stall(out, lane.number, span, info.untilUs);
        const startNs = nsOf(span.startUs);
        if (span.durationNs !== null) inFlight.add(span.mountId, startNs, startNs + ns(span.durationNs));
        else if (span.state === 'open') inFlight.add(span.mountId, startNs, null);
      }
      yield out.take();
    }
    inFlight.end();
    if (out.length > 0) yield out.take();
  },
};

function describe(
  out: ProtoWriter,
  uuid: number,
  parent: number | null,
  name: string,
  isCounter = false,
): void {
  out.message(PACKET, () => {
    out.uint(SEQUENCE_ID, 1);
    out.message(TRACK_DESCRIPTOR, () => {
      out.uint(1, uuid);
      out.string(2, name);
      if (parent !== null) out.uint(5, parent);
      if (isCounter) out.message(8, () => {});
    });
  });
}

function slice(out: ProtoWriter, track: number, span: Span): void {
  const startNs = nsOf(span.startUs);
  packet(out, startNs, () => {
    out.uint(9, SLICE_BEGIN);
    out.uint(11, track);
    out.string(22, span.state);
    out.string(23, span.op);
    if (hasService(span)) out.fixed64(47, BigInt(span.id));
    for (const [name, value] of Object.entries(span)) annotate(out, name, value);
  });
  if (span.durationNs === null) return;
  packet(out, startNs + ns(span.durationNs), () => {
    out.uint(9, SLICE_END);
    out.uint(11, track);
  });
}

/** Whether it is known which thread of the daemon took it, and when. */
function hasService(span: Span): boolean {
  return span.queueNs !== null && span.daemonTid !== null;
}

/** From when the daemon picked it up, on the track of the thread that did; a flow leads there from the caller. */
function service(out: ProtoWriter, daemons: Lanes, span: Span): void {
  const { queueNs, daemonTid, durationNs } = span;
  if (queueNs === null || daemonTid === null) return;
  const pickedNs = nsOf(span.startUs) + ns(queueNs);
  const lane = daemons.laneOf({
    ...span,
    startUs: span.startUs + queueNs / 1_000,
    durationNs: durationNs === null ? null : Math.max(0, durationNs - queueNs),
    tid: daemonTid,
  });
  const track = DAEMON_TRACKS + lane.number;
  if (lane.fresh) describe(out, track, MOUNT_TRACKS + span.mountId, `daemon ${daemonTid}`);
  packet(out, pickedNs, () => {
    out.uint(9, SLICE_BEGIN);
    out.uint(11, track);
    out.string(22, 'service');
    out.string(23, span.op);
    out.fixed64(48, BigInt(span.id));
  });
  if (durationNs === null) return;
  packet(out, pickedNs + ns(Math.max(0, durationNs - queueNs)), () => {
    out.uint(9, SLICE_END);
    out.uint(11, track);
  });
}

/** An instant on the caller's track at the moment the operation passed its threshold. */
function stall(out: ProtoWriter, track: number, span: Span, untilUs: number): void {
  if (span.durationNs === null && span.state !== 'open') return;
  const { stalledMs } = thresholdsFor([], { mount: span.mount, fsType: null, op: span.op });
  const ageMs = span.durationNs === null ? (untilUs - span.startUs) / 1e3 : span.durationNs / 1e6;
  if (ageMs < stalledMs) return;
  packet(out, nsOf(span.startUs) + ns(stalledMs * 1e6), () => {
    out.uint(9, INSTANT);
    out.uint(11, track);
    out.string(22, 'stall');
    out.string(23, `stall: ${span.op}`);
  });
}

/** ns since the epoch pass 2^53; µs in quarters do not, so the sum is made of two exact parts. */
function nsOf(us: number): bigint {
  const whole = Math.floor(us);
  return BigInt(whole) * 1_000n + BigInt(Math.round((us - whole) * 1_000));
}

const ns = (value: number) => BigInt(Math.round(value));

function packet(out: ProtoWriter, timestampNs: bigint, event: () => void): void {
  out.message(PACKET, () => {
    out.bigint(TIMESTAMP, timestampNs);
    out.uint(SEQUENCE_ID, 1);
    out.message(TRACK_EVENT, event);
  });
}

const SHOWN_OTHERWISE = new Set(['op', 'state', 'mount', 'mountId', 'startUs', 'durationNs']);

/** A DebugAnnotation: name 10, uint 3, string 6. */
function annotate(out: ProtoWriter, name: string, value: Span[keyof Span]): void {
  if (value === null || SHOWN_OTHERWISE.has(name)) return;
  out.message(4, () => {
    out.string(10, name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) out.uint(3, value);
    else out.string(6, typeof value === 'object' ? JSON.stringify(value) : String(value));
  });
}
