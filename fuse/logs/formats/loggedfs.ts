// LoggedFS (rflament/loggedfs, src/loggedfs.cpp): one line an operation when it is done; read and write have two,
// `read 4096 bytes from P at offset 0` before and `3 bytes read from P at offset 0` after. It tells that something
// failed, but not with which errno: such an operation has none here and `result` among its arguments.
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, SPAN, type WireEvent } from '../../../shared/wire/frames.ts';
import { FOREIGN, type LogReader, opOf, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { wide } from '../values.ts';

const HEAD = / (INFO|ERROR) \[\w+\] /y;
const TAIL = / \{(SUCCESS|FAILURE)\} \[ pid = (\d+) (.*) uid = (\d+) \]$/;
const BEFORE = /^(read|write) (\d+) bytes (?:from|to) (.*) at offset (\d+)$/;
const AFTER = /^(-?\d+) bytes (read|written) (?:from|to) (.*) at offset (\d+)$/;
const STARTING = /^LoggedFS starting at (.*)\.$/;
/** What follows the path, by operation. */
const TAILS: Readonly<Record<string, RegExp>> = {
  chmod: / to [0-7]+$/,
  chown: / to .*$/,
  mkdir: / [0-7]+$/,
  mknod: / [0-7]+ \S+ \(.*\)$/,
  truncate: / to \d+ bytes$/,
};
const MAX_OPEN = 10_000;

export class LoggedfsReader implements LogReader {
  readonly #context: ReaderContext;
  /** Reads and writes that began, by what both of their lines have. */
  readonly #open = new Map<string, { id: number; tsUs: number }[]>();
  #mount: string | null;
  #nextId = 1;
  #index = 0;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#mount = context.mount;
  }

  line(text: string): Verdict {
    const { clock, sink } = this.#context;
    if (!clock.read(text)) return FOREIGN;
    HEAD.lastIndex = clock.end;
    if (!HEAD.test(text)) return FOREIGN;
    const body = text.slice(HEAD.lastIndex);
    const tail = TAIL.exec(body);
    if (!tail) {
      this.#starting(body);
      return body.includes('[ pid') || / \{(?:SUCC|FAIL)/.test(body) ? 'the line is cut' : TAKEN;
    }
    const [, result, pid = '', program = '', uid = ''] = tail;
    const event = blankEvent(SPAN, 0, 0, clock.us);
    event.mount = this.#index;
    if (pid !== '0') event.pid = Number(pid) >>> 0;
    event.uid = Number(uid) >>> 0;
    if (program !== '(null)') event.comm = own(program.slice(program.lastIndexOf('/') + 1));
    if (result === 'SUCCESS') event.errno = 0;
    else event.args = { result: 'FAILURE' };
    const wrong = this.#operation(event, body.slice(0, tail.index));
    if (wrong !== null) return wrong;
    sink.event(event);
    return TAKEN;
  }

  /** It says at its start where it is mounted. */
  #starting(body: string): void {
    if (this.#mount !== null) return;
    const mount = STARTING.exec(body)?.[1]?.replace(/(?<=.)\/$/, '');
    if (mount === undefined) return;
    this.#mount = own(mount);
    this.#index = this.#context.sink.mount(this.#mount, 'log');
  }

  #operation(event: WireEvent, body: string): string | null {
    const before = BEFORE.exec(body);
    const after = before ? null : AFTER.exec(body);
    if (before || after) {
      const [name = '', count = '', path = '', offset = ''] = before
        ? before.slice(1)
        : [after?.[2] === 'read' ? 'read' : 'write', ...(after ?? []).filter((_, i) => i === 1 || i > 2)];
      event.op = opOf(name) ?? 0;
      event.path = this.#inMount(path);
      event.offset = wide(offset);
      const key = `${name} ${event.pid} ${offset} ${path}`;
      if (before) this.#begin(event, own(key), count);
      else this.#finish(event, key, count);
      return null;
    }
    const blankAt = body.indexOf(' ');
    const name = blankAt === -1 ? body : body.slice(0, blankAt);
    const op = opOf(name);
    if (op === null) return `"${name}" is no operation`;
    event.op = op;
    event.id = this.#nextId++;
    let rest = blankAt === -1 ? '' : body.slice(blankAt + 1);
    const flags = /^(readonly|writeonly|readwrite) /.exec(rest);
    if (flags) {
      event.args = { ...event.args, flags: flags[1] ?? '' };
      rest = rest.slice(flags[0].length);
    }
    const both =
      name === 'rename' || name === 'link'
        ? rest.indexOf(' to ')
        : name === 'symlink'
          ? rest.indexOf(' to ')
          : -1;
    if (both !== -1) event.newPath = this.#inMount(rest.slice(both + 4));
    const path = both === -1 ? rest.replace(TAILS[name] ?? /$^/, '') : rest.slice(0, both);
    if (path.startsWith('/')) event.path = this.#inMount(path);
    return null;
  }

  #begin(event: WireEvent, key: string, size: string): void {
    event.kind = ENTER;
    event.id = this.#nextId++;
    event.size = wide(size);
    event.errno = null;
    event.args = null;
    if (this.#open.size >= MAX_OPEN) this.#open.delete(this.#open.keys().next().value ?? '');
    const open = this.#open.get(key);
    if (open) open.push({ id: event.id, tsUs: event.tsUs });
    else this.#open.set(key, [{ id: event.id, tsUs: event.tsUs }]);
  }

  #finish(event: WireEvent, key: string, count: string): void {
    const open = this.#open.get(key);
    const begun = open?.shift();
    if (open?.length === 0) this.#open.delete(key);
    event.id = begun?.id ?? this.#nextId++;
    const bytes = Number(count);
    if (bytes < 0) event.errno = -bytes;
    else event.bytes = bytes;
    // Its clock has whole milliseconds: two equal stamps do not say that it took no time.
    event.kind = begun && event.tsUs === begun.tsUs ? SPAN : EXIT;
    if (event.kind === SPAN) event.tsUs = begun?.tsUs ?? event.tsUs;
  }

  #inMount(path: string): string {
    const mount = this.#mount;
    if (mount === null || mount === '/' || !path.startsWith(mount)) return own(path);
    const rest = path.slice(mount.length);
    return own(rest === '' ? '/' : rest.startsWith('/') ? rest : path);
  }
}
