// The store as the main thread sees it: gathers what is put, hands it to the writer thread in batches, asks the
// reader thread. Nothing here waits for the disk. What may wait is bounded; beyond that spans are given up and counted.
import type { Worker } from 'node:worker_threads';
import type { Gap, Gauges, Second } from '../../shared/live.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import { CodedError } from '../errors.ts';
import { Encoder } from './encoder.ts';
import { Pending } from './pending.ts';
import { placeOf } from './place.ts';
import type {
  Batch,
  Found,
  FromReader,
  FromWriter,
  Query,
  StoreFacts,
  ToReader,
  ToWriter,
} from './protocol.ts';
import { ReaderClient } from './reader-client.ts';
import { Reads } from './reads.ts';
import type { RestoredSpan, RollupRow, Store, StoredMount, StoreOptions } from './types.ts';
import { ended, firstMessage, startWorker } from './workers.ts';

/** Spans that may wait, some 90 MB; updates of spans that are stored open may go a little further. */
const MAX_WAITING = 400_000;
const MAX_WAITING_UPDATES = 420_000;
/** Batches at the writer; while they are there, what is put waits here and goes as one. */
const MAX_BATCHES = 6;
/** A question waits so long for what was put before it. */
const SETTLE_MS = 5_000;
/** A stretch of the dictionaries, and the step in which old spans go. */
const MAX_EPOCH_S = 3_600;
const MIN_EPOCH_S = 10;

interface Waiter {
  number: number;
  resolve: () => void;
}

/** @throws CodedError FUSESCOPE_STORE where the file cannot be used, FUSESCOPE_CONFLICT where it is in use */
export async function openStore(options: StoreOptions): Promise<Store> {
  const place = placeOf(options.file);
  const { maxBytes, maxAgeS } = options;
  const writer = startWorker(new URL('./writer.ts', import.meta.url), {
    file: place.file,
    named: place.named,
    maxBytes,
    maxAgeS,
  });
  // Both start at once: loading their code takes longer than opening the file.
  const reader = startWorker(new URL('./reader.ts', import.meta.url), null);
  try {
    const found = await firstMessage<FromWriter, Found>(writer, (message) =>
      message.type === 'ready' ? message.found : null,
    );
    reader.postMessage({ type: 'open', file: place.file, nowUs: null } satisfies ToReader);
    await firstMessage<FromReader, true>(reader, (message) => (message.type === 'ready' ? true : null));
    place.unlink();
    return new WorkerStore(options, place.file, found, writer, reader);
  } catch (error) {
    place.unlink();
    await Promise.all([writer.terminate(), reader.terminate()]);
    throw error;
  }
}

class WorkerStore extends Reads implements Store {
  readonly nextSpanId: number;
  readonly nextStallId: number;
  readonly nextAuditId: number;
  readonly restored: readonly RestoredSpan[];
  readonly restoredStalls: readonly Stall[];
  readonly seqs: ReadonlyMap<string, number>;
  setAside: string | null;

  private readonly options: StoreOptions;
  private readonly file: string;
  private readonly writer: Worker;
  private readonly reader: ReaderClient;
  private readonly encoder: Encoder;
  private readonly known: { mounts: Map<number, StoredMount>; settings: Map<string, string> };
  private readonly pending = new Pending();
  private readonly batches = new Map<number, { rows: number; seqs: [string, number][] }>();
  private waiters: Waiter[] = [];
  private nextBatch = 1;
  private waitingRows = 0;
  private givenUp = 0;
  private state: 'ok' | 'failing' = 'ok';
  private message: string | null = null;
  private facts: StoreFacts;
  private closing: Promise<void> | null = null;

  constructor(options: StoreOptions, file: string, found: Found, writer: Worker, reader: Worker) {
    super();
    this.options = options;
    this.file = file;
    this.writer = writer;
    this.reader = new ReaderClient(reader);
    this.nextSpanId = found.nextSpanId;
    this.nextStallId = found.nextStallId;
    this.nextAuditId = found.nextAuditId;
    this.restored = found.restored;
    this.restoredStalls = found.restoredStalls;
    this.seqs = new Map(found.seqs);
    this.setAside = found.setAside;
    this.facts = found.facts;
    this.known = {
      mounts: new Map(found.mounts.map((mount) => [mount.id, mount])),
      settings: new Map(found.settings),
    };
    const epochS = Math.max(MIN_EPOCH_S, Math.min(MAX_EPOCH_S, Math.floor(options.maxAgeS / 24)));
    this.encoder = new Encoder(found.firstIds, found.nextSpanId, epochS, nowS());
    writer.on('message', (message: FromWriter) => this.fromWriter(message));
    for (const worker of [writer, reader]) {
      worker.on('error', (error: Error) => this.workerEnded(worker, error));
      worker.on('exit', () => this.workerEnded(worker, new Error('its thread ended')));
    }
  }

  get mounts(): readonly StoredMount[] {
    return [...this.known.mounts.values()];
  }

  get settings(): ReadonlyMap<string, string> {
    return this.known.settings;
  }

  putMount(mount: StoredMount): void {
    const copy = { ...mount };
    this.known.mounts.set(mount.id, copy);
    this.pending.mount(copy);
  }

  insert(span: Span, instance: string | null): void {
    if (this.queued >= MAX_WAITING) this.givenUp++;
    else this.encoder.add(span, instance, true);
  }

  update(span: Span): void {
    if (this.queued >= MAX_WAITING_UPDATES) this.givenUp++;
    else this.encoder.add(span, null, false);
  }

  putRollups(rows: readonly RollupRow[]): void {
    this.pending.addRollups(rows);
  }

  putSecond(second: Second): void {
    this.pending.second(second);
  }

  putStall(stall: Stall): void {
    this.pending.stall(structuredClone(stall));
  }

  putAudit(audit: Audit): void {
    this.pending.audit({ ...audit });
  }

  putSnapshot(groupId: number, snapshot: StallSnapshot): void {
    this.pending.snapshot(groupId, snapshot);
  }

  putGap(gap: Gap): void {
    this.pending.gap(gap);
  }

  putSetting(name: string, json: string): void {
    this.known.settings.set(name, json);
    this.pending.setting(name, json);
  }

  noteSeq(instance: string, seq: number): void {
    this.pending.seq(instance, seq);
  }

  flush(): void {
    if (this.givenUp > 0) {
      this.options.onLost?.(this.state === 'failing' ? 'store-failing' : 'store-behind', this.givenUp);
      this.givenUp = 0;
    }
    if (this.batches.size >= MAX_BATCHES || this.closing) return;
    this.handOver();
  }

  audit(limit: number, cursor: string | null) {
    return this.ask<{ items: Audit[]; nextCursor: string | null }>({ kind: 'audit', limit, cursor });
  }

  gauges(): Gauges['store'] {
    const { state, message } = this;
    return { state, message, ...this.facts, maxBytes: this.options.maxBytes, queued: this.queued };
  }

  async settled(): Promise<void> {
    await this.settle(Number.POSITIVE_INFINITY);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private get queued(): number {
    return this.waitingRows + this.encoder.rows;
  }

  private handOver(): void {
    if (this.encoder.rows > 0 || !this.pending.isEmpty) {
      const batch: Batch = { number: this.nextBatch++, ...this.encoder.take(), ...this.pending.take() };
      this.waitingRows += batch.rows;
      this.batches.set(batch.number, { rows: batch.rows, seqs: batch.seqs });
      const buffers = batch.chunks.map((chunk) => chunk.rows.buffer);
      this.toWriter({ type: 'batch', batch }, buffers);
    }
    this.encoder.renewEpoch(nowS());
  }

  /** Waits until what was put before is committed, so that an answer has it; not where the disk takes nothing. */
  private async settle(maxMs = SETTLE_MS): Promise<void> {
    this.flush();
    if (this.state === 'failing' || this.batches.size === 0 || this.closing) return;
    const number = this.nextBatch - 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = Number.isFinite(maxMs) ? setTimeout(resolve, maxMs) : undefined;
    this.waiters.push({ number, resolve });
    await promise;
    clearTimeout(timer);
    this.waiters = this.waiters.filter((waiter) => waiter.resolve !== resolve);
  }

  protected async ask<T>(query: Query): Promise<T> {
    await this.settle();
    if (this.closing) throw closingError();
    return this.reader.ask<T>(query);
  }

  private fromWriter(message: FromWriter): void {
    switch (message.type) {
      case 'written':
        this.encoder.recycle(message.buffers);
        this.facts = message.facts;
        this.done(message.number);
        break;
      case 'given-up':
        this.options.onLost?.('store-failing', this.batches.get(message.number)?.rows ?? 0);
        this.message = message.message;
        this.done(message.number);
        break;
      case 'facts':
        this.facts = message.facts;
        break;
      case 'state':
        this.state = message.state;
        this.message = message.message;
        this.options.onState?.(message.state, message.message);
        if (message.state === 'failing') this.releaseWaiters(Number.POSITIVE_INFINITY);
        break;
      case 'renewed':
        this.setAside = message.setAside ?? this.setAside;
        this.toWriter({
          type: 'strings',
          strings: this.encoder.strings(),
          mounts: [...this.known.mounts.values()],
        });
        for (const [name, json] of this.known.settings) this.pending.setting(name, json);
        this.reader.post({ type: 'open', file: this.file, nowUs: null });
        this.message = message.message;
        this.options.onState?.(this.state, message.message);
        break;
      case 'ready':
      case 'refused':
        // Only ever the first message; see openStore.
        break;
    }
  }

  private done(number: number): void {
    const batch = this.batches.get(number);
    this.batches.delete(number);
    this.waitingRows -= batch?.rows ?? 0;
    for (const [instance, seq] of batch?.seqs ?? []) this.options.onDurable?.(instance, seq);
    this.releaseWaiters(number);
    if (this.batches.size === 0 && this.encoder.rows > 0) this.flush();
  }

  private releaseWaiters(upTo: number): void {
    for (const waiter of this.waiters) if (waiter.number <= upTo) waiter.resolve();
  }

  private workerEnded(worker: Worker, error: Error): void {
    if (this.closing) return;
    const which = worker === this.writer ? 'writing' : 'reading';
    const failure = new CodedError(
      'FUSESCOPE_STORE',
      `the store has stopped ${which} (${error.message}). Restart the server`,
    );
    this.state = 'failing';
    this.message = failure.message;
    this.options.onState?.('failing', failure.message);
    this.releaseWaiters(Number.POSITIVE_INFINITY);
    if (worker === this.reader.worker) this.reader.rejectAll(failure);
  }

  private async end(): Promise<void> {
    this.reader.rejectAll(closingError());
    this.handOver();
    // The writer closes last: then SQLite folds its log into the file and removes it.
    await ended(this.reader.worker, () => this.reader.post({ type: 'close' }));
    await ended(this.writer, () => this.toWriter({ type: 'close' }));
    const unwritten = this.queued + this.givenUp;
    if (unwritten > 0) this.options.onLost?.('store-failing', unwritten);
    await Promise.all([this.writer.terminate(), this.reader.worker.terminate()]);
  }

  private toWriter(message: ToWriter, transfer: ArrayBuffer[] = []): void {
    this.writer.postMessage(message, transfer);
  }
}

function closingError(): CodedError {
  return new CodedError('FUSESCOPE_STORE', 'the store is closing. Try again once the server runs');
}

function nowS(): number {
  return Math.floor(Date.now() / 1_000);
}
