// The tracks of a trace viewer: under each mount a track for each caller with its threads, one for the daemon with
// its threads, one for stalls, and a counter. Perfetto's format and Chrome's are two ways to write the same tracks.
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { ExportInfo } from './format.ts';
import { type Count, InFlight } from './in-flight.ts';
import { Lanes } from './lanes.ts';

export interface Track {
  /** Unique over the whole export, from 1. */
  number: number;
  mountId: number;
  /** The track that it lies under; null: under its mount. */
  parent: { number: number; name: string } | null;
  name: string;
}

/** How a format writes what lies on tracks. */
export interface TrackWriter {
  mount(mountId: number, name: string): void;
  track(track: Track): void;
  /** An operation on a thread of its caller. */
  operation(track: number, span: Span): void;
  /** Its time in the queue, within its bar, and what the daemon did after it; a flow leads from one to the other. */
  queue(track: number, span: Span, queueNs: number): void;
  service(track: number, span: Span, queueNs: number): void;
  stall(track: number, stall: Stall): void;
  count(count: Count): void;
}

/** Callers and daemons whose tracks are remembered; one that was idle for longer begins anew. */
const MAX_GROUPS = 50_000;

export class Tracks {
  readonly #out: TrackWriter;
  readonly #lanes = new Lanes();
  readonly #inFlight: InFlight;
  readonly #mounts = new Set<number>();
  readonly #groups = new Map<string, number>();
  readonly #stalls: Stall[];
  #next = 1;
  readonly #untilUs: number;

  constructor(out: TrackWriter, info: ExportInfo) {
    this.#out = out;
    this.#stalls = [...info.stalls].sort((a, b) => a.raisedUs - b.raisedUs);
    this.#inFlight = new InFlight(info.fromUs, info.untilUs);
    this.#untilUs = info.untilUs;
  }

  add(span: Span): void {
    const { mountId, queueNs, durationNs } = span;
    while (this.#stalls[0] && this.#stalls[0].raisedUs <= span.startUs) this.#stall(this.#stalls.shift());
    this.#mount(mountId, span.mount);
    for (const count of this.#inFlight.add(span)) this.#out.count(count);
    const tid = span.tid ?? span.pid ?? 0;
    const startUs = span.startUs;
    const endUs = durationNs === null ? Number.POSITIVE_INFINITY : startUs + durationNs / 1_000;
    const lane = this.#lane(mountId, `caller ${span.pid ?? 0}`, callerName(span), tid, startUs, endUs);
    this.#out.operation(lane, span);
    if (queueNs === null || queueNs <= 0 || (durationNs !== null && queueNs > durationNs)) return;
    const takenUs = startUs + queueNs / 1_000;
    const daemon = this.#lane(mountId, 'daemon', 'daemon', span.daemonTid ?? 0, takenUs, endUs);
    this.#out.queue(lane, span, queueNs);
    this.#out.service(daemon, span, queueNs);
  }

  end(): void {
    for (const stall of this.#stalls) this.#stall(stall);
    for (const count of this.#inFlight.end(this.#untilUs)) this.#out.count(count);
  }

  #stall(stall: Stall | undefined): void {
    if (!stall) return;
    const { mountId, mount } = stall.span;
    this.#mount(mountId, mount);
    this.#out.stall(this.#group(mountId, 'stalls', 'stalls'), stall);
  }

  #mount(mountId: number, name: string): void {
    if (this.#mounts.has(mountId)) return;
    this.#mounts.add(mountId);
    this.#out.mount(mountId, name);
  }

  #group(mountId: number, key: string, name: string): number {
    const whole = `${mountId} ${key}`;
    const known = this.#groups.get(whole);
    if (known !== undefined) return known;
    const number = this.#next++;
    this.#groups.set(whole, number);
    if (this.#groups.size > MAX_GROUPS) {
      const [oldest] = this.#groups.keys();
      if (oldest !== undefined) this.#groups.delete(oldest);
    }
    this.#out.track({ number, mountId, parent: null, name });
    return number;
  }

  #lane(mountId: number, key: string, name: string, tid: number, startUs: number, endUs: number): number {
    return this.#lanes.laneOf(`${mountId} ${key} ${tid}`, startUs, endUs, (depth) => {
      const parent = { number: this.#group(mountId, key, name), name };
      const number = this.#next++;
      const thread = tid === 0 ? 'thread unknown' : `thread ${tid}`;
      this.#out.track({ number, mountId, parent, name: depth === 0 ? thread : `${thread} (${depth + 1})` });
      return number;
    });
  }
}

function callerName({ comm, pid }: Span): string {
  return pid === null ? 'no caller known' : `${comm ?? 'caller'} ${pid}`;
}
