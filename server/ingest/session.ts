// One connection of the ingest protocol, whatever carries it: frames of a collector, or NDJSON event lines. Its
// first byte tells which. A peer that breaks the protocol is told why and cut off; what it sent before is kept.

import { Compile } from 'typebox/compile';
import { decodeBatch, WireError } from '../../shared/wire/batch-decoder.ts';
import { FaultsFrameSchema, type WireFaults } from '../../shared/wire/faults.ts';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import type { Hello, WireGone, WireLoss, WireMount } from '../../shared/wire/frames.ts';
import { ackFrame, FRAME, jsonFrame, MAGIC, readJson, WIRE_VERSION } from '../../shared/wire/frames.ts';
import { GoneSchema, HelloSchema, LossSchema, MountFrameSchema } from '../../shared/wire/schemas.ts';
import type { Collector, Intake } from './intake.ts';
import { LineSplitter, parseEventLine } from './lines.ts';

const MAGIC_BYTES = Buffer.from(MAGIC);

export interface SessionPeer {
  /** Bytes for the peer; never waits. */
  send(bytes: Uint8Array): void;
  /** Ends the connection; `why` is for the log. */
  close(why: string): void;
  /** A line that could not be read; the connection goes on. */
  rejected(line: number, error: string): void;
}

const check = {
  hello: Compile(HelloSchema),
  mount: Compile(MountFrameSchema),
  loss: Compile(LossSchema),
  gone: Compile(GoneSchema),
  faults: Compile(FaultsFrameSchema),
};

export class IngestSession {
  readonly #intake: Intake;
  readonly #peer: SessionPeer;
  /** Stands for this connection among those that a collector has had. */
  readonly #send = (bytes: Uint8Array): void => this.#peer.send(bytes);
  #collector: Collector | null = null;
  #start = Buffer.alloc(0);
  #read: ((chunk: Buffer) => void) | null = null;
  #finish: () => void = () => {};
  #closed = false;

  constructor(intake: Intake, peer: SessionPeer) {
    this.#intake = intake;
    this.#peer = peer;
  }

  push(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      if (this.#read) this.#read(chunk);
      else this.#begin(chunk);
    } catch (error) {
      if (!(error instanceof WireError || error instanceof RangeError || error instanceof SyntaxError))
        throw error;
      this.#closed = true;
      this.#peer.close(error.message);
    }
  }

  /** The peer is gone. */
  end(): void {
    this.#closed = true;
    this.#finish();
    if (this.#collector) this.#intake.away(this.#collector, this.#send);
    this.#collector = null;
  }

  #begin(chunk: Buffer): void {
    this.#start = Buffer.concat([this.#start, chunk]);
    const head = this.#start.subarray(0, MAGIC_BYTES.length);
    if (!MAGIC_BYTES.subarray(0, head.length).equals(head)) {
      this.#readLines();
    } else if (head.length === MAGIC_BYTES.length) {
      this.#start = this.#start.subarray(MAGIC_BYTES.length);
      this.#readFrames();
    } else {
      return;
    }
    const rest = this.#start;
    this.#start = Buffer.alloc(0);
    if (rest.length > 0) this.#read?.(rest);
  }

  #readLines(): void {
    const splitter = new LineSplitter(
      (text, number) => {
        const { line, error } = parseEventLine(text);
        if (line) this.#intake.line(line);
        else this.#peer.rejected(number, error);
      },
      (number) => this.#peer.rejected(number, 'longer than 1 MiB'),
    );
    this.#read = (chunk) => splitter.push(chunk);
    this.#finish = () => splitter.end();
  }

  #readFrames(): void {
    const reader = new FrameReader((type, payload) => this.#frame(type, payload));
    this.#read = (chunk) => reader.push(chunk);
  }

  #frame(type: number, payload: Uint8Array): void {
    if (type === FRAME.HELLO) {
      this.#hello(valid<Hello>(check.hello, payload, 'HELLO'));
      return;
    }
    const collector = this.#collector;
    if (!collector) throw new WireError(`frame ${type} came before HELLO`);
    const act = this.#frames[type];
    if (!act) throw new WireError(`frame type ${type} is not known`);
    act(collector, payload);
  }

  readonly #frames: Readonly<Record<number, (collector: Collector, payload: Uint8Array) => void>> = {
    [FRAME.EVENTS]: (collector, payload) => this.#intake.batch(collector, decodeBatch(payload)),
    [FRAME.MOUNT]: (collector, payload) =>
      this.#intake.mount(collector, valid<WireMount>(check.mount, payload, 'MOUNT')),
    [FRAME.LOSS]: (collector, payload) =>
      this.#intake.loss(collector, valid<WireLoss>(check.loss, payload, 'LOSS')),
    [FRAME.GONE]: (collector, payload) =>
      this.#intake.gone(collector, valid<WireGone>(check.gone, payload, 'GONE')),
    [FRAME.FAULTS]: (collector, payload) =>
      this.#intake.faults(collector, valid<WireFaults>(check.faults, payload, 'FAULTS')),
    [FRAME.BYE]: (collector) => {
      this.#collector = null;
      this.#intake.bye(collector);
    },
  };

  #hello(hello: Hello): void {
    if (hello.v !== WIRE_VERSION) {
      throw new WireError(
        `collector speaks version ${hello.v}, this server ${WIRE_VERSION}; update the older one`,
      );
    }
    const collector = this.#intake.hello(hello, (seq) => this.#send(ackFrame(seq)), this.#send);
    this.#collector = collector;
    this.#peer.send(jsonFrame(FRAME.WELCOME, { v: WIRE_VERSION, lastSeq: collector.durableSeq }));
    if (this.#intake.pace.prompt) this.#peer.send(jsonFrame(FRAME.PACE, this.#intake.pace));
  }
}

interface Checker {
  Check(value: unknown): boolean;
  Errors(value: unknown): Iterable<{ instancePath: string; message: string }>;
}

function valid<T>(checker: Checker, payload: Uint8Array, frame: string): T {
  const value = readJson<unknown>(payload);
  if (checker.Check(value)) return value as T;
  const [first] = checker.Errors(value);
  throw new WireError(`${frame} frame: ${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`);
}
