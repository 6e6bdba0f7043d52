// JuiceFS' .accesslog (https://juicefs.com/docs/community/fault_diagnosis_and_analysis#access-log): one line an
// operation, stamped when it was complete; `#` is printed while nothing happens.
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { SPAN } from '../../../shared/wire/frames.ts';
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
import { errnoOf, wide } from '../values.ts';

const LINE = /^ \[uid:(\d+),gid:(\d+),pid:(\d+)\] (\w+) \(/;
const TAIL = / ?<(\d+\.\d+)>$/;
/** Operations that begin with a directory and a name. */
const NAMED = new Set(['lookup', 'mkdir', 'rmdir', 'unlink', 'create', 'mknod', 'symlink', 'rename', 'link']);

export class JuicefsReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #paths = new NodePaths();
  #nextId = 1;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#paths.set('1', '/');
  }

  line(text: string): Verdict {
    if (text === '#') return TAKEN;
    const { clock, sink } = this.#context;
    if (!clock.read(text)) return FOREIGN;
    const rest = text.slice(clock.end);
    const head = LINE.exec(rest);
    if (!head) return rest.startsWith(' [uid:') ? 'the line is cut' : FOREIGN;
    const [, uid = '', gid = '', pid = '', name = ''] = head;
    const op = opOf(name);
    if (op === null) return `"${name}" is no operation`;
    const tail = TAIL.exec(rest);
    const close = rest.lastIndexOf('): ');
    if (!tail || close === -1) return 'the line is cut';
    const event = blankEvent(SPAN, op, this.#nextId++, clock.us);
    event.durNs = Math.round(Number(tail[1]) * 1e9);
    event.tsUs = clock.us - event.durNs / 1_000;
    event.uid = Number(uid) >>> 0;
    event.gid = Number(gid) >>> 0;
    if (pid !== '0') event.pid = Number(pid) >>> 0;
    const result = rest.slice(close + 3, tail.index);
    const failed = !/^OK\b/.test(result);
    event.errno = failed ? (errnoOf(result.trim()) ?? 5) : 0;
    this.#args(event, name, rest.slice(head[0].length, close), failed ? null : /\((\d+)/.exec(result)?.[1]);
    sink.event(event);
    return TAKEN;
  }

  #args(
    event: ReturnType<typeof blankEvent>,
    name: string,
    args: string,
    made: string | null | undefined,
  ): void {
    const parts = args.split(',');
    const node = parts[0] ?? '';
    if (/^\d+$/.test(node)) event.nodeid = wide(node);
    if (NAMED.has(name)) {
      // A name may have commas of its own, which only the last arguments could be told from.
      const file = own(parts[1] ?? '');
      event.path = joined(this.#paths.get(node), file);
      if (name === 'rename' && parts[3] !== undefined)
        event.newPath = joined(this.#paths.get(parts[2] ?? ''), own(parts[3]));
      event.args = { name: file };
      if (made && event.path !== null) this.#paths.set(made, event.path);
      if (name === 'rename' && event.errno === 0) this.#paths.rename(event.path, event.newPath);
      return;
    }
    event.path = this.#paths.get(node);
    const [, second, third, fourth] = parts;
    if ((name === 'read' || name === 'write') && second !== undefined && /^\d+$/.test(second)) {
      event.size = wide(second);
      if (third !== undefined && /^\d+$/.test(third)) event.offset = wide(third);
      if (fourth !== undefined && /^\d+$/.test(fourth)) event.fh = wide(fourth);
      if (event.errno === 0) event.bytes = name === 'write' ? Number(second) : null;
      if (name === 'read' && made) event.bytes = Number(made);
    }
  }
}
