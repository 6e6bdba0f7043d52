// The store as the main thread sees it: gathers what is put, hands it to the writer thread in batches, asks the
// reader thread. Nothing here waits for the disk. What may wait is bounded; beyond that spans are given up and counted.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { Gap, Gauges, Second } from '../../shared/live.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import { CodedError } from '../errors.ts';
import { Encoder } from './encoder.ts';
import { KeptThread } from './kept-thread.ts';
import { Pending } from './pending.ts';
import { type Place, placeOf } from './place.ts';
import type {
  Batch,
  Found,
  FromReader,
  FromWriter,
  Query,
  StoreFacts,
  ToReader,
  ToWriter,
  WriterOptions,
} from './protocol.ts';
import { ReaderClient } from './reader-client.ts';
import { Reads } from './reads.ts';
import type { RestoredSpan, RollupRow, Store, StoredMount, StoreOptions } from './types.ts';
import { firstMessage, startReader, startWorker } from './workers.ts';

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
/** A writer that has finished nothing for so long waits for its disk. */
const HANGS_MS = 3_000;
/** A batch that was at hand so often when the writer ended may be why: it is given up. */
const FATAL_TRIES = 3;

interface Waiter {
  number: number;
  resolve: () => void;
}

/** @throws CodedError FUSESCOPE_STORE where the file cannot be used, FUSESCOPE_CONFLICT where it is in use */
export async function openStore(options: StoreOptions): Promise<Store> {
  const place = placeOf(options.file);
  const reader = startReader();
  let writer: Worker | null = null;
  try {
    await once(reader, 'online');
    // Then both load their code at the same time, which takes longer than opening the file.
    writer = startWriter(place, options, false);
    const found = await firstMessage<FromWriter, Found>(writer, (message) =>
      message.type === 'ready' ? message.found : null,
    );
    reader.postMessage({ type: 'open', file: place.file, nowUs: null } satisfies ToReader);
    await firstMessage<FromReader, true>(reader, (message) => (message.type === 'ready' ? true : null));
    place.unlink();
    return new WorkerStore(options, place, found, writer, reader);
  } catch (error) {
    place.unlink();
    await Promise.all([writer?.terminate(), reader.terminate()]);
    throw error;
  }
}

function startWriter(place: Place, { maxBytes, maxAgeS }: StoreOptions, again: boolean): Worker {
  const workerData = { file: place.file, named: place.named, maxBytes, maxAgeS, again };
  return startWorker(new URL('./writer.ts', import.meta.url), workerData satisfies WriterOptions);
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
  private place: Place;
  private readonly writer: KeptThread<FromWriter>;
  private readonly readerThread: KeptThread<FromReader>;
  private readonly reader: ReaderClient;
  private readonly encoder: Encoder;
  private readonly known: { mounts: Map<number, StoredMount>; settings: Map<string, string> };
  private readonly pending = new Pending();
  /** At the writer; kept until they are written, so that they outlive it. */
  private readonly batches = new Map<number, Batch>();
  private endings = { batch: 0, count: 0 };
  /** When the writer last finished something, or was first given something to do. */
  private movedMs = 0;
  private renewing = false;
  private waiters: Waiter[] = [];
  private nextBatch = 1;
  private waitingRows = 0;
  private givenUp = 0;
  /** What does not work now, and why. */
  private readonly troubles = new Map<'disk' | 'writing' | 'reading', string>();
  /** What has happened to the database, for people. */
  private notice: string | null = null;
  private facts: StoreFacts;
  private closing: Promise<void> | null = null;

  constructor(options: StoreOptions, place: Place, found: Found, writer: Worker, reader: Worker) {
    super();
    this.options = options;
    this.place = place;
    this.writer = new KeptThread<FromWriter>(writer, {
      start: () => this.startWriter(),
      message: (message) => this.fromWriter(message),
      gone: (why) => this.writerGone(why),
      again: () => {},
    });
    this.reader = new ReaderClient(reader);
    this.readerThread = new KeptThread<FromReader>(reader, {
      start: startReader,
      message: (message) => this.fromReader(message),
      gone: (why) => this.readerGone(why),
      again: () => {
        this.reader.use(this.readerThread.worker);
        // A file without a name cannot be opened a second time.
        if (this.place.named) this.openReader();
        else this.writer.fail('the other one needs its file anew');
      },
    });
    this.nextSpanId = found.nextSpanId;
    this.nextStallId = found.nextStallId;
    this.nextAuditId = found.nextAuditId;
    this.restored = found.restored;
    this.restoredStalls = found.restoredStalls;
    this.seqs = new Map(found.seqs);
    this.setAside = found.setAside;
    if (found.setAside !== null) this.notice = setAsideNotice(found.setAside);
    this.facts = found.facts;
    this.known = {
      mounts: new Map(found.mounts.map((mount) => [mount.id, mount])),
      settings: new Map(found.settings),
    };
    const epochS = Math.max(MIN_EPOCH_S, Math.min(MAX_EPOCH_S, Math.floor(options.maxAgeS / 24)));
    const { firstIds, nextSpanId } = found;
    const { maxStrings } = options;
    this.encoder = new Encoder({
      firstIds,
      nextSpanId,
      epochS,
      nowS: nowS(),
      ...(maxStrings && { maxStrings }),
    });
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
      this.options.onLost?.(this.isFailing ? 'store-failing' : 'store-behind', this.givenUp);
      this.givenUp = 0;
    }
    const hungMs = performance.now() - this.movedMs;
    if (this.batches.size > 0 && hungMs >= HANGS_MS && !this.isFailing)
      this.trouble('disk', `the disk has taken nothing for ${HANGS_MS / 1_000} s and more`);
    if (this.batches.size >= MAX_BATCHES || this.closing) return;
    this.handOver();
  }

  audit(limit: number, cursor: string | null) {
    return this.ask<{ items: Audit[]; nextCursor: string | null }>({ kind: 'audit', limit, cursor });
  }

  gauges(): Gauges['store'] {
    const [trouble] = this.troubles.values();
    return {
      state: this.isFailing ? 'failing' : 'ok',
      message: trouble ?? this.notice,
      ...this.facts,
      maxBytes: this.options.maxBytes,
      queued: this.queued,
    };
  }

  async settled(): Promise<void> {
    await this.settle(Number.POSITIVE_INFINITY);
  }

  async moved(): Promise<void> {
    if (this.closing) throw closingError();
    this.flush();
    const [oldest] = this.batches.keys();
    if (oldest !== undefined) await this.written(oldest, Number.POSITIVE_INFINITY);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private get queued(): number {
    return this.waitingRows + this.encoder.rows;
  }

  private get isFailing(): boolean {
    return this.troubles.size > 0;
  }

  private handOver(): void {
    if (this.encoder.rows > 0 || !this.pending.isEmpty) {
      const batch: Batch = { number: this.nextBatch++, ...this.encoder.take(), ...this.pending.take() };
      this.waitingRows += batch.rows;
      if (this.batches.size === 0) this.movedMs = performance.now();
      this.batches.set(batch.number, batch);
      // Another writer gets everything once it is ready.
      if (!this.troubles.has('writing')) this.toWriter({ type: 'batch', batch });
    }
    this.encoder.renewEpoch(nowS());
  }

  /** Waits until what was put before is committed, so that an answer has it; not where the disk takes nothing. */
  private async settle(maxMs = SETTLE_MS): Promise<void> {
    this.flush();
    if (this.batches.size > 0) await this.written(this.nextBatch - 1, maxMs);
  }

  private async written(number: number, maxMs: number): Promise<void> {
    if (this.isFailing || this.closing) return;
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
        this.writer.isWell();
        this.facts = message.facts;
        this.trouble('disk', null);
        this.done(message.number);
        break;
      case 'given-up':
        this.giveUp(message.number, message.message);
        break;
      case 'facts':
        this.writer.isWell();
        this.facts = message.facts;
        break;
      case 'state':
        this.trouble('disk', message.message);
        if (message.reopens) this.reader.post({ type: 'release' });
        break;
      case 'renewed':
        this.renewed(message.setAside, message.message);
        break;
      case 'ready':
        // Of the first one openStore took it.
        this.writerAgain(message.found);
        break;
      case 'refused':
        this.writer.fail(message.message);
        break;
    }
  }

  /** The file is another one now, in which nothing is known. */
  private renewed(setAside: string | null, text: string): void {
    this.renewing = true;
    this.setAside = setAside ?? this.setAside;
    this.toWriter({
      type: 'strings',
      strings: this.encoder.strings(),
      mounts: [...this.known.mounts.values()],
    });
    for (const [name, json] of this.known.settings) this.pending.setting(name, json);
    this.openReader();
    this.notice = text;
    this.options.onState?.(this.isFailing ? 'failing' : 'ok', text);
  }

  private startWriter(): Worker {
    // What has no name went with the thread that held it open.
    if (!this.place.named) this.place = placeOf(this.options.file);
    return startWriter(this.place, this.options, true);
  }

  private writerGone(why: string): void {
    const [first] = this.batches.keys();
    const { batch, count } = this.endings;
    this.endings = { batch: first ?? 0, count: first === batch ? count + 1 : 1 };
    const text = `the thread that writes has ended (${why}) and is started again`;
    this.trouble('writing', text);
    // The last one may have been told of the disk by the one that has gone.
    this.troubles.delete('disk');
    if (first !== undefined && this.endings.count >= FATAL_TRIES) this.giveUp(first, text);
  }

  /** Another writer has opened the file: it gets what its predecessor had not written. */
  private writerAgain(found: Found): void {
    for (const number of [...this.batches.keys()]) if (number <= found.lastBatch) this.done(number);
    this.facts = found.facts;
    if (found.setAside !== null) this.renewed(found.setAside, setAsideNotice(found.setAside));
    else if (!this.place.named)
      this.renewed(null, 'the thread that kept the trace has ended; it begins anew');
    for (const batch of this.batches.values()) this.toWriter({ type: 'batch', batch });
    this.trouble('writing', null);
  }

  private fromReader(message: FromReader): void {
    if (message.type === 'refused') this.readerThread.fail(message.message);
    else if (message.type === 'ready') {
      this.place.unlink();
      this.readerThread.isWell();
      this.renewing = false;
      this.trouble('reading', null);
      return;
    }
    // What it answers until it has opened the new file is still of the old one.
    if (message.type === 'error' && message.broken && !this.renewing && !this.troubles.has('writing')) {
      this.renewing = true;
      this.toWriter({ type: 'broken' });
    }
    this.reader.receive(message);
  }

  private readerGone(why: string): void {
    const text = `the thread that reads has ended (${why}) and is started again`;
    this.trouble('reading', text);
    this.reader.rejectAll(new CodedError('FUSESCOPE_STORE', `${text}. Ask again`));
  }

  private openReader(): void {
    this.reader.post({ type: 'open', file: this.place.file, nowUs: null });
  }

  /** @param why null: it works again. */
  private trouble(part: 'disk' | 'writing' | 'reading', why: string | null): void {
    const before = this.troubles.get(part) ?? null;
    if (before === why) return;
    if (why === null) this.troubles.delete(part);
    else this.troubles.set(part, why);
    const [worst = null] = this.troubles.values();
    this.options.onState?.(this.isFailing ? 'failing' : 'ok', worst);
    if (this.isFailing) this.releaseWaiters(Number.POSITIVE_INFINITY);
  }

  private giveUp(number: number, why: string): void {
    this.options.onLost?.('store-failing', this.batches.get(number)?.rows ?? 0);
    this.notice = why;
    this.done(number);
  }

  private done(number: number): void {
    const batch = this.batches.get(number);
    if (!batch) return;
    this.movedMs = performance.now();
    this.batches.delete(number);
    this.waitingRows -= batch.rows;
    this.encoder.recycle(batch.chunks.map((chunk) => chunk.rows));
    for (const [instance, seq] of batch.seqs) this.options.onDurable?.(instance, seq);
    this.releaseWaiters(number);
    if (this.batches.size === 0 && this.encoder.rows > 0) this.flush();
  }

  private releaseWaiters(upTo: number): void {
    for (const waiter of this.waiters) if (waiter.number <= upTo) waiter.resolve();
  }

  private async end(): Promise<void> {
    this.reader.rejectAll(closingError());
    this.handOver();
    // The writer closes last: then SQLite folds its log into the file and removes it.
    await this.readerThread.close(() => this.reader.post({ type: 'close' }));
    await this.writer.close(() => this.toWriter({ type: 'close' }));
    this.place.unlink();
    const unwritten = this.queued + this.givenUp;
    if (unwritten > 0) this.options.onLost?.('store-failing', unwritten);
  }

  private toWriter(message: ToWriter): void {
    this.writer.post(message);
  }
}

function setAsideNotice(file: string): string {
  return `the database could not be read and was set aside as ${file}; a new one was begun`;
}

function closingError(): CodedError {
  return new CodedError('FUSESCOPE_STORE', 'the store is closing. Try again once the server runs');
}

function nowS(): number {
  return Math.floor(Date.now() / 1_000);
}
