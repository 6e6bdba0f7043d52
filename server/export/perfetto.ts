// Perfetto's own trace format: a stream of TracePackets with TrackEvents
// (https://perfetto.dev/docs/reference/synthetic-track-event; field numbers from protos/perfetto/trace). A mount is
// a track, each caller's lane a track beneath it; an open span begins a slice that never ends, which the viewer
// shows as unfinished.
import type { Span } from '../../shared/span.ts';
import type { Exporter } from './format.ts';
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
/** Track numbers of mounts; lanes count upwards from 1. */
const MOUNT_TRACKS = 2 ** 40;
/** No interned state is used, so every packet stands alone: SEQ_INCREMENTAL_STATE_CLEARED once is enough. */
const STATE_CLEARED = 1;

export const perfetto: Exporter = {
  contentType: 'application/x-protobuf',
  extension: 'pftrace',
  async *write(chunks) {
    const out = new ProtoWriter();
    const lanes = new Lanes();
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
        }
        if (lane.fresh) {
          const name = `${lane.comm ?? 'caller'} ${lane.tid}`;
          describe(out, lane.number, MOUNT_TRACKS + span.mountId, name);
        }
        slice(out, lane.number, span);
      }
      yield out.take();
    }
    if (out.length > 0) yield out.take();
  },
};

function describe(out: ProtoWriter, uuid: number, parent: number | null, name: string): void {
  out.message(PACKET, () => {
    out.uint(SEQUENCE_ID, 1);
    out.message(TRACK_DESCRIPTOR, () => {
      out.uint(1, uuid);
      out.string(2, name);
      if (parent !== null) out.uint(5, parent);
    });
  });
}

function slice(out: ProtoWriter, track: number, span: Span): void {
  // ns since the epoch pass 2^53; µs in quarters do not, so the sum is made of two exact parts.
  const wholeUs = Math.floor(span.startUs);
  const startNs = BigInt(wholeUs) * 1_000n + BigInt(Math.round((span.startUs - wholeUs) * 1_000));
  packet(out, startNs, () => {
    out.uint(9, SLICE_BEGIN);
    out.uint(11, track);
    out.string(22, span.state);
    out.string(23, span.op);
    for (const [name, value] of Object.entries(span)) annotate(out, name, value);
  });
  if (span.durationNs === null) return;
  packet(out, startNs + BigInt(Math.round(span.durationNs)), () => {
    out.uint(9, SLICE_END);
    out.uint(11, track);
  });
}

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
