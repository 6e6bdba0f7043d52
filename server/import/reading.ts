// The process that reads a log (fuse/logs): started for each log, given the bytes, read frame by frame. Parsing never
// runs in the server; what breaks there is an error here.
import type { Writable } from 'node:stream';
import { opName } from '../../shared/ops.ts';
import type { Pattern } from '../../shared/patterns/pattern.ts';
import { blankSpan, type SourceKind, type Span, setErrno } from '../../shared/span.ts';
import { decodeBatch } from '../../shared/wire/batch-decoder.ts';
import { FrameReader } from '../../shared/wire/frame-reader.ts';
import { ENTER, LOST, readJson, type WireEvent } from '../../shared/wire/frames.ts';
import { LOG_FRAME, type LogMount, type ReadReport } from '../../shared/wire/log-frames.ts';
import { CodedError, type ErrorCode } from '../errors.ts';
import type { Launch, Launched } from '../launch/launch.ts';

export interface ReadingOptions {
  /** Entry file that node runs. */
  program: string;
  format: string;
  mount: string | null;
  name: string;
  /** When the log was last written, µs since the epoch, if that is known. */
  modifiedUs: number | null;
}

export interface Found {
  patterns: Pattern[];
  report: ReadReport;
}

export interface ReadingSink {
  /** Number of a mount, for the spans that follow. */
  mount(name: string, kind: SourceKind): number;
  /** Resolves when more may come. */
  spans(spans: Span[]): Promise<void>;
}

/** A frame may hold many long names. */
const MAX_FRAME = 64 * 1024 * 1024;
const STDERR_KEPT = 4_000;

export class LogReading {
  readonly child: Launched;
  readonly #mounts: { id: number; name: string; kind: SourceKind }[] = [];
  readonly #ended: Promise<number | null>;
  #said = '';

  constructor(options: ReadingOptions, launch: Launch) {
    const { program, format, mount, name, modifiedUs } = options;
    const args = [program, '--format', format, '--name', name];
    if (mount !== null) args.push('--mount', mount);
    if (modifiedUs !== null) args.push('--base-us', String(modifiedUs));
    this.child = launch(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-STDERR_KEPT);
    });
    this.child.once('error', (error) => {
      this.#said += error.message;
    });
    // It may refuse before it has read all; why, it says on stderr.
    this.child.stdin?.on('error', () => {});
  }

  /** Reads all of the log. @throws CodedError FUSESCOPE_FORMAT, or FUSESCOPE_INTERNAL where the reader broke */
  async read(bytes: AsyncIterable<Uint8Array>, sink: ReadingSink): Promise<Found> {
    const feeding = this.#feed(bytes);
    // Looked at below, after the frames; until then it must not count as unhandled.
    feeding.catch(() => this.stop());
    const found: Partial<Found> = {};
    const { stdout } = this.child;
    if (!stdout) throw new Error('the reader has no output');
    const waiting: Span[][] = [];
    const frames = new FrameReader(
      (type, payload) => this.#frame(type, payload, sink, waiting, found),
      MAX_FRAME,
    );
    for await (const chunk of stdout) {
      frames.push(chunk as Buffer);
      for (const spans of waiting.splice(0)) await sink.spans(spans);
    }
    const code = await this.#ended;
    await feeding;
    if (code !== 0 || !found.report) throw this.#failure(code);
    return { patterns: found.patterns ?? [], report: found.report };
  }

  /** Ends the process; it holds nothing. */
  stop(): void {
    this.child.kill('SIGKILL');
  }

  async #feed(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const { stdin } = this.child;
    if (!stdin) return;
    for await (const chunk of bytes) {
      if (stdin.destroyed || !stdin.writable) return;
      if (!stdin.write(chunk)) await drained(stdin);
    }
    stdin.end();
  }

  #frame(
    type: number,
    payload: Uint8Array,
    sink: ReadingSink,
    waiting: Span[][],
    found: Partial<Found>,
  ): void {
    if (type === LOG_FRAME.EVENTS)
      waiting.push(decodeBatch(payload).events.map((event) => this.#span(event)));
    else if (type === LOG_FRAME.MOUNT) {
      const { index, mount, kind } = readJson<LogMount>(payload);
      const source = kind as SourceKind;
      this.#mounts[index] = { id: sink.mount(mount, source), name: mount, kind: source };
    } else if (type === LOG_FRAME.SPANS) {
      const list = readJson<{ mount: number; span: Span }[]>(payload);
      waiting.push(list.map(({ mount, span }) => ({ ...span, ...this.#at(mount) })));
    } else if (type === LOG_FRAME.PATTERNS) found.patterns = readJson<Pattern[]>(payload);
    else if (type === LOG_FRAME.REPORT) found.report = readJson<ReadReport>(payload);
  }

  #at(index: number): Pick<Span, 'mountId' | 'mount' | 'source'> {
    const mount = this.#mounts[index];
    if (!mount) throw new RangeError(`a span names mount ${index}, which was not announced`);
    return { mountId: mount.id, mount: mount.name, source: mount.kind };
  }

  #span(event: WireEvent): Span {
    const { mountId, mount, source } = this.#at(event.mount);
    const span = blankSpan(0, mountId, mount, source, opName(event.op));
    span.unique = event.id === '' ? null : event.id;
    span.state = event.kind === ENTER ? 'open' : event.kind === LOST ? 'lost' : 'done';
    span.startUs = event.tsUs;
    span.durationNs = event.kind === ENTER ? null : event.durNs;
    span.queueNs = event.queueNs;
    if (event.kind !== ENTER) setErrno(span, event.errno);
    span.path = event.path;
    span.newPath = event.newPath;
    span.nodeid = event.nodeid;
    span.fh = event.fh;
    span.offset = event.offset;
    span.size = event.size;
    span.bytes = event.bytes;
    span.pid = event.pid;
    span.tid = event.tid;
    span.uid = event.uid;
    span.gid = event.gid;
    span.comm = event.comm;
    span.daemonTid = event.daemonTid;
    span.args = event.args;
    return span;
  }

  #failure(code: number | null): CodedError {
    const last = this.#said.trim().split('\n').at(-1) ?? '';
    try {
      const said = JSON.parse(last) as { code: ErrorCode; message: string };
      if (said.code === 'FUSESCOPE_FORMAT') return new CodedError('FUSESCOPE_FORMAT', said.message);
      return new CodedError(
        'FUSESCOPE_INTERNAL',
        `reading the log failed (${said.message}). Please report it`,
      );
    } catch {
      // It said nothing in order: killed, or out of memory.
      return new CodedError(
        'FUSESCOPE_INTERNAL',
        `the process that reads the log ended with ${code} (${last})`,
      );
    }
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.removeListener('drain', go);
      stream.removeListener('close', go);
      resolve();
    };
    stream.on('drain', go);
    stream.on('close', go);
  });
}
