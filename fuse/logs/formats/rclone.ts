// rclone mount -vv (rclone fs/log/caller_hooks.go, cmd/mount, vfs): `Name:` on the way in, `>Name:` on the way out, on
// the same object, without numbers. The mount and the VFS below it both log: an operation inside one of the same path
// and kind is its parent's and makes no span. rclone's clock has whole seconds unless --log-format asks for more.

import { opName } from '../../../shared/ops.ts';
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, SPAN, type WireEvent } from '../../../shared/wire/frames.ts';
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

const LEVEL = /\s+(DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL)\s*: /y;
/** Greedy: an object may have a colon and a blank in its name. */
const CALL = /^(.*): (>?)([A-Z]\w+): ?(.*)$/;
const HANDLE = /^&\{(.*) \([rw]+\)\}$/;
const NAME = /\b(?:name|oldName)="((?:[^"\\]|\\.)*)"/;
const NEW_NAME = /\bnewName="((?:[^"\\]|\\.)*)", newDir=(\S*)/;
const MOUNTING = /: Mounting on "((?:[^"\\]|\\.)*)"$/;
const MAX_OPEN = 50_000;
/** Operations of a directory on a name in it. */
const IN_DIR = new Set([
  'lookup',
  'create',
  'mkdir',
  'unlink',
  'rmdir',
  'rename',
  'symlink',
  'link',
  'mknod',
]);
/** What the mount logs and what the VFS logs below it. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  open: ['open', 'create'],
  unlink: ['unlink', 'rmdir'],
};

interface Open {
  event: WireEvent;
  nested: boolean;
}

export class RcloneReader implements LogReader {
  readonly #context: ReaderContext;
  /** By object and call, the innermost last. */
  readonly #open = new Map<string, Open[]>();
  /** How many operations of a path are open. */
  readonly #busy = new Map<string, number>();
  #count = 0;
  #nextId = 1;
  #mount = 0;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string, number: number): Verdict {
    const { clock, sink } = this.#context;
    if (!clock.read(text)) return FOREIGN;
    LEVEL.lastIndex = clock.end;
    const level = LEVEL.exec(text)?.[1];
    if (level === undefined) return FOREIGN;
    const body = text.slice(LEVEL.lastIndex);
    if (level === 'ERROR' || level === 'CRITICAL') {
      const problem = problemOf(text, number, clock.us);
      if (problem) sink.problem(problem);
      return TAKEN;
    }
    if (level !== 'DEBUG') return TAKEN;
    const mounting = MOUNTING.exec(body)?.[1];
    if (mounting !== undefined && this.#context.mount === null)
      this.#mount = sink.mount(unquote(mounting), 'log');
    const call = CALL.exec(body);
    const op = call ? opOf(call[3] ?? '') : null;
    if (!call || op === null) return TAKEN;
    const [, object = '', out, name = '', args = ''] = call;
    const key = `${object} ${name}`;
    if (out === '>') this.#exit(key, op, args);
    else this.#enter(key, object, op, args);
    return TAKEN;
  }

  #enter(key: string, object: string, op: number, args: string): void {
    const event = blankEvent(ENTER, op, this.#nextId++, this.#context.clock.us);
    event.mount = this.#mount;
    describe(event, object, args);
    const nested = this.#isNested(event);
    const open = this.#open.get(key);
    if (this.#count >= MAX_OPEN) return;
    this.#count++;
    if (open) open.push({ event, nested });
    else this.#open.set(own(key), [{ event, nested }]);
    if (nested) return;
    this.#mark(event, 1);
    this.#context.sink.event(event);
  }

  #exit(key: string, op: number, args: string): void {
    const open = this.#open.get(key);
    const found = open?.pop();
    if (open?.length === 0) this.#open.delete(key);
    if (found) this.#count--;
    if (found?.nested) return;
    const { clock, sink } = this.#context;
    const exit = found
      ? { ...found.event, kind: EXIT, tsUs: clock.us }
      : blankEvent(EXIT, op, this.#nextId++, clock.us);
    const error = /\berr=(.*)$/.exec(args)?.[1] ?? '<nil>';
    exit.errno = error === '<nil>' ? 0 : (errnoOf(error) ?? 5);
    const bytes = /\b(?:read|written|n)=(\d+)/.exec(args)?.[1];
    if (bytes !== undefined) exit.bytes = Number(bytes);
    if (found) {
      this.#mark(found.event, -1);
      // Two stamps of the same second do not say that it took no time.
      if (clock.stepUs >= 1e6 && exit.tsUs === found.event.tsUs) exit.kind = SPAN;
    } else exit.mount = this.#mount;
    sink.event(exit as WireEvent);
  }

  #isNested(event: WireEvent): boolean {
    const name = opName(event.op);
    return (PARENTS[name] ?? []).some((parent) => this.#busy.has(`${parent} ${event.path}`));
  }

  #mark(event: WireEvent, by: number): void {
    const key = `${opName(event.op)} ${event.path}`;
    const count = (this.#busy.get(key) ?? 0) + by;
    if (count > 0) this.#busy.set(key, count);
    else this.#busy.delete(key);
  }
}

function describe(event: WireEvent, object: string, args: string): void {
  const handle = HANDLE.exec(object)?.[1];
  const dir = rooted(handle ?? object);
  const name = NAME.exec(args)?.[1];
  event.path = own(
    IN_DIR.has(opName(event.op)) && name !== undefined ? (joined(dir, unquote(name)) ?? dir) : dir,
  );
  const moved = NEW_NAME.exec(args);
  if (moved) event.newPath = own(joined(rooted(moved[2] ?? ''), unquote(moved[1] ?? '')) ?? '');
  const size = /\blen=(\d+)/.exec(args)?.[1];
  const offset = /\boffset=(\d+)/.exec(args)?.[1];
  const flags = /\bflags=(\S+)/.exec(args)?.[1];
  if (size !== undefined) event.size = wide(size);
  if (offset !== undefined) event.offset = wide(offset);
  if (flags !== undefined) event.args = { flags: own(flags) };
}

function rooted(object: string): string {
  const bare = object.length > 1 && object.endsWith('/') ? object.slice(0, -1) : object;
  return bare.startsWith('/') ? bare : `/${bare}`;
}
