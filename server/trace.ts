// The joint of the server: events come in, spans, stalls, histograms, losses and live frames go out. It holds
// what is true now; what was is the store's. Everything here is synchronous and bounded.
import { EventEmitter } from 'node:events';
import type { Gap, Gauges, Second } from '../shared/live.ts';
import type { Mount } from '../shared/mount.ts';
import type { Span } from '../shared/span.ts';
import type { Stall, ThresholdRule } from '../shared/stall.ts';
import { LOST, SPAN, type WireEvent } from '../shared/wire/frames.ts';
import type { Clock } from './clock.ts';
import { endedBy } from './diagnosis/ending.ts';
import type { Arrival, OpenSpan, PairingLoss, PairMount, PairSink } from './ingest/pairing.ts';
import { Pairing } from './ingest/pairing.ts';
import { LatencyRecorder } from './latency/recorder.ts';
import { OpenNow } from './live/open-now.ts';
import { Seconds } from './live/seconds.ts';
import { Losses } from './losses.ts';
import type { MountRecord } from './mounts/registry.ts';
import { MountRegistry } from './mounts/registry.ts';
import { mountView } from './mounts/view.ts';
import { isRunning } from './process/alive.ts';
import { StallDetector } from './stalls/detector.ts';
import type { RollupRow, Store } from './store/types.ts';

interface TraceEvents {
  ended: [span: Span];
  raised: [stall: Stall];
  /** What is known of its cause has changed. */
  diagnosed: [stall: Stall];
  closed: [stall: Stall];
  mount: [mount: MountRecord];
  tick: [second: Second, gaps: Gap[]];
  /** Histograms of seconds that are over. */
  latency: [rows: readonly RollupRow[]];
}

export interface TraceOptions {
  store: Store;
  clock: Clock;
  thresholds: readonly ThresholdRule[];
}

export class Trace extends EventEmitter<TraceEvents> implements PairSink {
  readonly mounts: MountRegistry;
  readonly losses = new Losses();
  readonly stalls: StallDetector;
  readonly latency: LatencyRecorder;
  readonly seconds: Seconds;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #pairing: Pairing;
  readonly #open: OpenNow;
  #lagMs = 0;
  #lastLagMs = 0;

  constructor(options: TraceOptions, past: readonly Second[]) {
    super();
    this.#store = options.store;
    this.#clock = options.clock;
    this.latency = new LatencyRecorder({ onSpill: (rows) => this.#putLatency(rows) });
    this.mounts = new MountRegistry(
      options.store.mounts,
      {
        changed: (mount) => this.#store.putMount(mount),
        told: (mount) => this.emit('mount', mount),
      },
      this.#clock.wallUs(),
    );
    this.stalls = new StallDetector(
      { raised: (stall) => this.#raised(stall), closed: (stall) => this.#closedStall(stall) },
      options.store.nextStallId,
      options.thresholds,
      (mountId) => this.mounts.get(mountId)?.fsType ?? null,
    );
    this.#pairing = new Pairing(this, options.store.nextSpanId);
    this.#open = new OpenNow(this.#pairing, this.mounts);
    this.seconds = new Seconds(Math.floor(this.#clock.wallUs() / 1e6), past);
    this.#restore();
  }

  // --- in ---

  push(event: WireEvent, mount: PairMount, arrival: Arrival): void {
    if (arrival.local && event.monoNs > 0 && event.kind !== LOST) {
      const stampNs = event.kind === SPAN ? event.monoNs + (event.durNs ?? 0) : event.monoNs;
      this.#lagMs = Math.max(this.#lagMs, (arrival.monoNs - stampNs) / 1e6);
    }
    this.#pairing.push(event, mount, arrival);
  }

  lost(mountId: number | null, cause: string, count: number, fromUs: number, toUs: number): void {
    this.losses.add(mountId, cause, count, fromUs, toUs);
    this.seconds.lost(count);
    const mount = mountId === null ? undefined : this.mounts.get(mountId);
    if (mount) mount.lost += count;
  }

  /** Ends what a collector, or one of its mounts, left open. */
  abandon(state: 'aborted' | 'lost', which: (open: OpenSpan) => boolean): number {
    return this.#pairing.abandon(state, which);
  }

  // --- PairSink ---

  closed(span: Span, open: OpenSpan | null): void {
    if (span.durationNs !== null && span.state === 'done') {
      const endS = Math.floor((span.startUs + span.durationNs / 1_000) / 1e6);
      this.latency.record(span.mountId, span.op, endS, span.durationNs, span.errno ?? 0);
    }
    if (!this.isDouble(span)) this.seconds.ended(span.errno);
    if (open) this.stalls.ended(open, this.#clock.monoNs(), this.#clock.wallUs());
    if (open?.stored) this.#store.update(span);
    else this.#store.insert(span, open?.instance ?? null);
    this.emit('ended', span);
  }

  loss(cause: PairingLoss, mount: PairMount, atUs: number): void {
    this.lost(mount.id, cause, 1, atUs, atUs);
  }

  /** A stall's diagnosis has changed. */
  diagnosed(stall: Stall): void {
    this.#store.putStall(stall);
    this.emit('diagnosed', stall);
  }

  // --- time ---

  /** Looks at every open span; wants to be called some 20 times a second. */
  check(): void {
    const monoNs = this.#clock.monoNs();
    this.#pairing.expire(monoNs);
    this.#open.survey(monoNs);
    this.stalls.check(this.#open.once(), monoNs, this.#clock.wallUs());
  }

  /** Hands what has gathered to the store, and what has not ended by now as open; wants to be called 10 times a second. */
  flush(): void {
    for (const open of this.#pairing.openSpans()) {
      if (open.stored) continue;
      this.#store.insert(open.span, open.instance);
      open.stored = true;
    }
    this.#store.flush();
  }

  /** Once a second. */
  second(): void {
    const nowUs = this.#clock.wallUs();
    const nowS = Math.floor(nowUs / 1e6);
    this.#lastLagMs = this.#lagMs;
    this.#lagMs = 0;
    const rows = this.latency.takeFinished(nowS);
    if (rows.length > 0) this.#putLatency(rows);
    const over = this.seconds.roll(nowS, this.stalls.open().length);
    this.#store.putSecond(over);
    const gaps = this.losses.settled(nowUs);
    for (const gap of gaps) this.#store.putGap(gap);
    this.emit('tick', over, gaps);
  }

  // --- out ---

  /** Open operations, each once. */
  get openCount(): number {
    return this.#open.count;
  }

  /** Open spans that are shown by name, oldest first; the same array until they change. */
  longOpen(): readonly Span[] {
    return this.#open.long;
  }

  /** Every open span with its age in ms, oldest first. */
  inflight(): { span: Span; ageMs: number }[] {
    return this.#open.aged(this.#clock.monoNs());
  }

  gauges(): Gauges {
    const last = this.seconds.last();
    return {
      nowUs: this.#clock.wallUs(),
      opsPerS: last?.ops ?? 0,
      errorsPerS: last?.errors ?? 0,
      inflight: this.openCount,
      oldestOpenMs: this.#open.oldestMs,
      lost: this.losses.total,
      lagMs: this.#lastLagMs,
      store: this.#store.gauges(),
    };
  }

  /** One of each connection. */
  mountViews(): Mount[] {
    const shown = this.mounts.all().filter((mount) => !this.mounts.isHidden(mount));
    return shown.map((mount) => this.view(mount));
  }

  view(mount: MountRecord): Mount {
    return mountView(mount, {
      ...this.#open.of(mount.id),
      stalled: this.stalls.openOf(mount.id),
      recent: this.latency.view(mount.id),
      inKernel: mount.kind === 'mirror' ? this.mounts.inKernel(mount) : undefined,
      slowMs: this.stalls.thresholds(mount.id, mount.mount, 'getattr').slowMs,
    });
  }

  /** True where lists show an operation by what its mirror tells of it, and leave this one out. */
  isDouble(span: Span): boolean {
    return this.#open.isDouble(span);
  }

  // --- inside ---

  #putLatency(rows: RollupRow[]): void {
    this.#store.putRollups(rows);
    this.emit('latency', rows);
  }

  #raised(stall: Stall): void {
    this.#store.putStall(stall);
    this.emit('raised', stall);
  }

  #closedStall(stall: Stall): void {
    const mount = this.mounts.get(stall.span.mountId);
    stall.endedBy = endedBy(stall, {
      present: mount?.present ?? false,
      dead: mount?.dead ?? false,
      daemonAlive: isRunning(mount?.daemon?.pid ?? null),
    });
    this.#store.putStall(stall);
    this.emit('closed', stall);
  }

  /** Takes up the open spans and stalls of the run before; their EXIT may still come. */
  #restore(): void {
    const nowUs = this.#clock.wallUs();
    const nowNs = this.#clock.monoNs();
    const stallOf = new Map(this.#store.restoredStalls.map((stall) => [stall.span.id, stall]));
    for (const { span, instance } of this.#store.restored) {
      const mount = this.mounts.get(span.mountId);
      if (!mount) continue;
      const open: OpenSpan = {
        span,
        mount,
        instance,
        enterMonoNs: nowNs - Math.max(0, nowUs - span.startUs) * 1_000,
        raiseFromNs: nowNs,
        stored: true,
        stallId: null,
      };
      this.#pairing.restore(open);
      const stall = stallOf.get(span.id);
      if (stall) this.stalls.restore(open, stall);
    }
  }
}
