// One channel of one rule: delivers one message after the other, tries again less and less often, and lets the oldest go
// when too many wait. Never throws, never waits for anybody.
import { setTimeout as delay } from 'node:timers/promises';
import type { AlertMessage, Channel, Delivery } from '../../shared/alerts.ts';

const MAX_WAITING = 100;
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;

/** Delivers a message. @throws Error with the reason; `final` on it: it is not worth another try */
export type Send = (message: AlertMessage, signal: AbortSignal) => Promise<void>;

export class FinalError extends Error {
  override name = 'FinalError';
}

export interface QueueOptions {
  rule: string;
  kind: Channel['kind'];
  target: string;
  send: Send;
  /** What became of a message. */
  told: (delivery: Delivery) => void;
  /** Pause after the first failure; it doubles with each. */
  firstPauseMs?: number;
}

export class Queue {
  readonly #options: QueueOptions;
  readonly #waiting: AlertMessage[] = [];
  readonly #abort = new AbortController();
  readonly #counts = { delivered: 0, failed: 0, dropped: 0 };
  #trying: string | null = null;
  #running = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  view(): Channel {
    const { rule, kind, target } = this.#options;
    return { rule, kind, target, waiting: this.#waiting.length, ...this.#counts, trying: this.#trying };
  }

  add(message: AlertMessage): void {
    // The head is on its way; the one behind it is the oldest that can go.
    if (this.#waiting.length >= MAX_WAITING) {
      const [dropped] = this.#waiting.splice(1, 1);
      if (dropped) this.#told(dropped, 'dropped', 0, `more than ${MAX_WAITING} were waiting`);
    }
    this.#waiting.push(message);
    if (!this.#running) void this.#run();
  }

  /** What is on its way is cut off. */
  close(): void {
    this.#waiting.length = 0;
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let message = this.#waiting[0]; message; message = this.#waiting[0]) {
      await this.#deliver(message);
      this.#waiting.shift();
    }
    this.#running = false;
  }

  async #deliver(message: AlertMessage): Promise<void> {
    const { send, firstPauseMs = FIRST_PAUSE_MS } = this.#options;
    const { signal } = this.#abort;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await send(message, signal);
        this.#trying = null;
        this.#told(message, 'delivered', tries, null);
        return;
      } catch (error) {
        this.#trying = error instanceof Error ? error.message : String(error);
        if (tries < MAX_TRIES && !(error instanceof FinalError)) {
          // Cut short by the end, where the loop sees it.
          await delay(firstPauseMs * 2 ** (tries - 1), undefined, { signal }).catch(() => undefined);
          continue;
        }
        this.#told(message, 'failed', tries, this.#trying);
        this.#trying = null;
        return;
      }
    }
  }

  #told(message: AlertMessage, outcome: Delivery['outcome'], tries: number, error: string | null): void {
    this.#counts[outcome]++;
    const { rule, kind, told } = this.#options;
    const { event, text } = message;
    told({ atUs: Date.now() * 1_000, rule, kind, event, text, outcome, tries, error });
  }
}
