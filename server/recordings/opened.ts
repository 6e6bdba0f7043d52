// Recordings that are being looked at: each has a reader thread of its own, the very one that the live database has.
// A few are kept open; one that nobody has asked for a while is closed.
import { CodedError } from '../errors.ts';
import type { FromReader, Query } from '../store/protocol.ts';
import { ReaderClient } from '../store/reader-client.ts';
import { Reads } from '../store/reads.ts';
import { ended, firstMessage, startReader } from '../store/workers.ts';

const MAX_OPEN = 4;
const IDLE_MS = 60_000;

/** A recording as something that can be asked, with the moment at which time stands still in it. */
export class RecordingReads extends Reads {
  readonly nowUs: number;
  private readonly client: ReaderClient;
  private readonly closed: () => Promise<unknown>;
  /** Questions without an answer yet. */
  busy = 0;
  lastAskedMs = performance.now();

  private constructor(client: ReaderClient, nowUs: number, closed: () => Promise<unknown>) {
    super();
    this.client = client;
    this.closed = closed;
    this.nowUs = nowUs;
    const fail = (error: Error) =>
      client.end(
        new CodedError('FUSESCOPE_STORE', `the recording cannot be read any more (${error.message})`),
      );
    client.worker.on('message', (message: FromReader) => client.receive(message));
    client.worker.on('error', fail);
    client.worker.on('exit', () => fail(new Error('its thread ended')));
  }

  /** @param closed called once it is closed. @throws CodedError FUSESCOPE_STORE */
  static async open(
    file: string,
    nowUs: number,
    closed: () => Promise<unknown> = async () => {},
  ): Promise<RecordingReads> {
    const worker = startReader();
    try {
      const client = new ReaderClient(worker);
      client.post({ type: 'open', file, nowUs });
      await firstMessage<FromReader, true>(worker, (message) => (message.type === 'ready' ? true : null));
      return new RecordingReads(client, nowUs, closed);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Its thread has ended by itself: it answers nothing any more. */
  get ended(): boolean {
    return this.client.ended;
  }

  async close(): Promise<void> {
    this.client.rejectAll(new CodedError('FUSESCOPE_NOT_FOUND', 'the recording was closed'));
    await ended(this.client.worker, () => this.client.post({ type: 'close' }));
    await this.client.worker.terminate();
    await this.closed();
  }

  protected async ask<T>(query: Query): Promise<T> {
    this.busy++;
    this.lastAskedMs = performance.now();
    try {
      return await this.client.ask<T>(query);
    } finally {
      this.busy--;
    }
  }
}

/** Those that are open, by number. */
export class OpenRecordings {
  private readonly readers = new Map<number, Promise<RecordingReads>>();
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => void this.tidy(IDLE_MS), IDLE_MS / 4);
    this.timer.unref();
  }

  /** The reader of a recording, opened where it is not, or where its thread has ended. */
  async get(id: number, open: () => Promise<RecordingReads>): Promise<RecordingReads> {
    const there = this.readers.get(id);
    if (there) {
      if (!(await there).ended) return there;
      if (this.readers.get(id) === there) await this.drop(id);
      return this.get(id, open);
    }
    const opening = open();
    this.readers.set(id, opening);
    opening.catch(() => this.readers.delete(id));
    if (this.readers.size > MAX_OPEN) await this.tidy(0);
    return opening;
  }

  /** Closes one, where it is open: its file is about to change or go. */
  async drop(id: number): Promise<void> {
    const reader = this.readers.get(id);
    this.readers.delete(id);
    await (await reader)?.close();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([...this.readers.keys()].map((id) => this.drop(id).catch(() => {})));
  }

  /** Closes what was not asked for so long; with 0 the longest unasked beyond what may be open. */
  private async tidy(idleMs: number): Promise<void> {
    const now = performance.now();
    const idle: { id: number; lastAskedMs: number }[] = [];
    for (const [id, opening] of this.readers) {
      const reader = await opening.catch(() => null);
      if (reader && reader.busy === 0) idle.push({ id, lastAskedMs: reader.lastAskedMs });
    }
    idle.sort((a, b) => a.lastAskedMs - b.lastAskedMs);
    for (const { id, lastAskedMs } of idle) {
      const over = idleMs === 0 ? this.readers.size > MAX_OPEN : now - lastAskedMs > idleMs;
      if (over) await this.drop(id);
    }
  }
}
