// s3fs with -o dbglevel=info (s3fs-fuse src/s3fs.cpp, 1.90 to 1.97): a line when an operation begins, none when it ends.
// So each is given up ("lost"): that it was asked for is known, how it went is not. Reads and writes are told of with
// dbglevel=debug only.
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, LOST, type WireEvent } from '../../../shared/wire/frames.ts';
import { problemOf } from '../problems.ts';
import { FOREIGN, type LogReader, opOf, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { wide } from '../values.ts';

const LEVEL = /\s+\[(CRT|ERR|WAN|INF|DBG)\]\s+/y;
const CALL = /(?:\w+\.cpp):s3fs_(\w+?)(?:_nocopy)?\(\d+\): ?(.*)$/y;
/** Between two fields; a name may have brackets too. */
const SEAM = /\]\[(?=[\w/ ]{1,20}=)/;
/** What a getattr found, in a second line of its own. */
const FOUND = /\] uid=\d+, gid=\d+, mode=[0-7]+$/;
const NUMBER = /^\d+$/;
const CALLER = /^(\d{1,9}),uid=(\d{1,9}),gid=(\d{1,9})$/;
const ARGUMENTS = new Set(['mode', 'flags', 'mask', 'name']);
/** More renames than s3fs has threads; each is looked through at each unlink. */
const MAX_MOVED = 64;

export class S3fsReader implements LogReader {
  readonly #context: ReaderContext;
  /** Names that a rename has taken away, and the process that asked for it, where the log tells. */
  readonly #moved = new Map<string, number | null>();
  #nextId = 1;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string, number: number): Verdict {
    const { clock, sink } = this.#context;
    if (!clock.read(text)) return FOREIGN;
    LEVEL.lastIndex = clock.end;
    const level = LEVEL.exec(text)?.[1];
    if (level === undefined) return FOREIGN;
    if (level === 'ERR' || level === 'CRT') {
      const problem = level === 'ERR' ? problemOf(text, number, clock.us) : null;
      if (problem) sink.problem(problem);
      return TAKEN;
    }
    CALL.lastIndex = LEVEL.lastIndex;
    const [, name = '', fields = ''] = CALL.exec(text) ?? [];
    const op = opOf(name);
    if (op === null || !fields.startsWith('[') || FOUND.test(fields)) return TAKEN;
    if (!fields.endsWith(']')) return 'the line is cut';
    const event = blankEvent(ENTER, op, 0, clock.us);
    for (const field of fields.slice(1, -1).split(SEAM)) {
      const equals = field.indexOf('=');
      fill(event, name, field.slice(0, equals), field.slice(equals + 1));
    }
    if (this.#isPartOfRename(event, name)) return TAKEN;
    event.id = this.#nextId++;
    sink.event(event);
    sink.event(blankEvent(LOST, op, event.id, clock.us));
    return TAKEN;
  }

  /**
   * A rename copies, and then calls what unlink and rmdir call for each name it has taken away; nobody asked for those.
   * Were they asked for, the kernel would have looked the name up again before.
   */
  #isPartOfRename(event: WireEvent, name: string): boolean {
    if (event.path === null) return false;
    const path = event.path.replace(/(?<=.)\/$/, '');
    if (name === 'unlink' || name === 'rmdir') {
      for (const [moved, pid] of this.#moved)
        if (pid === event.pid && (path === moved || path.startsWith(`${moved}/`))) return true;
      return false;
    }
    this.#moved.delete(path);
    if (name !== 'rename') return false;
    if (event.newPath !== null) this.#moved.delete(event.newPath);
    this.#moved.set(path, event.pid);
    if (this.#moved.size > MAX_MOVED) this.#moved.delete(this.#moved.keys().next().value ?? '');
    return false;
  }
}

/** What a field tells of the operation called `name`. */
function fill(event: WireEvent, name: string, key: string, value: string): void {
  if (name === 'symlink' && key === 'from') event.args = { ...event.args, target: own(value) };
  else if (name === 'symlink' && key === 'to') event.path = own(value);
  else if (key === 'path' || key === 'from' || key === 'unlinked path')
    // A file that is open and has no name any more is called "null".
    event.path = value.startsWith('/') ? own(value) : null;
  else if (key === 'to') event.newPath = own(value);
  else if (key === 'offset' && NUMBER.test(value)) event.offset = wide(value);
  else if (key === 'size' && NUMBER.test(value)) event.size = wide(value);
  else if ((key === 'pseudo_fd' || key === 'fd') && NUMBER.test(value)) event.fh = wide(value);
  else if (key === 'pid') {
    const [, pid, uid, gid] = CALLER.exec(value) ?? [];
    if (pid !== undefined) [event.pid, event.uid, event.gid] = [Number(pid), Number(uid), Number(gid)];
  } else if (ARGUMENTS.has(key)) event.args = { ...event.args, [key]: own(value.trimEnd()) };
}
