// Reads one log: lines from bytes, the reader of its format, pairs, and the counts of the report. Pure but for what it
// is given; bytes are pushed, whole operations and problems come out.
import type { Problem } from '../../shared/patterns/problem.ts';
import type { SourceKind, Span } from '../../shared/span.ts';
import type { WireEvent } from '../../shared/wire/frames.ts';
import type { ReadReport } from '../../shared/wire/log-frames.ts';
import { type ClockOptions, LogClock } from './clock.ts';
import { DETECT_LINES, detectFormat, FORMATS, type Format } from './formats.ts';
import { cleanLine, LineCutter, MAX_LINE_BYTES } from './lines.ts';
import { Pairs } from './pairs.ts';
import { mayBeProblem, problemFrom, readAppLine } from './problems.ts';
import { FOREIGN, type LogReader, own, TAKEN } from './reader.ts';

/** Bytes of a log's beginning that are looked at to tell its format, at most. */
const DETECT_BYTES = 4 * 1024 * 1024;
const REJECTIONS_SHOWN = 10;
const FOREIGN_SHOWN = 100;
const SHOWN_CHARS = 500;

export interface LogOutput {
  event(event: WireEvent): void;
  span(span: Span, mount: number): void;
  problem(problem: Problem): void;
  mount(name: string, kind: SourceKind): number;
}

export interface LogOptions {
  /** A name of FORMATS, or `auto`. */
  format: string;
  /** Mount point of all its operations, or null: what the log itself tells. */
  mount: string | null;
  clock: ClockOptions;
  output: LogOutput;
}

/** No format understands the log. */
export class UnknownFormat extends Error {
  override name = 'UnknownFormat';
}

export class LogPipeline {
  readonly #options: LogOptions;
  readonly #clock: LogClock;
  readonly #cutter: LineCutter;
  readonly #pairs: Pairs;
  readonly #report: ReadReport;
  #format: Format | null;
  #reader: LogReader | null = null;
  /** Lines from before the format is known. */
  #first: string[] = [];
  #firstChars = 0;
  /** Spans of our own exports, which need no pairing. */
  #ownSpans = 0;
  #ownOpen = 0;

  /** @throws UnknownFormat for a name that is none. */
  constructor(options: LogOptions) {
    this.#options = options;
    this.#clock = new LogClock(options.clock);
    this.#pairs = new Pairs((event) => options.output.event(event));
    this.#cutter = new LineCutter(
      (line) => this.#line(line),
      () => this.#tooLong(),
    );
    this.#format = FORMATS.find((one) => one.name === options.format) ?? null;
    if (!this.#format && options.format !== 'auto') {
      throw new UnknownFormat(
        `"${options.format}" is no format. Use auto or one of: ${FORMATS.map((one) => one.name).join(', ')}`,
      );
    }
    this.#report = {
      format: this.#format?.name ?? 'auto',
      lines: 0,
      spans: 0,
      open: 0,
      unpaired: 0,
      problems: 0,
      foreign: 0,
      rejected: 0,
      rejections: [],
      foreignLines: [],
    };
    if (this.#format) this.#reader = this.#create(this.#format);
  }

  /** Unpacked bytes. @throws UnknownFormat once enough was read to say so */
  push(bytes: Buffer): void {
    this.#cutter.push(bytes);
  }

  /** Operations that have not ended, for who follows a log. */
  open(): Iterable<WireEvent> {
    return this.#pairs.open();
  }

  /** No further line is there at the moment; what comes from now on comes as it is written. */
  idle(): void {
    this.#clock.isLive = true;
    // A log that grows slowly is not to wait for the lines that a long one is told by.
    if (!this.#reader && detectFormat(this.#first)) this.#choose();
    this.#reader?.idle?.();
  }

  /** The file was replaced: a line that was begun in it will not go on. */
  cut(): void {
    this.#cutter.end();
  }

  /** Counts so far. */
  get report(): ReadReport {
    const report = this.#report;
    report.spans = this.#pairs.spans + this.#ownSpans;
    report.open = this.#pairs.openCount + this.#ownOpen;
    report.unpaired = this.#pairs.unpaired;
    return report;
  }

  /** The log is over. @throws UnknownFormat where no format fits */
  end(): ReadReport {
    this.#cutter.end();
    if (!this.#reader) this.#choose();
    this.#reader?.end?.();
    this.#pairs.end();
    return this.report;
  }

  #line(line: string): void {
    if (this.#reader) {
      this.#read(line);
      return;
    }
    this.#first.push(line);
    this.#firstChars += line.length;
    if (this.#first.length >= DETECT_LINES || this.#firstChars >= DETECT_BYTES) this.#choose();
  }

  #choose(): void {
    const format = detectFormat(this.#first);
    if (!format) {
      throw new UnknownFormat(
        this.#first.every((line) => line.trim() === '')
          ? 'the log is empty'
          : `no format fits the first ${this.#first.length} lines. Name one with --format: ${FORMATS.map((one) => one.name).join(', ')}`,
      );
    }
    this.#format = format;
    this.#report.format = format.name;
    this.#reader = this.#create(format);
    const lines = this.#first;
    this.#first = [];
    for (const line of lines) this.#read(line);
  }

  #create(format: Format): LogReader {
    const { output, mount } = this.#options;
    return format.create({
      clock: this.#clock,
      mount,
      sink: {
        event: (event) => this.#pairs.push(event),
        span: (span, index) => {
          this.#ownSpans++;
          if (span.state === 'open') this.#ownOpen++;
          output.span(span, index);
        },
        problem: (problem) => this.#problem(problem),
        mount: (name, kind) => output.mount(name, kind),
      },
    });
  }

  #read(line: string): void {
    const report = this.#report;
    report.lines++;
    const text = this.#format?.raw ? line : cleanLine(line);
    const verdict = text === '' ? TAKEN : (this.#reader?.line(text, report.lines) ?? FOREIGN);
    if (verdict === TAKEN) return;
    if (verdict === FOREIGN) this.#foreign(text);
    else this.#reject(verdict, text);
  }

  #foreign(text: string): void {
    const report = this.#report;
    report.foreign++;
    if (report.foreignLines.length < FOREIGN_SHOWN)
      report.foreignLines.push({ line: report.lines, text: own(text.slice(0, SHOWN_CHARS)) });
    // Another program in the same log may say what went wrong.
    if (this.#format?.name === 'application' || !mayBeProblem(text)) return;
    const line = readAppLine(text, this.#clock);
    const problem = line && problemFrom(line, report.lines);
    if (problem) this.#problem(problem);
  }

  #reject(reason: string, text: string): void {
    const report = this.#report;
    report.rejected++;
    if (report.rejections.length >= REJECTIONS_SHOWN) return;
    report.rejections.push({ line: report.lines, reason, text: own(text.slice(0, SHOWN_CHARS)) });
  }

  #problem(problem: Problem): void {
    this.#report.problems++;
    this.#options.output.problem({ ...problem, mount: problem.mount ?? this.#options.mount });
  }

  #tooLong(): void {
    if (!this.#reader) this.#choose();
    this.#report.lines++;
    this.#reject(`longer than ${MAX_LINE_BYTES / 1024 / 1024} MiB`, '');
  }
}
