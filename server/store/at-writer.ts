// Batches at the writer thread. They are kept until they are written, so that they outlive a writer that ends; and who
// wants to know, waits here until one is.
import type { Batch } from './protocol.ts';

/** A batch that was at hand so often when the writer ended may be why. */
const FATAL_TRIES = 3;

interface Waiter {
  number: number;
  resolve: () => void;
}

export class AtWriter {
  private readonly batches = new Map<number, Batch>();
  private waiters: Waiter[] = [];
  private endings = { batch: 0, count: 0 };
  private nextNumber = 1;
  private rowCount = 0;
  /** When the writer last finished something, or was first given something to do. */
  private movedMs = 0;

  get size(): number {
    return this.batches.size;
  }

  /** Of all batches together. */
  get rows(): number {
    return this.rowCount;
  }

  /** In order of their numbers. */
  all(): Batch[] {
    return [...this.batches.values()];
  }

  /** Number of the batch that has been here the longest. */
  get oldest(): number | undefined {
    const [oldest] = this.batches.keys();
    return oldest;
  }

  /** Number that the next batch is to have. */
  get next(): number {
    return this.nextNumber;
  }

  /** For so long nothing was finished, ms; 0 while there is nothing to do. */
  get idleMs(): number {
    return this.batches.size === 0 ? 0 : performance.now() - this.movedMs;
  }

  add(batch: Batch): void {
    this.nextNumber = batch.number + 1;
    this.rowCount += batch.rows;
    if (this.batches.size === 0) this.movedMs = performance.now();
    this.batches.set(batch.number, batch);
  }

  /** It is written, or given up. @returns null where it was no longer here. */
  remove(number: number): Batch | null {
    const batch = this.batches.get(number);
    if (!batch) return null;
    this.movedMs = performance.now();
    this.batches.delete(number);
    this.rowCount -= batch.rows;
    return batch;
  }

  /** The writer has ended by itself. @returns the number of a batch that has been at hand too often when it did. */
  writerEnded(): number | null {
    const first = this.oldest;
    const { batch, count } = this.endings;
    this.endings = { batch: first ?? 0, count: first === batch ? count + 1 : 1 };
    return first !== undefined && this.endings.count >= FATAL_TRIES ? first : null;
  }

  /** Until a batch and all before it are released, or the time is over. */
  async released(number: number, maxMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = Number.isFinite(maxMs) ? setTimeout(resolve, maxMs) : undefined;
    this.waiters.push({ number, resolve });
    await promise;
    clearTimeout(timer);
    this.waiters = this.waiters.filter((waiter) => waiter.resolve !== resolve);
  }

  /** Ends the waiting for every batch up to this one. */
  release(upTo: number): void {
    for (const waiter of this.waiters) if (waiter.number <= upTo) waiter.resolve();
  }
}
