// Keeps the best tap running that this machine allows: BPF, else tracefs, else none, and says why it is not a better
// one. A tap that ends by itself is started again; one that ends at once is left out for a while.
import type { Tap, TapEvents, TapLoss, TapRecord } from './tap.ts';

export interface TapKind {
  tier: Tap['tier'];
  start(events: TapEvents): Promise<Tap>;
}

export interface SupervisorEvents {
  record(record: TapRecord): void;
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
  readonly #leftOutUntilMs = new Map<Tap['tier'], number>();
  #tap: Tap | null = null;
  #startedMs = 0;
  #closed = false;
  #starting = true;
  #timer: NodeJS.Timeout | null = null;

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
    await this.#startBest();
    this.#starting = false;
    if (!this.#closed) this.#events.changed();
  }

  async #startBest(): Promise<void> {
    for (const kind of this.#kinds) {
      if (this.#closed) return;
      if (performance.now() < (this.#leftOutUntilMs.get(kind.tier) ?? 0)) continue;
      let ended = false;
      try {
        const tap = await kind.start({
          record: (record) => this.#events.record(record),
          loss: (loss) => this.#events.loss(loss),
          ended: (reason) => {
            ended = true;
            this.#ended(kind, reason);
          },
        });
        if (this.#closed) return void (await tap.close());
        if (ended) continue;
        this.#tap = tap;
        this.#startedMs = performance.now();
        this.#reasons.delete(kind.tier);
        return;
      } catch (error) {
        this.#reasons.set(kind.tier, (error as Error).message);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#tap?.close();
  }

  #ended(kind: TapKind, reason: string): void {
    this.#reasons.set(kind.tier, reason);
    if (this.#closed || this.#tap?.tier !== kind.tier) return;
    this.#tap = null;
    this.#starting = true;
    if (performance.now() - this.#startedMs < SHORT_MS)
      this.#leftOutUntilMs.set(kind.tier, performance.now() + LEFT_OUT_MS);
    this.#events.changed();
    this.#timer = setTimeout(() => void this.start(), 0);
  }
}
