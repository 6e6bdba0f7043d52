// gcsfuse and other file systems on jacobsa/fuse (connection.go, debug.go): `Op 0x0000015c  connection.go:420] <- …`
// with its answer under the same number; as text, as JSON, or bare.
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, type WireEvent } from '../../../shared/wire/frames.ts';
import { NodePaths } from '../nodes.ts';
import { problemOf } from '../problems.ts';
import {
  FOREIGN,
  joined,
  type LogReader,
  opOf,
  own,
  type ReaderContext,
  TAKEN,
  type Verdict,
} from '../reader.ts';
import { errnoOf, unquote, wide } from '../values.ts';

const OP = /Op 0x([0-9a-f]+)\s+connection\.go:\d+\] (<-|->) (\w+)(?: \((.*)\)|: (.*))?$/;
const TEXT = /^time="([^"]+)" severity=(\w+) message="((?:[^"\\]|\\.)*)"(.*)$/;
const MAX_OPEN = 100_000;

interface Open {
  op: number;
  path: string | null;
}

export class JacobsaReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #open = new Map<string, Open>();
  readonly #paths = new NodePaths();
  readonly #mounts = new Map<string, number>();

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#paths.set('1', '/');
  }

  line(text: string, number: number): Verdict {
    const { clock, sink } = this.#context;
    let message = text;
    let mount = 0;
    let tsUs: number | null = null;
    let severity = '';
    if (text.startsWith('{')) {
      const line = json(text);
      if (!line) return text.includes('"severity"') ? 'not JSON' : FOREIGN;
      if (typeof line.message !== 'string') return FOREIGN;
      message = line.message;
      severity = String(line.severity);
      tsUs =
        stamp(line.timestamp) ?? (typeof line.time === 'string' && clock.read(line.time) ? clock.us : null);
      const id = line['mount-id'];
      if (typeof id === 'string' && this.#context.mount === null) mount = this.#mountOf(id);
    } else if (text.startsWith('time="')) {
      const line = TEXT.exec(text);
      if (!line) return 'the line is cut';
      message = unquote(line[3] ?? '');
      severity = line[2] ?? '';
      if (clock.read(line[1] ?? '')) tsUs = clock.us;
      const id = /\bmount-id="?([\w.-]+)/.exec(line[4] ?? '')?.[1];
      if (id !== undefined && this.#context.mount === null) mount = this.#mountOf(id);
    } else if (clock.read(text) || clock.read(text, text.indexOf(': ') + 2)) tsUs = clock.us;
    if (severity === 'ERROR') {
      const problem = problemOf(text, number, tsUs);
      if (problem) sink.problem(problem);
    }
    const found = OP.exec(message);
    if (!found)
      return message.includes('connection.go:') && / (?:<-|->) /.test(message)
        ? 'the line is cut'
        : severity === ''
          ? FOREIGN
          : TAKEN;
    return this.#operation(found, tsUs ?? clock.arrival(), mount);
  }

  #operation(found: RegExpExecArray, tsUs: number, mount: number): Verdict {
    const [, hex = '', way, name = '', args = '', error] = found;
    const id = Number.parseInt(hex, 16);
    if (!Number.isSafeInteger(id)) return `Op 0x${hex} has no readable number`;
    const key = `${mount} ${hex}`;
    if (way === '->') {
      const open = this.#open.get(key);
      this.#open.delete(key);
      const exit = blankEvent(EXIT, open?.op ?? opOf(name) ?? 0, id, tsUs);
      exit.mount = mount;
      exit.errno = name === 'Error' ? (errnoOf(unquote((error ?? '').replace(/^"|"$/g, ''))) ?? 5) : 0;
      const made = /^inode (\d+)/.exec(args)?.[1];
      if (made !== undefined && open?.path) this.#paths.set(made, open.path);
      const bytes = /(\d+) bytes/.exec(args)?.[1];
      if (bytes !== undefined) exit.bytes = Number(bytes);
      this.#context.sink.event(exit);
      return TAKEN;
    }
    const op = opOf(name);
    if (op === null) return `"${name}" is no operation`;
    const event = blankEvent(ENTER, op, id, tsUs);
    event.mount = mount;
    this.#args(event, args);
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(key, { op, path: event.path });
    this.#context.sink.event(event);
    return TAKEN;
  }

  #args(event: WireEvent, args: string): void {
    const inode = /\binode (\d+)/.exec(args)?.[1];
    const parent = /\bparent (\d+)/.exec(args)?.[1];
    const name = /\bname "((?:[^"\\]|\\.)*)"/.exec(args)?.[1];
    const pid = /\bPID (\d{1,9})\b/.exec(args)?.[1];
    const [handle, offset, size] = [/\bhandle (\d+)/, /\boffset (\d+)/, /\b(\d+) bytes/].map(
      (one) => one.exec(args)?.[1],
    );
    const node = inode ?? parent;
    if (node !== undefined) event.nodeid = wide(node);
    if (pid !== undefined) event.pid = Number(pid);
    if (handle !== undefined) event.fh = wide(handle);
    if (offset !== undefined) event.offset = wide(offset);
    if (size !== undefined) event.size = wide(size);
    if (parent !== undefined && name !== undefined) {
      const file = own(unquote(name));
      event.path = joined(this.#paths.get(parent), file);
      event.args = { name: file };
    } else if (inode !== undefined) event.path = this.#paths.get(inode);
  }

  #mountOf(id: string): number {
    let known = this.#mounts.get(id);
    if (known === undefined) {
      known = this.#context.sink.mount(own(id), 'log');
      this.#mounts.set(own(id), known);
    }
    return known;
  }
}

function json(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // Cut, or of another program.
    return null;
  }
}

function stamp(value: unknown): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const { seconds, nanos } = value as { seconds?: unknown; nanos?: unknown };
  if (typeof seconds !== 'number' || typeof nanos !== 'number') return null;
  const us = seconds * 1e6 + nanos / 1_000;
  return us >= 0 && us < 9e15 ? us : null;
}
