// hanwen/go-fuse with debugging on (fuse/request.go, fuse/print.go): `rx 136: LOOKUP n1 ["link0"] 6b`, answered by
// `tx 136:     OK, {…}` or `tx 138:     2=no such file or directory`.
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, SPAN, type WireEvent } from '../../../shared/wire/frames.ts';
import { NodePaths } from '../nodes.ts';
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

const RX = /(?:^|\s)rx (\d+): (\w+) [ni](\d+)(.*)$/;
const TX = /(?:^|\s)tx (\d+):\s+(OK|(\d+)=[^,]*|-?\w+)(?:, ?(.*))?$/;
const NAMES = /\["((?:[^"\\]|\\.)*)"(?:,? "((?:[^"\\]|\\.)*)")?\]/;
const FH = /\bFh (\d+)/;
const RANGE = /\[(\d+) \+(\d+)\)/;
const PID = /\bp(\d+)\b/;
const NO_REPLY = new Set(['forget', 'interrupt', 'batch_forget']);
const MAX_OPEN = 100_000;
const NAMED = new Set([
  'LOOKUP',
  'CREATE',
  'MKDIR',
  'MKNOD',
  'SYMLINK',
  'LINK',
  'UNLINK',
  'RMDIR',
  'RENAME',
  'RENAME2',
]);

interface Open {
  op: number;
  name: string;
  path: string | null;
  newPath: string | null;
}

export class HanwenReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #open = new Map<string, Open>();
  readonly #paths = new NodePaths();

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#paths.set('1', '/');
  }

  line(text: string): Verdict {
    const { clock } = this.#context;
    const rx = RX.exec(text);
    const tx = rx ? null : TX.exec(text);
    if (!rx && !tx) return /(?:^|\d )(?:rx|tx) \d+/.test(text) ? 'the line is cut' : FOREIGN;
    const tsUs = clock.read(text) ? clock.us : clock.arrival();
    return rx ? this.#rx(rx, tsUs) : this.#tx(tx as RegExpExecArray, tsUs);
  }

  #rx(found: RegExpExecArray, tsUs: number): Verdict {
    const [, unique = '', name = '', node = '', rest = ''] = found;
    const op = opOf(name);
    if (op === null) return `"${name}" is no operation`;
    const event = blankEvent(ENTER, op, wide(unique), tsUs);
    event.nodeid = wide(node);
    const [fh, range, pid] = [FH.exec(rest)?.[1], RANGE.exec(rest), PID.exec(rest)?.[1]];
    if (fh !== undefined) event.fh = wide(fh);
    if (range) {
      event.offset = wide(range[1] ?? '0');
      event.size = wide(range[2] ?? '0');
    }
    if (pid !== undefined) event.pid = Number(pid) >>> 0;
    this.#names(event, name, node, rest);
    if (NO_REPLY.has(name.toLowerCase())) {
      this.#context.sink.event({ ...event, kind: SPAN });
      return TAKEN;
    }
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(unique, { op, name, path: event.path, newPath: event.newPath });
    this.#context.sink.event(event);
    return TAKEN;
  }

  #names(event: WireEvent, name: string, node: string, rest: string): void {
    if (!NAMED.has(name)) {
      event.path = this.#paths.get(node);
      return;
    }
    const names = NAMES.exec(rest);
    if (names?.[1] === undefined) return;
    const first = own(unquote(names[1]));
    event.path = joined(this.#paths.get(node), first);
    event.args = { name: first };
    const target = /\{[ni](\d+)/.exec(rest)?.[1];
    if (names[2] === undefined || !name.startsWith('RENAME') || target === undefined) return;
    event.newPath = joined(this.#paths.get(target), own(unquote(names[2])));
  }

  #tx(found: RegExpExecArray, tsUs: number): Verdict {
    const [, unique = '', status = '', number, rest = ''] = found;
    const open = this.#open.get(unique);
    this.#open.delete(unique);
    const event = blankEvent(EXIT, open?.op ?? 0, wide(unique), tsUs);
    event.errno = status === 'OK' ? 0 : number === undefined ? (errnoOf(status) ?? 5) : Number(number);
    const bytes = /^\s*(\d+)b data/.exec(rest)?.[1] ?? /^\{(\d+)b \}/.exec(rest)?.[1];
    if (bytes !== undefined) event.bytes = Number(bytes);
    const fh = FH.exec(rest)?.[1];
    if (fh !== undefined && event.errno === 0) event.fh = wide(fh);
    if (open && event.errno === 0) {
      const made = /^\{n(\d+) /.exec(rest)?.[1];
      if (made !== undefined && open.path !== null) this.#paths.set(made, open.path);
      if (open.name.startsWith('RENAME')) this.#paths.rename(open.path, open.newPath);
      if (open.name === 'UNLINK' || open.name === 'RMDIR') this.#paths.forget(open.path);
    }
    this.#context.sink.event(event);
    return TAKEN;
  }
}
