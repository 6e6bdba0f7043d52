// What a stream of events means to the trace: which mount, which collector, what its numbering says is missing.
// One Intake serves all transports; a Collector is one process that speaks frames, over any of them.
import type { EventLine } from '../../shared/event.ts';
import type { Batch } from '../../shared/wire/batch-decoder.ts';
import type { Control, WireFaults } from '../../shared/wire/faults.ts';
import {
  FRAME,
  type Hello,
  jsonFrame,
  type Pace,
  type WireGone,
  type WireLoss,
  type WireMount,
} from '../../shared/wire/frames.ts';
import type { Clock } from '../clock.ts';
import type { MountRecord } from '../mounts/registry.ts';
import type { Store } from '../store/types.ts';
import type { Trace } from '../trace.ts';
import { lineToEvent } from './lines.ts';
import type { Arrival } from './pairing.ts';

/** Spans that wait for the store before senders are asked to wait, and until they may go on. */
const CONGESTED_SPANS = 60_000;
const RELIEVED_SPANS = 30_000;

/** How long a collector may be away before what it left open is given up, in ms. */
const AWAY_MS = 10_000;

export interface Collector {
  readonly hello: Hello;
  readonly local: boolean;
  readonly mounts: Map<number, MountRecord>;
  /** Highest number read, and highest that is in a committed transaction. */
  lastSeq: number;
  durableSeq: number;
  /** When the last connection of it ended; null while connected. */
  awaySinceNs: number | null;
  /** Sends an ACK; replaced at every reconnection, as is `send`. */
  ack: (seq: number) => void;
  send: (bytes: Uint8Array) => void;
}

export class Intake {
  readonly #trace: Trace;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #collectors = new Map<string, Collector>();
  readonly #waiting: (() => void)[] = [];
  #pace: Pace = { prompt: false };
  /** A mirror tells of the rules on it. */
  onFaults: (mount: MountRecord, frame: WireFaults) => void = () => {};

  constructor(trace: Trace, store: Store, clock: Clock, host: string) {
    this.#trace = trace;
    this.#store = store;
    this.#clock = clock;
    this.#host = host;
  }

  /** Collectors that are connected now. */
  get connected(): number {
    let count = 0;
    for (const one of this.#collectors.values()) if (one.awaySinceNs === null) count++;
    return count;
  }

  /**
   * Whether senders should wait: the store works but is behind. What they hold back lies in their own bounded rings,
   * not in our memory. A store that fails makes nobody wait; what it cannot take is counted.
   */
  get congested(): boolean {
    const { state, queued } = this.#store.gauges();
    return state === 'ok' && queued > CONGESTED_SPANS;
  }

  /** Resolves when senders may go on. */
  async relieved(): Promise<void> {
    if (!this.congested) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Lets waiting senders go on once there is room; called by the server's own rounds. */
  relieve(): void {
    if (this.#waiting.length === 0) return;
    const { state, queued } = this.#store.gauges();
    if (state === 'ok' && queued > RELIEVED_SPANS) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** An event line of any program. */
  line(line: EventLine): void {
    const nowUs = this.#clock.wallUs();
    const mount = this.#trace.mounts.named(this.#host, line.mount, 'api', nowUs);
    this.#trace.push(lineToEvent(line, 0), mount, {
      instance: null,
      local: false,
      monoNs: this.#clock.monoNs(),
      wallUs: nowUs,
    });
  }

  /** A collector says who it is. A process that was here before goes on where it was. */
  hello(hello: Hello, ack: (seq: number) => void, send: (bytes: Uint8Array) => void = () => {}): Collector {
    const known = this.#collectors.get(hello.instance);
    const kept = Math.max(this.#store.seqs.get(hello.instance) ?? 0, hello.ackedSeq ?? 0);
    const collector: Collector = known ?? {
      hello,
      local: hello.host === this.#host,
      mounts: new Map(),
      lastSeq: kept,
      durableSeq: kept,
      awaySinceNs: null,
      ack,
      send,
    };
    collector.ack = ack;
    collector.send = send;
    collector.awaySinceNs = null;
    this.#collectors.set(hello.instance, collector);
    return collector;
  }

  /** A mount of the collector. A mirror that died leaves its operations to nobody: its successor ends them. */
  mount(collector: Collector, wire: WireMount): void {
    const { hello } = collector;
    const record = this.#trace.mounts.announced(
      hello.host,
      wire,
      hello.kind,
      hello.instance,
      this.#clock.wallUs(),
    );
    collector.mounts.set(wire.index, record);
    if (hello.kind !== 'mirror') return;
    this.#trace.abandon('aborted', (open) => open.mount.id === record.id && open.instance !== hello.instance);
  }

  /** @throws RangeError where a record names a mount that was never announced. */
  batch(collector: Collector, batch: Batch): void {
    const { events } = batch;
    const arrival: Arrival = {
      instance: collector.hello.instance,
      local: collector.local,
      monoNs: this.#clock.monoNs(),
      wallUs: this.#clock.wallUs(),
    };
    // What was sent again after a reconnection has been seen; a hole in the numbers was given up by the sender.
    const seen = Math.min(events.length, Math.max(0, collector.lastSeq - batch.firstSeq + 1));
    const missing = batch.firstSeq - collector.lastSeq - 1;
    const first = events[seen];
    if (missing > 0 && first) {
      const mount = collector.mounts.get(first.mount);
      const only = collector.mounts.size === 1 ? (mount?.id ?? null) : null;
      this.#trace.lost(only, 'collector-ring-full', missing, first.tsUs, first.tsUs);
    }
    for (let i = seen; i < events.length; i++) {
      const event = events[i];
      if (!event) continue;
      const mount = collector.mounts.get(event.mount);
      if (!mount) throw new RangeError(`record names mount ${event.mount}, which was not announced`);
      this.#trace.push(event, mount, arrival);
    }
    collector.lastSeq = Math.max(collector.lastSeq, batch.firstSeq + events.length - 1);
    this.#store.noteSeq(collector.hello.instance, collector.lastSeq);
  }

  loss(collector: Collector, loss: WireLoss): void {
    const mount = loss.index === null ? null : (collector.mounts.get(loss.index)?.id ?? null);
    this.#trace.lost(mount, loss.cause, loss.count, loss.fromUs, loss.toUs);
  }

  faults(collector: Collector, frame: WireFaults): void {
    const mount = collector.mounts.get(frame.index);
    if (mount) this.onFaults(mount, frame);
  }

  /** Whether the collector of a mount is connected. */
  reaches(mount: MountRecord): boolean {
    return this.#collectorOf(mount) !== undefined;
  }

  /** How soon collectors are to tell of events; for one that has just said hello, too. */
  get pace(): Pace {
    return this.#pace;
  }

  set pace(pace: Pace) {
    this.#pace = pace;
    for (const collector of this.#collectors.values())
      if (collector.awaySinceNs === null) collector.send(jsonFrame(FRAME.PACE, pace));
  }

  /** Asks the mirror of a mount for something. False where nobody is there to hear it. */
  control(mount: MountRecord, body: Control): boolean {
    const collector = this.#collectorOf(mount);
    collector?.send(jsonFrame(FRAME.CONTROL, body));
    return collector !== undefined;
  }

  #collectorOf({ instance }: MountRecord): Collector | undefined {
    const collector = instance === null ? undefined : this.#collectors.get(instance);
    return collector?.awaySinceNs === null ? collector : undefined;
  }

  gone(collector: Collector, gone: WireGone): void {
    const mount = collector.mounts.get(gone.index);
    if (!mount) return;
    collector.mounts.delete(gone.index);
    this.#trace.abandon('aborted', (open) => open.mount.id === mount.id);
    this.#trace.mounts.gone(mount, this.#clock.wallUs());
  }

  /** The collector ended in order: nothing more comes of it. */
  bye(collector: Collector): void {
    // A mirror takes its operations with it; those of the kernel go on without us.
    this.#end(collector, collector.hello.kind === 'mirror' ? 'aborted' : 'lost');
  }

  /**
   * Its connection broke; it may come back.
   * @param send of that connection: the next one may have come before the end of this one was heard of.
   */
  away(collector: Collector, send: Collector['send']): void {
    if (collector.send === send) collector.awaySinceNs = this.#clock.monoNs();
  }

  /** What is durable may be forgotten by its sender. */
  durable(instance: string, seq: number): void {
    const collector = this.#collectors.get(instance);
    if (!collector) return;
    collector.durableSeq = Math.max(collector.durableSeq, seq);
    collector.ack(seq);
  }

  /** Gives up collectors that stayed away, and open spans of earlier runs whose collector never came back. */
  expire(startedNs: number): void {
    const nowNs = this.#clock.monoNs();
    for (const collector of this.#collectors.values()) {
      if (collector.awaySinceNs === null || nowNs - collector.awaySinceNs < AWAY_MS * 1e6) continue;
      this.#end(collector, 'lost');
    }
    if (nowNs - startedNs < AWAY_MS * 1e6) return;
    this.#trace.abandon('lost', (open) => open.instance !== null && !this.#collectors.has(open.instance));
  }

  #end(collector: Collector, state: 'aborted' | 'lost'): void {
    const { instance } = collector.hello;
    this.#collectors.delete(instance);
    this.#trace.abandon(state, (open) => open.instance === instance);
    const nowUs = this.#clock.wallUs();
    const { awaySinceNs } = collector;
    const sinceUs = awaySinceNs === null ? nowUs : nowUs - (this.#clock.monoNs() - awaySinceNs) / 1e3;
    for (const mount of collector.mounts.values()) {
      if (mount.instance === instance) this.#trace.mounts.gone(mount, nowUs, sinceUs);
    }
  }
}
