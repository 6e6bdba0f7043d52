// Takes events from a collector's hot path and brings them to the server without ever waiting for it. Events go into
// an open batch; it is closed by size, or a short time after its first event, and joins a ring of fixed size.
import { BatchEncoder, frameBatch, type RawBatch } from '../../shared/wire/batch-encoder.ts';
import type { Hello, WireEvent, WireLoss, WireMount } from '../../shared/wire/frames.ts';
import { RECORD_BYTES } from '../../shared/wire/layout.ts';
import { Link } from './link.ts';
import { Ring } from './ring.ts';
import { Roster } from './roster.ts';

export interface EmitterOptions {
  socketPath: string;
  hello: Hello;
  /** Mounts that events refer to by index from the start; told to every server before any event. */
  mounts: readonly WireMount[];
  /** A frame about the collector as it is now: for each new server, and whenever `tell` was called. */
  status?: () => Uint8Array;
  /** What the server asks of the collector: the payload of a CONTROL frame. */
  onControl?: (payload: unknown) => void;
  /** Called before a batch is closed by time, to add what the collector held back. */
  beforeFlush?: () => void;
  /** Events in a batch. */
  batchEvents?: number;
  /** Bounds of the ring: batches, and bytes. */
  ringBatches?: number;
  ringBytes?: number;
  /** How long after its first event a batch is closed. */
  flushMs?: number;
}

/** The same while a program waits for operations. */
const PROMPT_MS = 2;
const CLOSE_MS = 500;

export class Emitter {
  readonly #options: EmitterOptions;
  readonly #encoder: BatchEncoder;
  readonly #ring: Ring;
  readonly #link: Link;
  readonly #roster: Roster;
  readonly #flushMs: number;
  /** A program waits for operations, the server says. */
  #prompt = false;
  #nextSeq = 1;
  /** Last event handed out on this connection. */
  #writtenSeq = 0;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #leftover = 0;
  #drained: (() => void) | null = null;
  #ackedSeq = 0;
  /** The status is to be told. */
  #toTell = false;

  constructor(options: EmitterOptions) {
    this.#options = options;
    this.#encoder = new BatchEncoder(options.batchEvents ?? 512);
    this.#ring = new Ring(options.ringBatches ?? 256, options.ringBytes ?? 16 * 1024 * 1024);
    this.#flushMs = options.flushMs ?? 25;
    this.#roster = new Roster(options.mounts);
    this.#link = new Link(options.socketPath, options.hello, {
      welcome: (lastSeq) => {
        this.#ring.resume(lastSeq);
        this.#writtenSeq = lastSeq;
        this.#toTell = true;
        this.#prompt = false;
        return this.#roster.begin(lastSeq);
      },
      ackedSeq: () => this.#ackedSeq,
      acknowledged: (seq) => {
        this.#ackedSeq = Math.max(this.#ackedSeq, seq);
        this.#ring.acknowledge(seq);
        this.#roster.acknowledge(seq);
      },
      control: (payload) => options.onControl?.(payload),
      pace: (prompt) => this.#pace(prompt),
      next: () => this.#next(),
    });
  }

  /** Events given up because the ring was full. The server learns the same number from the sequence. */
  get dropped(): number {
    return this.#ring.dropped;
  }

  /** After `close`: events that were never written to a server, dropped ones included. */
  get undelivered(): number {
    return this.#ring.dropped + this.#leftover;
  }

  /** Bytes held in closed batches. */
  get heldBytes(): number {
    return this.#ring.bytes;
  }

  /** Adds an event. Costs about a microsecond; copies what it keeps. */
  emit(event: WireEvent): void {
    if (this.#closed) return;
    if (!this.#encoder.add(event)) {
      this.#seal();
      this.#encoder.add(event);
    }
    this.wake();
  }

  /** Adds a batch that a collector has laid out itself. Copies it. */
  emitBatch(batch: RawBatch): void {
    if (this.#closed) return;
    if (this.#encoder.count > 0) this.#seal();
    this.#push(frameBatch(this.#nextSeq, batch), batch.records.length / RECORD_BYTES);
  }

  /** A mount that is new or has changed; known to the server before the events that follow. Its index is the caller's. */
  announce(mount: WireMount): void {
    this.#roster.announce(mount);
    this.#link.kick();
  }

  /** A mount is gone, behind every event so far. Its index is free for another once 256 more are gone. */
  gone(index: number, reason: string): void {
    if (this.#encoder.count > 0) this.#seal();
    this.#roster.gone({ index, reason }, this.#nextSeq - 1);
    this.#link.kick();
  }

  /** Events that the collector knows to be missing. */
  loss(loss: WireLoss): void {
    this.#roster.loss(loss);
    this.#link.kick();
  }

  /** The status has changed. */
  tell(): void {
    this.#toTell = true;
    this.#link.kick();
  }

  /** Sees to it that `beforeFlush` is called in time. */
  wake(): void {
    this.#timer ??= setTimeout(() => this.#flush(), this.#prompt ? PROMPT_MS : this.#flushMs);
  }

  /** Sends what is left, waiting at most half a second, and ends. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    const told = this.#ring.unsent === 0 && this.#roster.isQuiet(this.#writtenSeq);
    if (this.#link.connected && !(told && this.#link.idle)) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        setTimeout(resolve, CLOSE_MS);
      });
    }
    this.#leftover = this.#link.connected ? this.#ring.unsent : this.#ring.unacknowledged;
    await this.#link.close();
  }

  #pace(prompt: boolean): void {
    this.#prompt = prompt;
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.wake();
  }

  #flush(): void {
    this.#timer = null;
    this.#options.beforeFlush?.();
    if (this.#encoder.count > 0) this.#seal();
  }

  #seal(): void {
    const { count } = this.#encoder;
    this.#push(this.#encoder.seal(this.#nextSeq), count);
  }

  #push(frame: Uint8Array, events: number): void {
    const firstSeq = this.#nextSeq;
    this.#nextSeq += events;
    this.#ring.push({ frame, firstSeq, lastSeq: this.#nextSeq - 1 });
    this.#link.kick();
  }

  #next(): Uint8Array | null {
    const notice = this.#roster.next(this.#writtenSeq);
    if (notice) return notice;
    if (this.#toTell && this.#options.status) {
      this.#toTell = false;
      return this.#options.status();
    }
    const batch = this.#ring.next();
    if (!batch) this.#drained?.();
    else this.#writtenSeq = batch.lastSeq;
    return batch?.frame ?? null;
  }
}
