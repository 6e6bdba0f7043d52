// Lines of Rust's `tracing` (tracing-subscriber's full format), as mergerfs-rs writes them with #[instrument]: the
// span `fuse::read{ino=2 …}` is the operation, `close time.busy=… time.idle=…` its end where span events are on.
// Where they are off an operation's end is not told: it is given up ("lost") once its thread begins another. Also the
// form `STATFS started req.unique=7 …` / `LOOKUP failed req.unique=6 e=Errno(2)` with numbers (gvfs-fuse).
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, LOST, type WireEvent } from '../../../shared/wire/frames.ts';
import { problemOf } from '../problems.ts';
import { FOREIGN, type LogReader, opOf, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { durationNs, errnoOf, unquote, wide } from '../values.ts';

const LEVEL = /\s+(TRACE|DEBUG|INFO|WARN|ERROR)\s+/y;
const THREAD = /(?:ThreadId\((\d+)\)|(\S+) ThreadId\((\d+)\))\s+/y;
const SPAN_NAME = /(?:[\w-]+(?:\{[^}]*\})?:)*?(?:fuse|fuser|fs)::(\w+)\{([^}]*)\}:/;
const NUMBERED = /(?:^|: )([A-Za-z_]+) (started|completed|failed|finished|succeeded|done) req\.unique=(\d+)/;
const CLOSE = /: close time\.busy=(\S+) time\.idle=(\S+)/;
const FIELD = /([\w.]+)=("(?:[^"\\]|\\.)*"|[^\s,}]+(?:\([^)]*\))?)/g;
const ERROR_FIELD = /\b(?:err|error|errno|e|code)[=:] ?("(?:[^"\\]|\\.)*"|Errno\(\d+\)|-?\w+)/i;
const MAX_OPEN = 100_000;

const FIELDS: Readonly<Record<string, 'nodeid' | 'fh' | 'offset' | 'size'>> = {
  ino: 'nodeid',
  inode: 'nodeid',
  parent: 'nodeid',
  file_id: 'nodeid',
  fh: 'fh',
  offset: 'offset',
  size: 'size',
  len: 'size',
};

interface Open {
  id: number | string;
  op: number;
  thread: string;
  errno: number | null;
}

export class TracingReader implements LogReader {
  readonly #context: ReaderContext;
  /** By thread and span, as printed. */
  readonly #open = new Map<string, Open>();
  readonly #byThread = new Map<string, string>();
  readonly #numbered = new Map<string, number>();
  #nextId = 1;
  #closes = false;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string, number: number): Verdict {
    const { clock, sink } = this.#context;
    if (!clock.read(text)) return FOREIGN;
    LEVEL.lastIndex = clock.end;
    const level = LEVEL.exec(text);
    if (!level) return FOREIGN;
    const at = LEVEL.lastIndex;
    if (level[1] === 'ERROR') {
      const problem = problemOf(text, number, clock.us);
      if (problem) sink.problem(problem);
    }
    THREAD.lastIndex = at;
    const thread = THREAD.exec(text)?.[0].trim() ?? '';
    const rest = text.slice(at + (THREAD.lastIndex > at ? THREAD.lastIndex - at : 0));
    const named = SPAN_NAME.exec(rest);
    if (named) return this.#inSpan(named, rest, thread, clock.us, level[1] ?? '');
    const numbered = NUMBERED.exec(rest);
    if (numbered) return this.#numberedLine(numbered, rest, clock.us);
    return TAKEN;
  }

  #inSpan(named: RegExpExecArray, rest: string, thread: string, tsUs: number, level: string): Verdict {
    const [span, name = '', fields = ''] = named;
    const op = opOf(name);
    if (op === null) return TAKEN;
    const key = `${thread} ${span}`;
    const close = CLOSE.exec(rest);
    if (close) return this.#close(key, op, close, fields, tsUs);
    const open = this.#open.get(key);
    const message = rest.slice(named.index + span.length);
    const begins = /(?:: |^\s*)(?:Starting\b|new$|enter$|started\b)/.test(message);
    if (open && !(begins && !this.#closes && /Starting/.test(message))) {
      if (level === 'ERROR' || level === 'WARN') open.errno ??= errnoIn(message);
      return TAKEN;
    }
    if (open) this.#giveUp(key, open);
    // Without lines of their end, a thread that begins another operation is done with the one before.
    const before = this.#closes ? undefined : this.#byThread.get(thread);
    const earlier = before === undefined ? undefined : this.#open.get(before);
    if (before !== undefined && earlier) this.#giveUp(before, earlier);
    const event = blankEvent(ENTER, op, this.#nextId++, tsUs);
    take(event, fields);
    const [oldest] = this.#open;
    if (this.#open.size >= MAX_OPEN && oldest) this.#giveUp(...oldest);
    this.#open.set(own(key), {
      id: event.id,
      op,
      thread,
      errno: level === 'ERROR' ? errnoIn(message) : null,
    });
    this.#byThread.set(own(thread), own(key));
    this.#context.sink.event(event);
    return TAKEN;
  }

  #close(key: string, op: number, close: RegExpExecArray, fields: string, tsUs: number): Verdict {
    this.#closes = true;
    const [, busy = '', idle = ''] = close;
    const open = this.#open.get(key);
    this.#open.delete(key);
    const exit = blankEvent(EXIT, op, open?.id ?? this.#nextId++, tsUs);
    const [busyNs, idleNs] = [durationNs(busy), durationNs(idle)];
    if (busyNs === null || idleNs === null) return `"${close[0].slice(2)}" has no duration`;
    exit.durNs = busyNs + idleNs;
    exit.errno = open?.errno ?? 0;
    take(exit, fields);
    this.#context.sink.event(exit);
    return TAKEN;
  }

  #numberedLine(found: RegExpExecArray, rest: string, tsUs: number): Verdict {
    const [, name = '', what = '', unique = ''] = found;
    const op = opOf(name);
    if (op === null) return TAKEN;
    const event = blankEvent(what === 'started' ? ENTER : EXIT, op, wide(unique), tsUs);
    take(event, rest.slice(found.index + found[0].length));
    if (event.kind === EXIT) event.errno = what === 'failed' ? (errnoIn(rest) ?? 5) : 0;
    this.#numbered.delete(unique);
    this.#context.sink.event(event);
    return TAKEN;
  }

  #giveUp(key: string, open: Open): void {
    this.#open.delete(key);
    const lost = blankEvent(LOST, open.op, open.id, this.#context.clock.us);
    lost.errno = open.errno;
    this.#context.sink.event(lost);
  }
}

function errnoIn(text: string): number | null {
  const field = ERROR_FIELD.exec(text)?.[1];
  return errnoOf(field === undefined ? text : field.replace(/^"|"$/g, ''));
}

function take(event: WireEvent, fields: string): void {
  for (const [, key = '', raw = ''] of fields.matchAll(FIELD)) {
    const value = raw.startsWith('"')
      ? unquote(raw.slice(1, -1))
      : raw.replace(/^Some\((.*)\)$/, '$1').replace(/^"|"$/g, '');
    const number = FIELDS[key];
    if (number !== undefined && /^\d{1,20}$/.test(value)) event[number] = wide(value);
    else if ((key === 'pid' || key === 'uid' || key === 'gid') && /^\d{1,9}$/.test(value))
      event[key] = Number(value);
    else if (key === 'path' || key === 'filename')
      event.path = own(value.startsWith('/') ? value : `/${value}`);
    else if (key === 'name' || key === 'newname' || key === 'flags' || key === 'mode' || key === 'new_name')
      event.args = { ...event.args, [key]: own(value) };
  }
}
