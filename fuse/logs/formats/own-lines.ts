// FuseScope's own NDJSON: event lines (shared/event.ts) and exported spans (shared/span.ts), one JSON object a line.

import { Compile } from 'typebox/compile';
import { type EventLine, EventLineSchema } from '../../../shared/event.ts';
import { isOpName, opCode } from '../../../shared/ops.ts';
import { type Span, SpanSchema } from '../../../shared/span.ts';
import { parseU64 } from '../../../shared/u64.ts';
import { blankEvent } from '../../../shared/wire/blank-event.ts';
import { ENTER, EXIT } from '../../../shared/wire/frames.ts';
import { Mounts } from '../mounts.ts';
import { FOREIGN, type LogReader, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';

const eventLine = Compile(EventLineSchema);
const spanLine = Compile(SpanSchema);

export class OwnLinesReader implements LogReader {
  readonly #context: ReaderContext;
  readonly #mounts: Mounts;

  constructor(context: ReaderContext) {
    this.#context = context;
    this.#mounts = new Mounts(context);
  }

  line(text: string): Verdict {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return text.startsWith('{') ? 'not JSON, perhaps cut' : FOREIGN;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return FOREIGN;
    if ('ev' in value) return this.#event(value);
    if ('op' in value && 'startUs' in value) return this.#span(value);
    return FOREIGN;
  }

  #event(value: object): Verdict {
    if (!eventLine.Check(value)) return wrongField(eventLine.Errors(value));
    const line = value as EventLine;
    const isEnter = line.ev === 'ENTER';
    if (line.op === undefined ? isEnter : !isOpName(line.op)) return `op: ${line.op ?? 'missing'}`;
    if (line.path !== undefined && !line.path.startsWith('/')) return 'path: must start with "/"';
    const event = blankEvent(
      isEnter ? ENTER : EXIT,
      line.op === undefined ? 0 : opCode(line.op),
      line.id,
      line.ts,
    );
    event.mount = this.#mounts.number(line.mount, 'log');
    const wide = (one: number | string | undefined) => (one === undefined ? null : parseU64(one));
    event.durNs = line.durNs ?? null;
    event.errno = isEnter ? null : (line.errno ?? 0);
    event.path = line.path ?? null;
    event.newPath = line.newPath ?? null;
    event.nodeid = wide(line.nodeid);
    event.fh = wide(line.fh);
    event.offset = wide(line.offset);
    event.size = wide(line.size);
    event.bytes = line.bytes ?? null;
    event.pid = line.pid ?? null;
    event.tid = line.tid ?? null;
    event.uid = line.uid ?? null;
    event.gid = line.gid ?? null;
    event.comm = line.comm ?? null;
    event.args = line.args ?? null;
    this.#context.sink.event(event);
    return TAKEN;
  }

  #span(value: object): Verdict {
    if (!spanLine.Check(value)) return wrongField(spanLine.Errors(value));
    const span = value as Span;
    if (!isOpName(span.op)) return `op: "${span.op}" is no operation`;
    this.#context.sink.span(span, this.#mounts.number(span.mount, span.source));
    return TAKEN;
  }
}

function wrongField(errors: Iterable<{ instancePath: string; message: string }>): string {
  const [first] = errors;
  const field = first?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  return field === '' ? (first?.message ?? 'does not fit') : `${field}: ${first?.message}`;
}
