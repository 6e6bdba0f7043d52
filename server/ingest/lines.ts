// Cuts a byte stream into lines without ever holding more than one, and turns event lines into events.
// NDJSON: https://github.com/ndjson/ndjson-spec. A line that is wrong is reported with its number; the rest go on.
import { Compile } from 'typebox/compile';
import type { EventLine } from '../../shared/event.ts';
import { EventLineSchema } from '../../shared/event.ts';
import { isOpName, opCode } from '../../shared/ops.ts';
import { parseU64 } from '../../shared/u64.ts';
import type { WireEvent } from '../../shared/wire/frames.ts';
import { ENTER, EXIT } from '../../shared/wire/frames.ts';

/** Longest line; a longer one is rejected whole without being kept. */
export const MAX_LINE_BYTES = 1024 * 1024;

const checker = Compile(EventLineSchema);
const NEWLINE = 10;

export class LineSplitter {
  readonly #onLine: (line: string, number: number) => void;
  readonly #onTooLong: (number: number) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #skipping = false;
  #number = 0;

  constructor(onLine: (line: string, number: number) => void, onTooLong: (number: number) => void) {
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(NEWLINE, from);
      if (at === -1) break;
      this.#take(chunk.subarray(from, at));
      this.#finish();
      from = at + 1;
    }
    this.#take(chunk.subarray(from));
  }

  /** The stream is over; its last line may lack a newline. */
  end(): void {
    if (this.#restBytes > 0 || this.#skipping) this.#finish();
  }

  #take(part: Buffer): void {
    if (part.length === 0 || this.#skipping) return;
    this.#restBytes += part.length;
    if (this.#restBytes > MAX_LINE_BYTES) {
      this.#skipping = true;
      this.#rest = [];
    } else {
      this.#rest.push(part);
    }
  }

  #finish(): void {
    this.#number++;
    const skipped = this.#skipping;
    const line = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    this.#skipping = false;
    if (skipped) this.#onTooLong(this.#number);
    else if (line && line.length > 0) {
      const text = line.toString('utf8').trim();
      if (text !== '') this.#onLine(text, this.#number);
    }
  }
}

export type ParsedLine = { line: EventLine; error: null } | { line: null; error: string };

/** Reads one event line. The error names the field and what would do. */
export function parseEventLine(text: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!checker.Check(value)) return fail(explain(value));
  const line = value as EventLine;
  if (line.op === undefined ? line.ev === 'ENTER' : !isOpName(line.op)) {
    return fail(
      line.op === undefined
        ? 'op: missing; ENTER must name its operation'
        : `op: "${line.op}" is no operation. Use a FUSE opcode in lower case, such as read, or op-NN`,
    );
  }
  if (line.path !== undefined && !line.path.startsWith('/')) return fail('path: must start with "/"');
  return { line, error: null };
}

/** As the event that pairing reads. `op` of an EXIT that names none is 0: its ENTER's counts. */
export function lineToEvent(line: EventLine, mountIndex: number): WireEvent {
  const wide = (value: number | string | undefined) => (value === undefined ? null : parseU64(value));
  return {
    kind: line.ev === 'ENTER' ? ENTER : EXIT,
    mount: mountIndex,
    op: line.op === undefined ? 0 : opCode(line.op),
    id: line.id,
    monoNs: 0,
    tsUs: line.ts,
    durNs: line.durNs ?? null,
    queueNs: null,
    errno: line.errno ?? null,
    path: line.path ?? null,
    newPath: line.newPath ?? null,
    nodeid: wide(line.nodeid),
    fh: wide(line.fh),
    offset: wide(line.offset),
    size: wide(line.size),
    bytes: line.bytes ?? null,
    pid: line.pid ?? null,
    tid: line.tid ?? null,
    uid: line.uid ?? null,
    gid: line.gid ?? null,
    comm: line.comm ?? null,
    daemonTid: null,
    args: line.args ?? null,
  };
}

function explain(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object';
  const [first] = checker.Errors(value);
  if (!first) return 'does not fit the event line’s schema';
  const field = first.instancePath.slice(1).replaceAll('/', '.');
  return field === '' ? first.message : `${field}: ${first.message}`;
}

function fail(error: string): ParsedLine {
  return { line: null, error };
}
