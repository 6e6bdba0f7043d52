// Perfetto's own trace format: a stream of TracePackets with TrackEvents
// (https://perfetto.dev/docs/reference/synthetic-track-event; field numbers from protos/perfetto/trace). An open span
// begins a slice that never ends, which the viewer shows as unfinished.
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Exporter } from './format.ts';
import type { Count } from './in-flight.ts';
import { ProtoWriter } from './protobuf.ts';
import { type Track, Tracks, type TrackWriter } from './tracks.ts';

const PACKET = 1;
const TIMESTAMP = 8;
const SEQUENCE_ID = 10;
const TRACK_EVENT = 11;
const SEQUENCE_FLAGS = 13;
const TRACK_DESCRIPTOR = 60;
/** No interned state is used, so every packet stands alone: SEQ_INCREMENTAL_STATE_CLEARED once is enough. */
const STATE_CLEARED = 1;

/** Fields of a TrackEvent. */
const EVENT = { annotation: 4, type: 9, track: 11, category: 22, name: 23, count: 30, flow: 47, flowEnd: 48 };
const SLICE_BEGIN = 1;
const SLICE_END = 2;
const INSTANT = 3;
const COUNTER = 4;

/** Track numbers of mounts and of their counters; the others count upwards from 1. */
const MOUNT_TRACKS = 2 ** 40;
const COUNTER_TRACKS = 2 ** 41;

export const perfetto: Exporter = {
  contentType: 'application/x-protobuf',
  extension: 'pftrace',
  async *write(chunks, info) {
    const out = new ProtoWriter();
    const tracks = new Tracks(new PerfettoTracks(out), info);
    const first = out.open(PACKET);
    out.uint(SEQUENCE_ID, 1);
    out.uint(SEQUENCE_FLAGS, STATE_CLEARED);
    out.close(first);
    for await (const spans of chunks) {
      for (const span of spans) tracks.add(span);
      yield out.take();
    }
    tracks.end();
    if (out.length > 0) yield out.take();
  },
};

class PerfettoTracks implements TrackWriter {
  readonly #out: ProtoWriter;
  #packet = 0;
  #body = 0;

  constructor(out: ProtoWriter) {
    this.#out = out;
  }

  mount(mountId: number, name: string): void {
    this.#describe(MOUNT_TRACKS + mountId, null, name);
    this.#describe(COUNTER_TRACKS + mountId, MOUNT_TRACKS + mountId, 'in flight', true);
  }

  track({ number, mountId, parent, name }: Track): void {
    this.#describe(number, parent?.number ?? MOUNT_TRACKS + mountId, name);
  }

  operation(track: number, span: Span): void {
    const out = this.#out;
    this.#open(span.startUs, 0, SLICE_BEGIN, track);
    out.string(EVENT.category, span.state);
    out.string(EVENT.name, span.op);
    annotateSpan(out, span);
    this.#close();
    if (span.durationNs !== null) this.#end(span.startUs, span.durationNs, track);
  }

  queue(track: number, span: Span, queueNs: number): void {
    this.#open(span.startUs, 0, SLICE_BEGIN, track);
    this.#out.string(EVENT.category, 'queue');
    this.#out.string(EVENT.name, 'queue');
    this.#out.fixed64(EVENT.flow, span.id);
    this.#close();
    this.#end(span.startUs, queueNs, track);
  }

  service(track: number, span: Span, queueNs: number): void {
    this.#open(span.startUs, queueNs, SLICE_BEGIN, track);
    this.#out.string(EVENT.category, 'service');
    this.#out.string(EVENT.name, span.op);
    this.#out.fixed64(EVENT.flowEnd, span.id);
    annotate(this.#out, 'id', span.id);
    annotate(this.#out, 'path', span.path);
    this.#close();
    if (span.durationNs !== null) this.#end(span.startUs, span.durationNs, track);
  }

  stall(track: number, { raisedUs, span, cause }: Stall): void {
    this.#open(raisedUs, 0, INSTANT, track);
    this.#out.string(EVENT.category, 'stall');
    this.#out.string(EVENT.name, `stall: ${span.op}`);
    annotate(this.#out, 'id', span.id);
    annotate(this.#out, 'path', span.path);
    annotate(this.#out, 'cause', cause?.kind ?? 'unknown');
    annotate(this.#out, 'text', cause?.text ?? '');
    this.#close();
  }

  count({ mountId, atUs, value }: Count): void {
    this.#open(atUs, 0, COUNTER, COUNTER_TRACKS + mountId);
    this.#out.uint(EVENT.count, value);
    this.#close();
  }

  #describe(uuid: number, parent: number | null, name: string, counter = false): void {
    const out = this.#out;
    const packet = out.open(PACKET);
    out.uint(SEQUENCE_ID, 1);
    const descriptor = out.open(TRACK_DESCRIPTOR);
    out.uint(1, uuid);
    out.string(2, name);
    if (parent !== null) out.uint(5, parent);
    if (counter) out.close(out.open(8));
    out.close(descriptor);
    out.close(packet);
  }

  /** Begins an event some ns after a moment; what is written then belongs to it. */
  #open(us: number, afterNs: number, type: number, track: number): void {
    const out = this.#out;
    this.#packet = out.open(PACKET);
    out.stamp(TIMESTAMP, us, afterNs);
    out.uint(SEQUENCE_ID, 1);
    this.#body = out.open(TRACK_EVENT);
    out.uint(EVENT.type, type);
    out.uint(EVENT.track, track);
  }

  #close(): void {
    this.#out.close(this.#body);
    this.#out.close(this.#packet);
  }

  #end(us: number, afterNs: number, track: number): void {
    this.#open(us, afterNs, SLICE_END, track);
    this.#close();
  }
}

type Value = number | string | null;

function annotateSpan(out: ProtoWriter, span: Span): void {
  annotate(out, 'id', span.id);
  annotate(out, 'source', span.source);
  annotate(out, 'unique', span.unique);
  annotate(out, 'queueNs', span.queueNs);
  annotate(out, 'errno', span.errno);
  annotate(out, 'error', span.error);
  annotate(out, 'path', span.path);
  annotate(out, 'newPath', span.newPath);
  annotate(out, 'nodeid', span.nodeid);
  annotate(out, 'fh', span.fh);
  annotate(out, 'offset', span.offset);
  annotate(out, 'size', span.size);
  annotate(out, 'bytes', span.bytes);
  annotate(out, 'pid', span.pid);
  annotate(out, 'tid', span.tid);
  annotate(out, 'uid', span.uid);
  annotate(out, 'gid', span.gid);
  annotate(out, 'comm', span.comm);
  annotate(out, 'daemonTid', span.daemonTid);
  if (span.args !== null) annotate(out, 'args', JSON.stringify(span.args));
}

/** A DebugAnnotation: name 10, uint 3, string 6. */
function annotate(out: ProtoWriter, name: string, value: Value): void {
  if (value === null) return;
  const begun = out.open(EVENT.annotation);
  out.string(10, name);
  if (typeof value === 'string') out.string(6, value);
  else if (Number.isSafeInteger(value) && value >= 0) out.uint(3, value);
  else out.string(6, String(value));
  out.close(begun);
}
