// A thread of the store that is started again when it has ended by itself (a bug, no memory): soon at first, then less
// and less often. What it is to do then is its owner's matter.
import type { Worker } from 'node:worker_threads';
import { ended } from './workers.ts';

export interface KeptThreadOptions<M> {
  start(): Worker;
  message(message: M): void;
  /** It has ended by itself; another one follows. */
  gone(why: string): void;
  /** Another one runs. */
  again(): void;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

export class KeptThread<M> {
  private readonly options: KeptThreadOptions<M>;
  private current: Worker;
  private isUp = true;
  private pauseMs = FIRST_PAUSE_MS;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  /** @param first runs already. */
  constructor(first: Worker, options: KeptThreadOptions<M>) {
    this.options = options;
    this.current = first;
    this.listen(first);
  }

  get worker(): Worker {
    return this.current;
  }

  /** Lost where no thread runs. */
  post(message: unknown): void {
    this.current.postMessage(message);
  }

  /** It does its work: the next time it ends, another one follows soon. */
  isWell(): void {
    this.pauseMs = FIRST_PAUSE_MS;
  }

  /** It cannot do its work; another one is tried. */
  fail(why: string): void {
    this.lost(this.current, why);
    void this.current.terminate();
  }

  /** Asks it to end, and waits for that, within limits. */
  async close(ask: () => void): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    await ended(this.current, ask);
    await this.current.terminate();
  }

  private listen(worker: Worker): void {
    worker.on('message', (message: M) => {
      if (worker === this.current) this.options.message(message);
    });
    worker.on('error', (error: Error) => this.lost(worker, error.message));
    worker.on('exit', () => this.lost(worker, 'it ended'));
  }

  private lost(worker: Worker, why: string): void {
    if (this.closed || worker !== this.current || !this.isUp) return;
    this.isUp = false;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.isUp = true;
      this.current = this.options.start();
      this.listen(this.current);
      this.options.again();
    }, this.pauseMs);
    this.pauseMs = Math.min(MAX_PAUSE_MS, this.pauseMs * 2);
    this.options.gone(why);
  }
}
