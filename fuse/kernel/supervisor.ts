// Keeps the best tap running that this machine allows: BPF, else tracefs, else none, and says why it is not a better
// one. A tap that ends by itself is started again; one that ends at once is left out for a while.
import type { Tap, TapEvents, TapLoss, TapName, TapRecord } from './tap.ts';

export interface TapKind {
  tier: Tap['tier'];
  start(events: TapEvents): Promise<Tap>;
}

export interface SupervisorEvents {
  record(record: TapRecord): void;
  name(name: TapName): void;
  loss(loss: TapLoss): void;
  /** Another tap runs, or none. */
  changed(): void;
}

const NAMES = { bpf: 'no BPF', tracefs: 'no tracefs' } as const;
/** A tap that ran shorter than this is not started again before LEFT_OUT_MS. */
const SHORT_MS = 10_000;
const LEFT_OUT_MS = 60_000;

export class TapSupervisor {
  readonly #kinds: readonly TapKind[];
  readonly #events: SupervisorEvents;
  readonly #reasons = new Map<Tap['tier'], string>();
  readonly #leftOut = new Set<Tap['tier']>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #tap: Tap | null = null;
  #startedMs = 0;
  #starting = true;
  /** Since when nobody has listened; null before the first tap and while one runs. */
  #silentSinceNs: number | null = null;
  #closed = false;

  /** @param kinds best first. */
  constructor(kinds: readonly TapKind[], events: SupervisorEvents) {
    this.#kinds = kinds;
    this.#events = events;
  }

  get tap(): Tap | null {
    return this.#tap;
  }

  /** True until it is known which tap can be had. */
  get starting(): boolean {
    return this.#starting;
  }

  /** Why there is no better tap than the one that runs, and what it is not sure of; null where all is well. */
  get reason(): string | null {
    const missing: string[] = [];
    for (const { tier } of this.#kinds) {
      if (tier === this.#tap?.tier) break;
      missing.push(`${NAMES[tier]}: ${this.#reasons.get(tier) ?? 'not started yet'}`);
    }
    const doubts = this.#tap?.doubts ?? [];
    return missing.length + doubts.length === 0 ? null : [...missing, ...doubts].join('; ');
  }

  /** Starts the best that can be started. */
  async start(): Promise<void> {
    this.#starting = true;
    for (const kind of this.#kinds) {
      if (this.#closed || this.#tap) break;
      if (!this.#leftOut.has(kind.tier)) await this.#try(kind);
    }
    this.#starting = false;
    if (!this.#closed) this.#events.changed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#tap?.close();
  }

  async #try(kind: TapKind): Promise<void> {
    let ended = false;
    try {
      const tap = await kind.start({
        record: (record) => this.#events.record(record),
        name: (name) => this.#events.name(name),
        loss: (loss) => this.#events.loss(loss),
        ended: (reason) => {
          ended = true;
          this.#ended(kind, reason);
        },
      });
      if (this.#closed) return await tap.close();
      if (ended) return;
      this.#tap = tap;
      this.#startedMs = performance.now();
      this.#reasons.delete(kind.tier);
      this.#heardAgain();
    } catch (error) {
      this.#reasons.set(kind.tier, (error as Error).message);
    }
  }

  /** How much was missed is not known, only from when to when. */
  #heardAgain(): void {
    if (this.#silentSinceNs !== null)
      this.#events.loss({
        connection: null,
        cause: 'tap-ended',
        count: 1,
        fromNs: this.#silentSinceNs,
        toNs: monotonicNs(),
      });
    this.#silentSinceNs = null;
  }

  #ended(kind: TapKind, reason: string): void {
    this.#reasons.set(kind.tier, reason);
    if (this.#closed || this.#tap?.tier !== kind.tier) return;
    if (performance.now() - this.#startedMs < SHORT_MS) {
      this.#leftOut.add(kind.tier);
      this.#after(LEFT_OUT_MS, () => void this.#takeBack(kind.tier));
    }
    this.#silence();
    this.#events.changed();
    this.#after(0, () => void this.start());
  }

  /** A tap that was left out may be tried again, in place of the lesser one that runs. */
  async #takeBack(tier: Tap['tier']): Promise<void> {
    this.#leftOut.delete(tier);
    // What is being started may have passed it over already.
    if (this.#starting) return this.#after(SHORT_MS, () => void this.#takeBack(tier));
    if (this.#tap?.tier === tier) return;
    const lesser = this.#tap;
    if (lesser) this.#silence();
    await lesser?.close();
    await this.start();
  }

  #silence(): void {
    this.#tap = null;
    this.#starting = true;
    this.#silentSinceNs = monotonicNs();
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

function monotonicNs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
}
