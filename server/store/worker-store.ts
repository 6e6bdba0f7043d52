// The store as the main thread sees it: hands what was put to the writer thread in batches, asks the reader thread, and
// goes on when one of them ends by itself. Nothing here waits for the disk.
import type { Worker } from 'node:worker_threads';
import type { Gauges } from '../../shared/live.ts';
import type { Retention } from '../../shared/settings.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import { CodedError } from '../errors.ts';
import { AtWriter } from './at-writer.ts';
import { KeptThread } from './kept-thread.ts';
import { type Place, placeOf } from './place.ts';
import type { Batch, Found, FromReader, FromWriter, Query, StoreFacts, ToWriter } from './protocol.ts';
import { Puts } from './puts.ts';
import { ReaderClient } from './reader-client.ts';
import type { RestoredSpan, Store, StoreOptions } from './types.ts';
import { startReader, startWriter } from './workers.ts';

/** Batches at the writer; while they are there, what is put waits here and goes as one. */
const MAX_BATCHES = 6;
/** A question waits so long for what was put before it. */
const SETTLE_MS = 5_000;
/** A writer that has finished nothing for so long waits for its disk. */
const HANGS_MS = 3_000;
export class WorkerStore extends Puts implements Store {
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
  private readonly atWriter = new AtWriter();
  private renewing = false;
  /** What does not work now, and why. */
  private readonly troubles = new Map<'disk' | 'writing' | 'reading', string>();
  /** What has happened to the database, for people. */
  private notice: string | null = null;
  private facts: StoreFacts;
  private closing: Promise<void> | null = null;

  constructor(options: StoreOptions, place: Place, found: Found, writer: Worker, reader: Worker) {
    super(options, found);
    this.options = options;
    this.place = place;
    this.writer = new KeptThread<FromWriter>(writer, {
      start: () => this.anotherWriter(),
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
  }

  keep(retention: Retention | null): void {
    this.putRetention(retention);
    this.toWriter({ type: 'limits', limits: this.limits });
  }

  protected get rowsAtWriter(): number {
    return this.atWriter.rows;
  }

  flush(): void {
    const givenUp = this.takeGivenUp();
    if (givenUp > 0) this.options.onLost?.(this.isFailing ? 'store-failing' : 'store-behind', givenUp);
    if (this.atWriter.idleMs >= HANGS_MS && !this.isFailing)
      this.trouble('disk', `the disk has taken nothing for ${HANGS_MS / 1_000} s and more`);
    if (this.atWriter.size >= MAX_BATCHES || this.closing) return;
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
      maxBytes: this.limits.maxBytes,
      queued: this.queued,
    };
  }

  async settled(): Promise<void> {
    await this.settle(Number.POSITIVE_INFINITY);
  }

  async moved(): Promise<void> {
    if (this.closing) throw closingError();
    this.flush();
    const { oldest } = this.atWriter;
    if (oldest !== undefined) await this.written(oldest, Number.POSITIVE_INFINITY);
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private get isFailing(): boolean {
    return this.troubles.size > 0;
  }

  private handOver(): void {
    const batch = this.take(this.atWriter.next);
    if (batch === null) return;
    this.atWriter.add(batch);
    // Another writer gets everything once it is ready.
    if (!this.troubles.has('writing')) this.toWriter({ type: 'batch', batch });
  }

  /** Waits until what was put before is committed, so that an answer has it; not where the disk takes nothing. */
  private async settle(maxMs = SETTLE_MS): Promise<void> {
    this.flush();
    if (this.atWriter.size > 0) await this.written(this.atWriter.next - 1, maxMs);
  }

  private async written(number: number, maxMs: number): Promise<void> {
    if (this.isFailing || this.closing) return;
    await this.atWriter.released(number, maxMs);
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
    this.toWriter(this.tellAnew());
    this.openReader();
    this.notice = text;
    this.options.onState?.(this.isFailing ? 'failing' : 'ok', text);
  }

  private anotherWriter(): Worker {
    // What has no name went with the thread that held it open.
    if (!this.place.named) this.place = placeOf(this.options.file);
    return startWriter(this.place, this.limits, true);
  }

  private writerGone(why: string): void {
    const fatal = this.atWriter.writerEnded();
    const text = `the thread that writes has ended (${why}) and is started again`;
    this.trouble('writing', text);
    // The last one may have been told of the disk by the one that has gone.
    this.troubles.delete('disk');
    // That batch may be why.
    if (fatal !== null) this.giveUp(fatal, text);
  }

  /** Another writer has opened the file: it gets what its predecessor had not written. */
  private writerAgain(found: Found): void {
    for (const { number } of this.atWriter.all()) if (number <= found.lastBatch) this.done(number);
    this.facts = found.facts;
    if (found.setAside !== null) this.renewed(found.setAside, setAsideNotice(found.setAside));
    else if (!this.place.named)
      this.renewed(null, 'the thread that kept the trace has ended; it begins anew');
    for (const batch of this.atWriter.all()) this.toWriter({ type: 'batch', batch });
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
    this.reader.end(new CodedError('FUSESCOPE_STORE', `${text}. Ask again`));
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
    if (this.isFailing) this.atWriter.release(Number.POSITIVE_INFINITY);
  }

  private giveUp(number: number, why: string): void {
    const batch = this.done(number);
    this.options.onLost?.('store-failing', batch?.rows ?? 0);
    this.notice = why;
  }

  /** It is written, or given up. */
  private done(number: number): Batch | null {
    const batch = this.atWriter.remove(number);
    if (batch === null) return null;
    this.recycle(batch.chunks.map((chunk) => chunk.rows));
    for (const [instance, seq] of batch.seqs) this.options.onDurable?.(instance, seq);
    this.atWriter.release(number);
    if (this.atWriter.size === 0 && this.hasSpans) this.flush();
    return batch;
  }

  private async end(): Promise<void> {
    this.reader.rejectAll(closingError());
    this.handOver();
    // The writer closes last: then SQLite folds its log into the file and removes it.
    await this.readerThread.close(() => this.reader.post({ type: 'close' }));
    await this.writer.close(() => this.toWriter({ type: 'close' }));
    this.place.unlink();
    const unwritten = this.queued + this.takeGivenUp();
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
