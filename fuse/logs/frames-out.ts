// What was read from a log, as frames on a descriptor. Writing waits for whoever reads, so that memory stays constant.

import { writeSync } from 'node:fs';
import { opCode } from '../../shared/ops.ts';
import { Fold } from '../../shared/patterns/fold.ts';
import type { Problem } from '../../shared/patterns/problem.ts';
import type { SourceKind, Span } from '../../shared/span.ts';
import { BatchEncoder } from '../../shared/wire/batch-encoder.ts';
import { blankEvent } from '../../shared/wire/blank-event.ts';
import { frame, SPAN, type WireEvent } from '../../shared/wire/frames.ts';
import { LOG_FRAME, type ReadReport } from '../../shared/wire/log-frames.ts';
import type { LogOutput } from './read-log.ts';

const BATCH = 2_000;
const BATCH_STRINGS = 512 * 1024;
/** Longer texts are cut in EVENTS. */
const MAX_TEXT = 5_000;
const SPANS_A_FRAME = 200;

export class FramesOut implements LogOutput {
  readonly #fd: number;
  readonly #encoder = new BatchEncoder(BATCH, BATCH_STRINGS);
  readonly #fold = new Fold();
  #spans: { mount: number; span: Span }[] = [];
  #seq = 1;
  #mounts = 0;

  /** @param mount name of what the log tells no mount of. */
  constructor(fd: number, mount: string) {
    this.#fd = fd;
    this.mount(mount, 'log');
  }

  event(event: WireEvent): void {
    if (this.#encoder.add(event)) return;
    this.#seal();
    this.#encoder.add(event);
  }

  span(span: Span, mount: number): void {
    if (fitsEvent(span)) {
      this.event(eventOf(span, mount));
      return;
    }
    this.#spans.push({ mount, span });
    if (this.#spans.length >= SPANS_A_FRAME) this.#sendSpans();
  }

  problem(problem: Problem): void {
    this.#fold.add(problem);
  }

  mount(name: string, kind: SourceKind): number {
    // More mounts than numbers: the rest is shown under the log's own name.
    if (this.#mounts > 0xffff) return 0;
    const index = this.#mounts++;
    this.#json(LOG_FRAME.MOUNT, { index, mount: name.slice(0, 4_096) || '/', kind });
    return index;
  }

  end(report: ReadReport): void {
    this.#seal();
    this.#sendSpans();
    this.#json(LOG_FRAME.PATTERNS, this.#fold.patterns());
    this.#json(LOG_FRAME.REPORT, report);
  }

  #seal(): void {
    if (this.#encoder.count === 0) return;
    const { count } = this.#encoder;
    writeAll(this.#fd, this.#encoder.seal(this.#seq));
    this.#seq += count;
  }

  #sendSpans(): void {
    if (this.#spans.length > 0) this.#json(LOG_FRAME.SPANS, this.#spans);
    this.#spans = [];
  }

  #json(type: number, body: unknown): void {
    writeAll(this.#fd, frame(type, Buffer.from(JSON.stringify(body))));
  }
}

/** Whether an event holds all of a span: it has ended, and no text of it would be cut or taken for a number. */
function fitsEvent(span: Span): boolean {
  if (span.state !== 'done') return false;
  for (const text of [span.path, span.newPath, span.comm])
    if (text !== null && text.length > MAX_TEXT) return false;
  if (span.args !== null && JSON.stringify(span.args).length > MAX_TEXT) return false;
  const { unique } = span;
  return (
    typeof unique !== 'string' || (unique !== '' && unique.length <= MAX_TEXT && !/^\d{15,20}$/.test(unique))
  );
}

/** An absent number of the request is an empty text. */
function eventOf(span: Span, mount: number): WireEvent {
  const event = blankEvent(SPAN, opCode(span.op), span.unique ?? '', span.startUs);
  event.mount = mount;
  event.durNs = span.durationNs;
  for (const name of [
    'queueNs',
    'errno',
    'path',
    'newPath',
    'bytes',
    'pid',
    'tid',
    'uid',
    'gid',
    'comm',
    'daemonTid',
    'args',
  ] as const)
    Object.assign(event, { [name]: span[name] });
  for (const name of ['nodeid', 'fh', 'offset', 'size'] as const) event[name] = span[name];
  return event;
}

/** A pipe takes a part at a time; a full one makes this wait, or says EAGAIN where it is not a blocking one. */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
