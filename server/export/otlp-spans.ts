// Spans as OpenTelemetry's protocol has them (https://opentelemetry.io/docs/specs/otlp, JSON encoding), with the
// attributes of its semantic conventions where there is one (file.*, process.*, thread.*, error.type) and our own for
// the rest. An operation is a trace of its own. What is absent, or as with every ordinary operation, is left out. The JSON
// is put together as bytes: as objects, an attribute at a time, it takes more than twice as long.
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Span } from '../../shared/span.ts';
import type { StoredMount } from '../store/types.ts';
import { piece, TextWriter } from './text-writer.ts';

const KIND_SERVER = 2;
const STATUS_ERROR = 2;
/** Of a span that has not ended: the top bit of its number, so that the whole one later is another. */
const UNFINISHED = '8';

export class OtlpWriter {
  readonly #out = new TextWriter();

  /** Writes one request as JSON with all of the spans, by mount. Open ones end at `untilUs` and say that they have not. */
  request(
    spans: readonly Span[],
    mounts: ReadonlyMap<number, StoredMount>,
    untilUs: number,
    version: string,
  ): void {
    request(this.#out, spans, mounts, untilUs, version);
  }

  line(): void {
    this.#out.put(NEWLINE);
  }

  /** What has been written since the last time. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take();
  }
}

function request(
  out: TextWriter,
  spans: readonly Span[],
  mounts: ReadonlyMap<number, StoredMount>,
  untilUs: number,
  version: string,
): void {
  const scope = JSON.stringify({ name: 'fusescope', version });
  let lead = '{"resourceSpans":[';
  for (const [mountId, ours] of Map.groupBy(spans, (span) => span.mountId)) {
    const name = ours[0]?.mount ?? '';
    const mount = mounts.get(mountId);
    const prefix = tracePrefix(mount?.host ?? hostname(), name);
    out.put(
      piece(
        `${lead}{"resource":{"attributes":[${resourceOf(name, ours[0]?.source ?? 'api', mount)}]},"scopeSpans":[{"scope":${scope},"spans":[`,
      ),
    );
    for (const [i, span] of ours.entries()) {
      if (i > 0) out.put(COMMA);
      otlpSpan(out, span, prefix, untilUs);
    }
    out.put(END_OF_MOUNT);
    lead = ',';
  }
  out.put(spans.length === 0 ? NOTHING : END);
}

const NEWLINE = piece('\n');
const COMMA = piece(',');
const END_OF_MOUNT = piece(']}]}');
const END = piece(']}');
const NOTHING = piece('{"resourceSpans":[]}');

function resourceOf(name: string, source: string, mount: StoredMount | undefined): string {
  const attributes = {
    'service.name': `fuse ${name}`,
    'host.name': mount?.host ?? hostname(),
    'fusescope.source': source,
    'fusescope.mount.point': name,
    'fusescope.mount.type': mount?.fsType ?? null,
    'fusescope.mount.source': mount?.source ?? null,
  };
  return Object.entries(attributes)
    .filter(([, value]) => value !== null)
    .map(([key, stringValue]) => JSON.stringify({ key, value: { stringValue } }))
    .join(',');
}

const TRACE_ID = piece('{"traceId":"');
const SPAN_ID = piece('","spanId":"');
const NAME = piece('","name":');
const START = piece(`,"kind":${KIND_SERVER},"startTimeUnixNano":"`);
const STOP = piece('","endTimeUnixNano":"');
const ATTRIBUTES = piece('","attributes":[{"key":"fusescope.operation","value":{"stringValue":');
const EVENT = piece(',"events":[{"timeUnixNano":"');
const EVENT_END = piece('","name":"taken by the daemon"}]');
const STATUS = piece(`,"status":{"code":${STATUS_ERROR},"message":`);
const CLOSE = piece('}');
const CLOSE_LIST = piece(']');
const CLOSE_VALUE = piece('}}');
const CLOSE_INTEGER = piece('"}}');

function otlpSpan(out: TextWriter, span: Span, prefix: string, untilUs: number): void {
  const id = span.id.toString(16).padStart(16, '0');
  const { startUs, durationNs, queueNs, error } = span;
  out.put(TRACE_ID);
  out.ascii(prefix);
  out.ascii(id);
  out.put(SPAN_ID);
  out.ascii(durationNs === null ? UNFINISHED + id.slice(1) : id);
  out.put(NAME);
  out.json(span.op);
  out.put(START);
  out.ascii(nsText(startUs, 0));
  out.put(STOP);
  out.ascii(
    durationNs === null ? nsText(Math.max(startUs, untilUs), 0) : nsText(startUs, Math.round(durationNs)),
  );
  out.put(ATTRIBUTES);
  attributesOf(out, span);
  out.put(CLOSE_LIST);
  if (queueNs !== null) {
    out.put(EVENT);
    out.ascii(nsText(startUs, Math.round(queueNs)));
    out.put(EVENT_END);
  }
  if (error !== null) {
    out.put(STATUS);
    out.json(error);
    out.put(CLOSE);
  }
  out.put(CLOSE);
}

/** A time in ns since the epoch, so much later; as text, since as a number it would be rounded. */
function nsText(us: number, laterNs: number): string {
  const whole = Math.floor(us);
  const rest = Math.round((us - whole) * 1_000) + laterNs;
  const carry = Math.floor(rest / 1_000);
  const ns = rest - carry * 1_000;
  return whole + carry === 0 ? String(ns) : `${whole + carry}${String(ns).padStart(3, '0')}`;
}

const text = (key: string) => piece(`,{"key":"${key}","value":{"stringValue":`);
const integer = (key: string) => piece(`,{"key":"${key}","value":{"intValue":"`);
const STATE = text('fusescope.state');
const UNFINISHED_FLAG = piece(',{"key":"fusescope.unfinished","value":{"boolValue":true}}');
const PATH = text('file.path');
const NEW_PATH = text('fusescope.path.new');
const PID = integer('process.pid');
const COMM = text('process.executable.name');
const TID = integer('thread.id');
const UID = integer('process.real_user.id');
const ERROR = text('error.type');
const ERRNO = integer('fusescope.errno');
const BYTES = integer('fusescope.bytes');
/** Numbers that are text above 2^53. */
const EXACT = ['offset', 'size', 'fh', 'nodeid', 'unique'] as const;
const EXACT_KEYS = EXACT.map((name) => ({
  name,
  asInteger: integer(`fusescope.${name}`),
  asText: text(`fusescope.${name}`),
}));
const DAEMON = integer('fusescope.daemon.thread.id');

/** The value of the first one; its key is written. Absent values are left out. */
function attributesOf(out: TextWriter, span: Span): void {
  out.json(span.op);
  out.put(CLOSE_VALUE);
  if (span.state !== 'done') putText(out, STATE, span.state);
  if (span.durationNs === null) out.put(UNFINISHED_FLAG);
  putText(out, PATH, span.path);
  putText(out, NEW_PATH, span.newPath);
  putInteger(out, PID, span.pid);
  putText(out, COMM, span.comm);
  putInteger(out, TID, span.tid);
  putInteger(out, UID, span.uid);
  putText(out, ERROR, span.error);
  putInteger(out, ERRNO, span.errno);
  putInteger(out, BYTES, span.bytes);
  for (const { name, asInteger, asText } of EXACT_KEYS) {
    const value = span[name];
    if (typeof value === 'string') putText(out, asText, value);
    else putInteger(out, asInteger, value);
  }
  putInteger(out, DAEMON, span.daemonTid);
  for (const name in span.args) putArgument(out, name, span.args[name] ?? null);
}

function putText(out: TextWriter, key: Uint8Array, value: string | null): void {
  if (value === null) return;
  out.put(key);
  out.json(value);
  out.put(CLOSE_VALUE);
}

function putInteger(out: TextWriter, key: Uint8Array, value: number | null): void {
  if (value === null) return;
  out.put(key);
  out.number(value);
  out.put(CLOSE_INTEGER);
}

/** Names of an operation's arguments may come from a log. */
function putArgument(out: TextWriter, name: string, value: string | number | boolean | null): void {
  if (value === null) return;
  const key = `fusescope.args.${name}`;
  const typed =
    typeof value === 'boolean'
      ? { boolValue: value }
      : Number.isInteger(value)
        ? { intValue: String(value) }
        : { stringValue: String(value) };
  out.put(piece(`,${JSON.stringify({ key, value: typed })}`));
}

/** First half of a trace's number: of the mount, so that two servers that push to one collector do not collide. */
function tracePrefix(host: string, mount: string): string {
  return createHash('sha256').update(`${host}\0${mount}`).digest('hex').slice(0, 16);
}
