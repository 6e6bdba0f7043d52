// The kernel's own trace as text: tracefs' `trace` file and `trace-cmd report`, also with -l, -t, -R, --ts-diff and of
// several buffers or files (events fuse_request_send, _sent and _end; Linux include/trace/events/fuse.h). Its clock
// counts from the start of the machine; its first stamp is taken for when the file was written.
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT, LOST, type WireEvent } from '../../../shared/wire/frames.ts';
import { FOREIGN, type LogReader, own, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';
import { wide } from '../values.ts';

const HEAD =
  /^\s*(\S.*)-(\d+)\s+(?:(?:\(\s*[-\d]+\)\s+)?\[\d+\]\s+(?:\S+\s+)?|\d+[^\s\d]\S{2,5}\s+)(\d+\.\d+):\s+(?:\(\+\d+\)\s+)?(fuse_request_\w+):\s+(.*)$/;
const FIELDS =
  /^connection[ =](\d+) (?:req |unique=)(\d+)(?: opcode[ =](\d+)(?: \(\w+\))?)? len[ =](\d+)(?: error[ =](-?\d+))?\s*$/;
/** Without the name of a buffer or file in front, the name of a task takes 16 columns; 8 with -l. */
const BARE = /^(?:.{8}|.{16})-\d+\s/;
/** The buffer (`trace-cmd record -B`) or file that a line is of, where a report has several. */
const BUFFER = /^\s*([^\s:[][^:[]{0,254}): (?=\s)/;
const OTHER = /^(?:#|(?:[^:]*: )?cpus=|CPU[ :]?\d|version|\s*<)/;
const MAX_OPEN = 100_000;

export class FtraceReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #mounts = new Map<string, number>();
  readonly #open = new Map<string, { op: number; tsUs: number; queueNs: number | null }>();
  #nextId = -1;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string): Verdict {
    const prefix = BARE.test(text) ? null : BUFFER.exec(text);
    const head = HEAD.exec(prefix ? text.slice(prefix[0].length) : text);
    if (!head) return OTHER.test(text) ? TAKEN : text.includes('fuse_request_') ? 'the line is cut' : FOREIGN;
    const [, comm = '', tid = '', seconds = '', name = '', rest = ''] = head;
    const fields = FIELDS.exec(rest);
    if (!fields)
      return name === 'fuse_request_send' || name === 'fuse_request_end' ? 'the line is cut' : TAKEN;
    const [, connection = '', req = '', opcode, length = '0', error] = fields;
    const tsUs = this.#context.clock.seconds(seconds);
    const buffer = prefix?.[1] ?? '';
    const key = `${buffer}:${connection} ${req}`;
    const open = this.#open.get(key);
    if (name === 'fuse_request_sent') {
      if (open) open.queueNs = Math.round((tsUs - open.tsUs) * 1_000);
      return TAKEN;
    }
    // Some kernels trace the send before the request has a number: then nothing says which end is its own.
    const unnumbered = req === '0';
    const enter = name === 'fuse_request_send';
    const op = Number(opcode ?? open?.op ?? 0);
    if (op > 0xffff) return `opcode ${opcode} is too large`;
    const event = blankEvent(
      enter ? ENTER : EXIT,
      op,
      unnumbered ? `unnumbered ${this.#nextId--}` : wide(req),
      tsUs,
    );
    event.mount = this.#mountOf(connection, buffer);
    if (enter) this.#enter(event, comm, tid, length, key, unnumbered);
    else {
      this.#open.delete(key);
      event.errno = Math.abs(Number(error ?? 0));
      event.daemonTid = Number(tid) >>> 0;
      event.queueNs = open?.queueNs ?? null;
      this.#context.sink.event(event);
    }
    return TAKEN;
  }

  #enter(
    event: WireEvent,
    comm: string,
    tid: string,
    length: string,
    key: string,
    unnumbered: boolean,
  ): void {
    event.comm = own(comm);
    event.tid = Number(tid) >>> 0;
    event.args = { len: Number(length) };
    this.#context.sink.event(event);
    if (unnumbered)
      this.#context.sink.event({ ...blankEvent(LOST, event.op, event.id, event.tsUs), mount: event.mount });
    else if (this.#open.size < MAX_OPEN)
      this.#open.set(key, { op: event.op, tsUs: event.tsUs, queueNs: null });
  }

  #mountOf(connection: string, buffer: string): number {
    if (this.#context.mount !== null) return 0;
    const name = `connection ${connection}${buffer === '' ? '' : ` (${buffer})`}`;
    let known = this.#mounts.get(name);
    if (known === undefined) {
      known = this.#context.sink.mount(name, 'log');
      this.#mounts.set(name, known);
    }
    return known;
  }
}
