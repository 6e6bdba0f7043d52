// The connection of a collector to the server's ingest socket: greets, takes receipts, comes back after a loss with
// growing pauses. One write is in flight at a time, so a server that stops reading costs one batch of memory.
import { connect, type Socket } from 'node:net';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import {
  FRAME,
  type Hello,
  jsonFrame,
  MAGIC,
  type Pace,
  readAck,
  readJson,
  type Welcome,
} from '../../shared/wire/frames.ts';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

export interface LinkEvents {
  /** The server answered; `lastSeq` as in Welcome. Returns what to write before any batch. */
  welcome: (lastSeq: number) => Uint8Array[];
  acknowledged: (seq: number) => void;
  /** The server asks for something. */
  control: (payload: unknown) => void;
  /** The server wants to hear of events as Pace says. */
  pace: (prompt: boolean) => void;
  /** Highest number acknowledged so far. */
  ackedSeq: () => number;
  /** The next frame to write, or null for none at the moment. */
  next: () => Uint8Array | null;
}

export class Link {
  readonly #path: string;
  readonly #hello: Hello;
  readonly #events: LinkEvents;
  #socket: Socket | null = null;
  #welcomed = false;
  #writing = false;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(path: string, hello: Hello, events: LinkEvents) {
    this.#path = path;
    this.#hello = hello;
    this.#events = events;
    this.#connect();
  }

  /** True when a server has answered and nothing is being written. */
  get idle(): boolean {
    return this.#welcomed && !this.#writing;
  }

  get connected(): boolean {
    return this.#welcomed;
  }

  /** There may be something to write. */
  kick(): void {
    if (!this.#welcomed || this.#writing) return;
    const frame = this.#events.next();
    if (frame) this.#write(frame);
  }

  /** Says goodbye where there is somebody to hear it, and never comes back. Resolves when written or broken. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!socket) return Promise.resolve();
    if (!this.#welcomed || this.#writing) {
      socket.destroy();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.end(jsonFrame(FRAME.BYE, {}), () => resolve());
    });
  }

  #connect(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    const reader = new FrameReader((type, payload) => this.#frame(type, payload));
    socket.on('connect', () => {
      socket.write(MAGIC);
      socket.write(jsonFrame(FRAME.HELLO, { ...this.#hello, ackedSeq: this.#events.ackedSeq() }));
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        // Not our server, or a broken one: begin again.
        socket.destroy();
      }
    });
    // 'close' follows, and with it the next attempt.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#lost(socket));
  }

  #lost(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#welcomed = false;
    this.#writing = false;
    if (this.#closed) return;
    // Spread, so that many collectors do not come back in step.
    const pauseMs = this.#pauseMs * (0.75 + Math.random() / 2);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
    this.#timer = setTimeout(() => this.#connect(), pauseMs).unref();
  }

  #frame(type: number, payload: Uint8Array): void {
    if (type === FRAME.ACK) {
      this.#events.acknowledged(readAck(payload));
    } else if (type === FRAME.CONTROL) {
      this.#events.control(readJson<unknown>(payload));
    } else if (type === FRAME.PACE) {
      this.#events.pace(readJson<Pace>(payload).prompt);
    } else if (type === FRAME.WELCOME) {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#welcomed = true;
      for (const frame of this.#events.welcome(readJson<Welcome>(payload).lastSeq))
        this.#socket?.write(frame);
      this.kick();
    }
  }

  #write(frame: Uint8Array): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#writing = true;
    socket.write(frame, (error) => {
      if (this.#socket !== socket) return;
      this.#writing = false;
      if (!error) this.kick();
    });
  }
}
