// FuseScope's own Chrome trace export (server/export/chrome.ts): one trace event a line, the span's fields among its
// arguments. Chrome traces of other programs are not read.
import { Compile } from 'typebox/compile';
import { errnoName } from '../../../shared/errno.ts';
import { isOpName } from '../../../shared/ops.ts';
import { blankSpan, type Span, SpanSchema } from '../../../shared/span.ts';
import { Mounts } from '../mounts.ts';
import { FOREIGN, type LogReader, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';

const checker = Compile(SpanSchema);

interface TraceEvent {
  ph?: unknown;
  name?: unknown;
  pid?: unknown;
  ts?: unknown;
  dur?: unknown;
  args?: unknown;
}

export class OwnChromeReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #mounts: Mounts;
  readonly #names = new Map<unknown, string>();

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#mounts = new Mounts(context);
  }

  line(text: string): Verdict {
    const body = text.endsWith(',') ? text.slice(0, -1) : text;
    if (body === '' || /^[[\]{}\s]*$/.test(body) || /^\{"displayTimeUnit"|^\],|"traceEvents":\[$/.test(body))
      return TAKEN;
    if (!body.startsWith('{')) return FOREIGN;
    let event: TraceEvent;
    try {
      event = JSON.parse(body) as TraceEvent;
    } catch {
      return 'not JSON, perhaps cut';
    }
    const { ph, name, pid } = event;
    const args =
      typeof event.args === 'object' && event.args !== null ? (event.args as Record<string, unknown>) : {};
    if (ph === 'M' && name === 'process_name' && typeof args.name === 'string') {
      if (this.#names.size < 100_000) this.#names.set(pid, args.name);
      return TAKEN;
    }
    if (ph !== 'X' && ph !== 'B') return TAKEN;
    if (typeof name !== 'string' || !isOpName(name) || !('source' in args)) return TAKEN;
    const exact =
      typeof args.durationNs === 'number' ? args.durationNs : Math.round(Number(event.dur) * 1_000);
    const durationNs = ph === 'X' ? exact : null;
    const mount = this.#names.get(pid) ?? `mount ${String(pid)}`;
    const span = {
      ...blankSpan(0, 0, mount, 'log', name),
      ...args,
      op: name,
      mount,
      mountId: 0,
      id: 0,
      startUs: event.ts,
      durationNs,
    };
    span.error = typeof span.errno === 'number' ? errnoName(span.errno) : null;
    if (!checker.Check(span)) return 'its arguments are no span';
    const checked = span as Span;
    this.#context.sink.span(checked, this.#mounts.number(mount, checked.source));
    return TAKEN;
  }
}
