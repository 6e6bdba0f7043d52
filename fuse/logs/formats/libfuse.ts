// Output of `-d` of file systems on libfuse 2.9 and 3.x (libfuse lib/fuse_lowlevel.c and lib/fuse.c). It has no times:
// durations are known where lines are stamped on arrival, or by something in front (`ts`, journald), else only order.
// With several threads the line with the path may stand behind another request's; it is given to the newest request
// of its operation. Paths of later requests come from the node ids that look-ups answered.

import { opName } from '../../../shared/ops.ts';
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, SPAN, type WireEvent } from '../../../shared/wire/frames.ts';
import { NodePaths } from '../nodes.ts';
import { FOREIGN, type LogReader, opOf, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { wide } from '../values.ts';

const REQUEST =
  /(?:dev |cqe )?unique: (\d+), opcode: (\S+) \((\d+)\), nodeid: (\d+), insize: (\d+), pid: (\d+)/y;
const REPLY =
  /\s+unique: (\d+), (?:success, outsize: (\d+)|error: -(\d+) \([^)]*\), outsize: \d+|result=(-?\d+))/y;
/** `LOOKUP /a`, `getattr[NULL] /a`, `read[5] 4096 bytes from 0 flags: 0x8000`, `   open[5] flags: 0x8000 /a`. */
const DETAIL = /(\s*)([A-Za-z_]+)(?:\[(\w+)\])? ?(.*)/y;
const NODE = /\s+NODEID: (\d+)/y;
const NO_REPLY = new Set([2, 36, 42]);
const HEADER_BYTES = 16;
const MAX_OPEN = 100_000;
/** Operations whose reply is data: its length is what was read. */
const DATA_REPLY = new Set(['read', 'readdir', 'readdirplus', 'readlink', 'getxattr', 'listxattr']);
/** Detail lines name these otherwise than opcodes do. */
const DETAIL_OPS: Readonly<Record<string, readonly string[]>> = {
  getattr: ['getattr', 'lookup', 'setattr', 'create', 'mkdir', 'mknod', 'symlink', 'link'],
  fgetattr: ['getattr', 'create', 'setattr'],
  chmod: ['setattr'],
  chown: ['setattr'],
  truncate: ['setattr'],
  ftruncate: ['setattr'],
  utimens: ['setattr'],
};
const OTHER_LINES =
  /^(?:FUSE library version|INIT:|flags=|max_readahead=|nullpath_ok|nopath|utime_omit_ok|DELETE:| {3}INIT:| {3}flags=| {3}max_| {3}congestion| {3}time_gran| {3}want|using | {3}result)/;

interface Open {
  event: WireEvent;
  name: string;
  timed: boolean;
  told: boolean;
}

export class LibfuseReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #open = new Map<string, Open>();
  readonly #paths = new NodePaths();
  /** Newest request by operation. */
  readonly #newest = new Map<string, Open>();
  #held: Open | null = null;
  /** Node id of the line before: the reply that follows is that of the look-up that found it. */
  #node: string | null = null;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#paths.set('1', '/');
  }

  line(text: string): Verdict {
    const { clock } = this.#context;
    const mark = text.indexOf('unique: ');
    if (mark !== -1) {
      const timed = clock.read(text);
      const at =
        timed || mark > 12
          ? Math.max(
              0,
              mark - (text.startsWith('dev ', mark - 4) || text.startsWith('cqe ', mark - 4) ? 4 : 0),
            )
          : 0;
      REQUEST.lastIndex = at;
      const request = REQUEST.exec(text);
      if (request) return this.#request(request, timed ? clock.us : clock.arrival(), timed || clock.isLive);
      REPLY.lastIndex = at === mark && at > 0 ? at - 1 : at;
      const reply = REPLY.exec(text);
      if (reply) return this.#reply(reply, timed ? clock.us : clock.arrival());
      return 'the line is cut';
    }
    NODE.lastIndex = 0;
    const node = NODE.exec(text);
    this.#node = node?.[1] ?? null;
    return node ? TAKEN : this.#detail(text);
  }

  idle(): void {
    this.#tell();
  }

  end(): void {
    this.#tell();
  }

  #request(found: RegExpExecArray, tsUs: number, timed: boolean): Verdict {
    this.#tell();
    this.#node = null;
    const [, unique = '', , opcode = '', node = '', insize = '', pid = ''] = found;
    const op = Number(opcode);
    if (op > 0xffff) return `opcode ${opcode} is too large`;
    const name = opName(op);
    const event = blankEvent(ENTER, op, wide(unique), tsUs);
    event.nodeid = node === '0' ? null : wide(node);
    if (pid !== '0') event.pid = Number(pid) >>> 0;
    // RELEASE, READ, GETATTR and the like concern the node itself; names come on a line of their own.
    if (!NAMED.has(name)) event.path = this.#paths.get(node);
    if (name === 'write') event.size = Math.max(0, Number(insize) - 80);
    const open: Open = { event, name, timed, told: false };
    this.#newest.set(name, open);
    if (NO_REPLY.has(op)) {
      if (op === 2) this.#paths.delete(node);
      event.kind = SPAN;
      this.#context.sink.event(event);
      return TAKEN;
    }
    if (this.#open.size >= MAX_OPEN) this.#open.delete(this.#open.keys().next().value ?? '');
    this.#open.set(unique, open);
    this.#held = open;
    return TAKEN;
  }

  #reply(found: RegExpExecArray, tsUs: number): Verdict {
    const [, unique = '', outsize, error, result] = found;
    const open = this.#open.get(unique);
    const failed = error ?? (result?.startsWith('-') ? result.slice(1) : undefined);
    if (!open) {
      const orphan = blankEvent(EXIT, 0, wide(unique), tsUs);
      orphan.errno = Number(failed ?? 0);
      this.#context.sink.event(orphan);
      return TAKEN;
    }
    this.#open.delete(unique);
    if (this.#newest.get(open.name) === open) this.#newest.delete(open.name);
    const { event } = open;
    if (this.#held === open) this.#held = null;
    const errno = Number(failed ?? 0);
    if (errno === 0) this.#learn(open);
    const bytes = DATA_REPLY.has(open.name) && errno === 0 ? dataBytes(outsize, result) : null;
    // Without times nothing is known of how long it took; told and ended at once it is one event.
    const kind = open.timed && open.told ? EXIT : SPAN;
    const exit: WireEvent = { ...event, kind, errno, bytes: bytes ?? event.bytes };
    if (kind === EXIT) exit.tsUs = tsUs;
    else if (open.timed) exit.durNs = Math.max(0, Math.round((tsUs - event.tsUs) * 1_000));
    this.#context.sink.event(exit);
    return TAKEN;
  }

  #learn(open: Open): void {
    const { event, name } = open;
    if (this.#node !== null && event.path !== null && NAMED.has(name))
      this.#paths.set(this.#node, event.path);
    this.#node = null;
    if (name === 'rename' || name === 'rename2') this.#paths.rename(event.path, event.newPath);
    if (name === 'unlink' || name === 'rmdir') this.#paths.forget(event.path);
  }

  #detail(text: string): Verdict {
    DETAIL.lastIndex = 0;
    const found = DETAIL.exec(text);
    if (!found || OTHER_LINES.test(text)) return found && OTHER_LINES.test(text) ? TAKEN : FOREIGN;
    const [, indent = '', word = '', fh, rest = ''] = found;
    const name = word.toLowerCase();
    const open = this.#owner(name);
    if (!open) return opOf(name) === null && DETAIL_OPS[name] === undefined ? FOREIGN : TAKEN;
    const { event } = open;
    if (fh !== undefined && /^\d+$/.test(fh)) event.fh ??= wide(fh);
    const io = /^(\d+) bytes (?:from|to) (\d+)/.exec(rest);
    if (io) {
      if (indent !== '') event.bytes = Number(io[1]);
      else {
        event.size = wide(io[1] ?? '0');
        event.offset = wide(io[2] ?? '0');
      }
    } else if (name === 'rename' || name === 'link') {
      // Both names may have blanks: the second begins at the last ` /`.
      const cut = rest.lastIndexOf(' /');
      event.path = own(cut === -1 ? rest : rest.slice(0, cut));
      if (cut !== -1) event.newPath = own(rest.slice(cut + 1));
    } else if (indent === '') this.#path(open, name, rest);
    return TAKEN;
  }

  #path(open: Open, name: string, rest: string): void {
    const { event } = open;
    const flags = /flags: (0x[0-9a-fA-F]+) ?/.exec(rest);
    if (flags && (name === 'open' || name === 'create' || name === 'opendir'))
      event.args = { ...event.args, flags: Number.parseInt(flags[1] ?? '0', 16) };
    const at = rest.indexOf('/');
    if (at === -1) return;
    let path = rest.slice(at);
    const cut = TAILS[name];
    if (cut) path = path.replace(cut, '');
    event.path ??= own(path);
    if (name === 'symlink') event.args = { ...event.args, target: own(rest.slice(0, Math.max(0, at - 1))) };
  }

  /** The request that a line of this operation is about. */
  #owner(name: string): Open | undefined {
    const names = DETAIL_OPS[name] ?? [name];
    if (this.#held && names.includes(this.#held.name)) return this.#held;
    for (const one of names) {
      const open = this.#newest.get(one);
      if (open) return open;
    }
    return undefined;
  }

  /** Lets the held ENTER out. In a log that was read from a file one event a request is enough: nobody waits for it. */
  #tell(): void {
    const open = this.#held;
    this.#held = null;
    if (!open || open.told) return;
    open.told = true;
    this.#context.sink.event({ ...open.event });
  }
}

/** Requests whose node is the directory: their path is on a line of its own. */
const NAMED = new Set([
  'lookup',
  'create',
  'mkdir',
  'mknod',
  'symlink',
  'link',
  'unlink',
  'rmdir',
  'rename',
  'rename2',
  'tmpfile',
]);
/** What follows the path on lines of these operations. */
const TAILS: Readonly<Record<string, RegExp>> = {
  create: / 0[0-7]+ umask=0?[0-7]+$/,
  mkdir: / 0[0-7]+ umask=0?[0-7]+$/,
  mknod: / 0[0-7]+ 0x[0-9a-f]+ umask=0?[0-7]+$/,
  getxattr: / \S+ \d+$/,
  setxattr: / \S+ \d+ 0x[0-9a-f]+$/,
  listxattr: / \d+$/,
  removexattr: / \S+$/,
  readlink: / \d+$/,
  access: / 0[0-7]+$/,
  chmod: / [0-7]+$/,
  chown: / -?\d+ -?\d+$/,
  truncate: / \d+$/,
  utimens: / -?\d+\.\d+ -?\d+\.\d+$/,
};

function dataBytes(outsize: string | undefined, result: string | undefined): number | null {
  if (outsize !== undefined) return Math.max(0, Number(outsize) - HEADER_BYTES);
  return result === undefined ? null : Math.max(0, Number(result));
}
