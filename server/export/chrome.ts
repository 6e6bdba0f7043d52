// Chrome trace event format, JSON object form, which Perfetto, speedscope and chrome://tracing open
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). A mount is a process, a
// caller's lane a thread, a finished span an X event, an open one a B without its E.
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { FACTS } from './facts.ts';
import type { Exporter } from './format.ts';
import type { Count } from './in-flight.ts';
import { Pieces, piece, TextWriter } from './text-writer.ts';
import { type Track, Tracks, type TrackWriter } from './tracks.ts';

export const chrome: Exporter = {
  contentType: 'application/json',
  extension: 'json',
  async *write(chunks, info) {
    const out = new ChromeTracks(`FuseScope ${info.version}`);
    const tracks = new Tracks(out, info);
    for await (const spans of chunks) {
      for (const span of spans) tracks.add(span);
      yield out.take();
    }
    tracks.end();
    yield out.end();
  },
};

const LINE = piece('\n');
const NEXT_LINE = piece(',\n');
const END = piece('\n]}\n');
const NAME = {
  finished: new Pieces((op) => `{"ph":"X","name":${JSON.stringify(op)}`),
  open: new Pieces((op) => `{"ph":"B","name":${JSON.stringify(op)}`),
};
const STATE = new Pieces((state) => `,"cat":${JSON.stringify(state)}`);
const PID = piece(',"pid":');
const TID = piece(',"tid":');
const TS = piece(',"ts":');
const DUR = piece(',"dur":');
const SOURCE = new Pieces((source) => `,"args":{"source":${JSON.stringify(source)}`);
const CLOSE = piece('}}');
/** What an operation has among its arguments; what is absent is left out. */
const ARGUMENTS = ['unique', 'state', ...FACTS] as const satisfies readonly (keyof Span)[];

class Argument {
  readonly #name: (typeof ARGUMENTS)[number];
  readonly #lead: Uint8Array;
  readonly #texts: Pieces<string>;

  constructor(name: (typeof ARGUMENTS)[number]) {
    this.#name = name;
    this.#lead = piece(`,"${name}":`);
    this.#texts = new Pieces((text) => `,"${name}":${JSON.stringify(text)}`);
  }

  put(out: TextWriter, span: Span): void {
    const value = span[this.#name];
    if (value === null) return;
    if (typeof value === 'string') {
      this.#texts.put(out, value);
      return;
    }
    out.put(this.#lead);
    if (typeof value === 'number') out.number(value);
    else out.put(piece(JSON.stringify(value)));
  }
}

class ChromeTracks implements TrackWriter {
  readonly #out = new TextWriter();
  readonly #arguments = ARGUMENTS.map((name) => new Argument(name));
  #separator = LINE;

  constructor(producer: string) {
    const facts = { displayTimeUnit: 'ns', otherData: { producer } };
    this.#out.put(piece(`${JSON.stringify(facts).slice(0, -1)},"traceEvents":[`));
  }

  /** What has been written since the last time. */
  take(): Uint8Array {
    return this.#out.take();
  }

  end(): Uint8Array {
    this.#out.put(END);
    return this.#out.take();
  }

  mount(mountId: number, name: string): void {
    this.#write({ ph: 'M', name: 'process_name', pid: mountId, tid: 0, ts: 0, args: { name } });
  }

  /** There are two levels only: the name of a caller stands before that of its thread. */
  track({ number, mountId, parent, name }: Track): void {
    const args = { name: parent === null ? name : `${parent.name}, ${name}` };
    this.#write({ ph: 'M', name: 'thread_name', pid: mountId, tid: number, ts: 0, args });
  }

  operation(track: number, span: Span): void {
    const out = this.#out;
    const { durationNs } = span;
    this.#begin();
    (durationNs === null ? NAME.open : NAME.finished).put(out, span.op);
    STATE.put(out, span.state);
    out.put(PID);
    out.number(span.mountId);
    out.put(TID);
    out.number(track);
    out.put(TS);
    out.number(span.startUs);
    if (durationNs !== null) {
      // In µs it is no exact number of ns; that stands among the arguments.
      out.put(DUR);
      out.number(durationNs / 1_000);
    }
    SOURCE.put(out, span.source);
    for (const argument of this.#arguments) argument.put(out, span);
    out.put(CLOSE);
  }

  queue(track: number, { mountId, startUs, id }: Span, queueNs: number): void {
    const at = { cat: 'queue', pid: mountId, tid: track, ts: startUs };
    this.#write({ ph: 'X', name: 'queue', ...at, dur: queueNs / 1_000 });
    this.#write({ ph: 's', name: 'taken', ...at, id });
  }

  service(track: number, { mountId, startUs, durationNs, id, op, path }: Span, queueNs: number): void {
    const at = { pid: mountId, tid: track, ts: startUs + queueNs / 1_000 };
    const bar = { name: op, cat: 'service', ...at, args: { id, path } };
    this.#write(
      durationNs === null ? { ph: 'B', ...bar } : { ph: 'X', ...bar, dur: (durationNs - queueNs) / 1_000 },
    );
    this.#write({ ph: 'f', bp: 'e', name: 'taken', cat: 'queue', ...at, id });
  }

  stall(track: number, { raisedUs, span, cause }: Stall): void {
    const args = { id: span.id, path: span.path, cause: cause?.kind ?? 'unknown', text: cause?.text ?? '' };
    const at = { pid: span.mountId, tid: track, ts: raisedUs };
    this.#write({ ph: 'i', s: 't', name: `stall: ${span.op}`, cat: 'stall', ...at, args });
  }

  count({ mountId, atUs, value }: Count): void {
    this.#write({ ph: 'C', name: 'in flight', pid: mountId, tid: 0, ts: atUs, args: { operations: value } });
  }

  #write(event: object): void {
    this.#begin();
    this.#out.put(piece(JSON.stringify(event)));
  }

  #begin(): void {
    this.#out.put(this.#separator);
    this.#separator = NEXT_LINE;
  }
}
