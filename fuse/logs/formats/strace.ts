// strace -f -ttt -T -y, or any of these left out (strace.io): file system calls as operations. A call that another
// thread interrupts is `<unfinished ...>` and goes on as `<... NAME resumed>`; unfinished at the end it is open. With
// --mount only calls on paths below it count. What a program did is seen, not what reached the file system.

import { errnoNumber } from '../../../shared/errno.ts';
import { opCode } from '../../../shared/ops.ts';
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, LOST, SPAN, type WireEvent } from '../../../shared/wire/frames.ts';
import { FOREIGN, type LogReader, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { wide } from '../values.ts';
import { pathOf, splitArguments } from './strace-arguments.ts';
import { CALLS, type Call } from './strace-calls.ts';

const PID = /^(?:\[pid\s+(\d+)\] |(\d+)\s+)/;
const CALL = /^(\w+)\(/;
const RESUMED = /^<\.\.\. (\w+) resumed>\s?(.*)$/;
const UNFINISHED = / <unfinished \.\.\.>$/;
const RESULT =
  /\)\s*= (-?\d+|0x[0-9a-f]+|\?)(?:<[^>]*(?:>[^ ]*)?>)?(?: ([A-Z][A-Z0-9_]+)(?: \(.*?\))?)?(?: \([^)]*\))?(?: <(\d+\.\d+)>)?$/;
const ENDED = /^\+\+\+ (?:exited with|killed by) /;

interface Open {
  call: Call;
  name: string;
  args: string;
  event: WireEvent | null;
}

export class StraceReader implements LogReader {
  readonly #context: ReaderContext;
  /** By pid: a thread has one call at a time. */
  readonly #open = new Map<string, Open>();
  #nextId = 1;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string): Verdict {
    const { clock } = this.#context;
    let rest = text;
    const pid = PID.exec(rest);
    // A bare number in front may be the time: with one thread strace prints no pid.
    if (pid && !(pid[2] !== undefined && clock.read(rest))) rest = rest.slice(pid[0].length);
    const thread = pid && rest.length < text.length ? (pid[1] ?? pid[2] ?? '') : '';
    const stamped = clock.read(rest);
    const tsUs = stamped ? clock.us : clock.arrival();
    if (stamped) rest = rest.slice(clock.end).trimStart();
    if (ENDED.test(rest)) {
      this.#gone(thread, tsUs);
      return TAKEN;
    }
    if (rest.startsWith('--- ') || rest.startsWith('strace: ')) return TAKEN;
    const resumed = RESUMED.exec(rest);
    if (resumed) return this.#resumed(resumed, thread, tsUs);
    const call = CALL.exec(rest);
    if (!call) return thread !== '' && stamped ? 'no call that can be read' : FOREIGN;
    const name = call[1] ?? '';
    const kind = CALLS[name];
    if (UNFINISHED.test(rest)) {
      if (kind) this.#begin(kind, name, rest.slice(call[0].length).replace(UNFINISHED, ''), thread, tsUs);
      return TAKEN;
    }
    const result = RESULT.exec(rest);
    if (!result) return kind ? 'the line is cut' : /\)\s+= /.test(rest) || stamped ? TAKEN : FOREIGN;
    if (!kind) return TAKEN;
    const event = this.#describe(kind, rest.slice(call[0].length, result.index), thread, tsUs);
    if (!event) return TAKEN;
    this.#result(event, result, kind);
    // Without -T nothing says how long it took.
    event.kind = SPAN;
    this.#context.sink.event(event);
    return TAKEN;
  }

  #begin(call: Call, name: string, args: string, thread: string, tsUs: number): void {
    const event = this.#describe(call, args, thread, tsUs);
    this.#open.set(thread, { call, name, args: own(args), event });
    if (event) this.#context.sink.event({ ...event });
  }

  #resumed(found: RegExpExecArray, thread: string, tsUs: number): Verdict {
    const [, name = '', more = ''] = found;
    const call = CALLS[name];
    const open = this.#open.get(thread);
    this.#open.delete(thread);
    if (!call) return TAKEN;
    const result = RESULT.exec(more);
    if (!result) return 'the line is cut';
    const args = `${open?.args ?? ''}${more.slice(0, result.index)}`;
    const begun = open?.name === name ? open.event : null;
    const event = this.#describe(call, args, thread, tsUs);
    if (open && !begun) return TAKEN;
    if (!event) return TAKEN;
    event.kind = EXIT;
    if (begun) event.id = begun.id;
    this.#result(event, result, call);
    this.#context.sink.event(event);
    return TAKEN;
  }

  /** Its thread ended in the middle of a call. */
  #gone(thread: string, tsUs: number): void {
    const open = this.#open.get(thread);
    this.#open.delete(thread);
    if (open?.event) this.#context.sink.event(blankEvent(LOST, open.event.op, open.event.id, tsUs));
  }

  /** Null where the call is on no path below the mount. */
  #describe(call: Call, text: string, thread: string, tsUs: number): WireEvent | null {
    const args = splitArguments(text);
    const mount = this.#context.mount;
    const path = pathOf(args, call.path);
    const at = mount === null ? path : below(mount, path);
    if (mount !== null && at === null) return null;
    const op = call.refine?.(args) ?? call.op;
    const event = blankEvent(ENTER, opCode(op), this.#nextId++, tsUs);
    event.path = at === null || !at.startsWith('/') ? null : own(at);
    if (at !== null && event.path === null) event.args = { file: own(at) };
    const newPath = call.newPath === undefined ? null : pathOf(args, call.newPath);
    if (newPath?.startsWith('/'))
      event.newPath = own(mount === null ? newPath : (below(mount, newPath) ?? newPath));
    const fd = /^\d+/.exec(args[0] ?? '')?.[0];
    if (fd !== undefined) event.fh = wide(fd);
    if (call.size !== undefined && /^\d+$/.test(args[call.size] ?? ''))
      event.size = wide(args[call.size] ?? '0');
    if (call.offset !== undefined && /^\d+$/.test(args[call.offset] ?? ''))
      event.offset = wide(args[call.offset] ?? '0');
    if (thread !== '') {
      event.pid = Number(thread) >>> 0;
      event.tid = event.pid;
    }
    return event;
  }

  #result(event: WireEvent, [, value = '', name, took]: RegExpExecArray, call: Call): void {
    event.errno = value === '?' ? null : name === undefined ? 0 : (errnoNumber(name) ?? 5);
    if (took !== undefined) event.durNs = Math.round(Number(took) * 1e9);
    if (call.bytes && event.errno === 0 && /^\d+$/.test(value)) event.bytes = Number(value);
    if (call.makesFd && event.errno === 0 && /^\d+$/.test(value)) event.fh = wide(value);
  }
}

/** A path as it is called inside the mount; null outside of it. */
function below(mount: string, path: string | null): string | null {
  if (path === null) return null;
  if (path === mount) return '/';
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : null;
}
