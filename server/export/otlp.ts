// OpenTelemetry: OTLP/JSON in the file form, one ExportTraceServiceRequest a line, as collectors' otlpjsonfile receiver
// reads it (https://opentelemetry.io/docs/specs/otel/protocol/file-exporter). Attributes follow the semantic conventions
// where there is one (process, thread, file, user, error.type); the rest begins with `fuse.` or `fusescope.`.
import type { Span } from '../../shared/span.ts';
import type { Exporter, ExportInfo } from './format.ts';

type Value = { stringValue: string } | { intValue: string } | { boolValue: boolean };
interface Attribute {
  key: string;
  value: Value;
}

const INTERNAL = 1;
const ERROR = 2;
/** Spans of one request: a collector takes 4 MiB at once by default. */
const BATCH = 1_000;

export const otlp: Exporter = {
  contentType: 'application/x-ndjson',
  extension: 'otlp.jsonl',
  async *write(chunks, info) {
    for await (const spans of chunks) {
      for (let at = 0; at < spans.length; at += BATCH) {
        yield `${JSON.stringify(traceRequest(spans.slice(at, at + BATCH), info))}\n`;
      }
    }
  },
};

/** The body of one request. An open span ends at `untilUs` and says that it is unfinished. */
function traceRequest(spans: readonly Span[], { untilUs, version }: ExportInfo): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'fusescope'), text('service.version', version)] },
        scopeSpans: [
          { scope: { name: 'fusescope', version }, spans: spans.map((span) => otlpSpan(span, untilUs)) },
        ],
      },
    ],
  };
}

function otlpSpan(span: Span, untilUs: number): object {
  const startNs = nsOf(span.startUs);
  const open = span.durationNs === null;
  const endNs = open
    ? span.state === 'open' && untilUs > span.startUs
      ? nsOf(untilUs)
      : startNs
    : startNs + BigInt(Math.round(span.durationNs ?? 0));
  const spanId = hex(BigInt(span.id), 16);
  return {
    // An operation is a trace of its own; the same one has the same number in every export.
    traceId: hex(startNs, 16) + spanId,
    spanId,
    name: span.op,
    kind: INTERNAL,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(endNs),
    attributes: attributesOf(span),
    ...(span.queueNs === null
      ? {}
      : {
          events: [{ name: 'picked up', timeUnixNano: String(startNs + BigInt(Math.round(span.queueNs))) }],
        }),
    status: span.error === null ? {} : { code: ERROR, message: span.error },
  };
}

/** Names of fields; those of the semantic conventions first. */
const NAMES: readonly (readonly [keyof Span, string])[] = [
  ['path', 'file.path'],
  ['pid', 'process.pid'],
  ['comm', 'process.executable.name'],
  ['tid', 'thread.id'],
  ['uid', 'user.id'],
  ['error', 'error.type'],
  ['op', 'fuse.operation'],
  ['mount', 'fuse.mount'],
  ['unique', 'fuse.unique'],
  ['nodeid', 'fuse.nodeid'],
  ['fh', 'fuse.fh'],
  ['offset', 'fuse.offset'],
  ['size', 'fuse.size'],
  ['bytes', 'fuse.bytes'],
  ['newPath', 'fuse.new_path'],
  ['errno', 'fuse.errno'],
  ['gid', 'process.group.id'],
  ['daemonTid', 'fuse.daemon.thread.id'],
  ['queueNs', 'fuse.queue_ns'],
  ['state', 'fusescope.state'],
  ['source', 'fusescope.source'],
];
/** What the conventions want as text, though it is a number. */
const TEXT = new Set(['user.id']);

function attributesOf(span: Span): Attribute[] {
  const found: Attribute[] = [];
  for (const [field, name] of NAMES) {
    const value = span[field];
    if (value === null || typeof value === 'object') continue;
    if (typeof value === 'number' && Number.isSafeInteger(value) && !TEXT.has(name)) {
      found.push({ key: name, value: { intValue: String(value) } });
    } else found.push(text(name, String(value)));
  }
  for (const [name, value] of Object.entries(span.args ?? {})) {
    if (value !== null) found.push(text(`fuse.args.${name}`, String(value)));
  }
  if (span.durationNs === null) found.push({ key: 'fusescope.unfinished', value: { boolValue: true } });
  return found;
}

const text = (key: string, value: string): Attribute => ({ key, value: { stringValue: value } });
const hex = (value: bigint, digits: number) => value.toString(16).padStart(digits, '0').slice(-digits);

/** µs as ns; exact as the store has it. */
function nsOf(us: number): bigint {
  const whole = Math.floor(us);
  return BigInt(whole) * 1_000n + BigInt(Math.round((us - whole) * 1_000));
}
