// Spans as OpenTelemetry's protocol has them (https://opentelemetry.io/docs/specs/otlp, JSON encoding), with the
// attributes of its semantic conventions where there is one (file.*, process.*, thread.*, error.type) and our own for
// the rest. An operation is a trace of its own. What is absent, or as with every ordinary operation, is left out. The JSON
// is put together as bytes: as objects, an attribute at a time, it takes more than twice as long.
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Span } from '../../shared/span.ts';
import type { StoredMount } from '../store/types.ts';
import { Pieces, piece, TextWriter } from './text-writer.ts';

const KIND_SERVER = 2;
const STATUS_ERROR = 2;
/** Of a span that has not ended: the top bit of its number, so that the whole one later is another. */
const UNFINISHED = 1 << 31;

export class OtlpWriter {
  readonly #out = new TextWriter();
  readonly #spans = new SpanWriter(this.#out);

  /** Writes one request as JSON with all of the spans, by mount. Open ones end at `untilUs` and say that they have not. */
  request(
    spans: readonly Span[],
    mounts: ReadonlyMap<number, StoredMount>,
    untilUs: number,
    version: string,
  ): void {
    const out = this.#out;
    const scope = JSON.stringify({ name: 'fusescope', version });
    let lead = '{"resourceSpans":[';
    for (const [mountId, ours] of Map.groupBy(spans, (span) => span.mountId)) {
      const name = ours[0]?.mount ?? '';
      const mount = mounts.get(mountId);
      const resource = resourceOf(name, ours[0]?.source ?? 'api', mount);
      out.put(
        piece(`${lead}{"resource":{"attributes":[${resource}]},"scopeSpans":[{"scope":${scope},"spans":[`),
      );
      const start = `{"traceId":"${tracePrefix(mount?.host ?? hostname(), name)}`;
      const [first, next] = [piece(start), piece(`,${start}`)];
      for (const [i, span] of ours.entries()) this.#spans.put(i === 0 ? first : next, span, untilUs);
      out.put(END_OF_MOUNT);
      lead = ',';
    }
    out.put(spans.length === 0 ? NOTHING : END);
  }

  line(): void {
    this.#out.put(NEWLINE);
  }

  /** What has been written since the last time. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take();
  }
}

const NEWLINE = piece('\n');
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

/** What is written of an operation's name. */
const named = (op: string) => `","name":${JSON.stringify(op)},"kind":${KIND_SERVER},"startTimeUnixNano":"`;
const attributed = (op: string) =>
  `","attributes":[{"key":"fusescope.operation","value":{"stringValue":${JSON.stringify(op)}}}`;
const SPAN_ID = piece('","spanId":"');
const STOP = piece('","endTimeUnixNano":"');
const EVENT = piece(',"events":[{"timeUnixNano":"');
const EVENT_END = piece('","name":"taken by the daemon"}]');
const CLOSE = piece('}');
const CLOSE_LIST = piece(']');
const CLOSE_INTEGER = piece('"}}');

/** Numbers that are text above 2^53. */
const EXACT = ['offset', 'size', 'fh', 'nodeid', 'unique'] as const;

class SpanWriter {
  readonly #out: TextWriter;
  readonly #named = new Pieces(named);
  readonly #attributed = new Pieces(attributed);
  readonly #failed = new Pieces(
    (error) => `,"status":{"code":${STATUS_ERROR},"message":${JSON.stringify(error)}}`,
  );
  readonly #state = text('fusescope.state');
  readonly #path = text('file.path');
  readonly #newPath = text('fusescope.path.new');
  readonly #pid = integer('process.pid');
  readonly #comm = text('process.executable.name');
  readonly #tid = integer('thread.id');
  readonly #uid = integer('process.real_user.id');
  readonly #error = text('error.type');
  readonly #errno = integer('fusescope.errno');
  readonly #bytes = integer('fusescope.bytes');
  readonly #daemonTid = integer('fusescope.daemon.thread.id');
  readonly #exact = EXACT.map((name) => ({
    name,
    lead: piece(lead(`fusescope.${name}`, 'intValue')),
    asText: text(`fusescope.${name}`),
  }));

  constructor(out: TextWriter) {
    this.#out = out;
  }

  /** @param start what comes before the number of the operation, which is the second half of its trace's. */
  put(start: Uint8Array, span: Span, untilUs: number): void {
    const out = this.#out;
    const { startUs, durationNs, queueNs } = span;
    out.put(start);
    out.hex(span.id);
    out.put(SPAN_ID);
    out.hex(span.id, durationNs === null ? UNFINISHED : 0);
    this.#named.put(out, span.op);
    putTime(out, startUs, 0);
    out.put(STOP);
    if (durationNs === null) putTime(out, Math.max(startUs, untilUs), 0);
    else putTime(out, startUs, Math.round(durationNs));
    this.#attributes(span);
    out.put(CLOSE_LIST);
    if (queueNs !== null) {
      out.put(EVENT);
      putTime(out, startUs, Math.round(queueNs));
      out.put(EVENT_END);
    }
    if (span.error !== null) this.#failed.put(out, span.error);
    out.put(CLOSE);
  }

  /** Absent values are left out. */
  #attributes(span: Span): void {
    const out = this.#out;
    this.#attributed.put(out, span.op);
    if (span.state !== 'done') this.#state.put(out, span.state);
    if (span.durationNs === null) out.put(UNFINISHED_FLAG);
    if (span.path !== null) this.#path.put(out, span.path);
    if (span.newPath !== null) this.#newPath.put(out, span.newPath);
    if (span.pid !== null) this.#pid.put(out, span.pid);
    if (span.comm !== null) this.#comm.put(out, span.comm);
    if (span.tid !== null) this.#tid.put(out, span.tid);
    if (span.uid !== null) this.#uid.put(out, span.uid);
    if (span.error !== null) this.#error.put(out, span.error);
    if (span.errno !== null) this.#errno.put(out, span.errno);
    if (span.bytes !== null) this.#bytes.put(out, span.bytes);
    for (const { name, lead, asText } of this.#exact) {
      const value = span[name];
      if (value === null) continue;
      if (typeof value === 'string') {
        asText.put(out, value);
        continue;
      }
      out.put(lead);
      out.number(value);
      out.put(CLOSE_INTEGER);
    }
    if (span.daemonTid !== null) this.#daemonTid.put(out, span.daemonTid);
    for (const name in span.args) putArgument(out, name, span.args[name] ?? null);
  }
}

const lead = (key: string, type: string) =>
  `,{"key":"${key}","value":{"${type}":${type === 'intValue' ? '"' : ''}`;
const text = (key: string) =>
  new Pieces((value: string) => `${lead(key, 'stringValue')}${JSON.stringify(value)}}}`);
const integer = (key: string) => new Pieces((value: number) => `${lead(key, 'intValue')}${value}"}}`);
const UNFINISHED_FLAG = piece(',{"key":"fusescope.unfinished","value":{"boolValue":true}}');

/** A time in ns since the epoch, so much later: in two parts, since as one number it would be rounded. */
function putTime(out: TextWriter, us: number, laterNs: number): void {
  const whole = Math.floor(us);
  const second = Math.floor(whole / 1e6);
  const later = Math.floor(laterNs / 1e9);
  const rest = (whole - second * 1e6) * 1_000 + Math.round((us - whole) * 1_000) + (laterNs - later * 1e9);
  const carry = later + Math.floor(rest / 1e9);
  const ns = rest % 1e9;
  if (second + carry === 0) {
    out.number(ns);
    return;
  }
  out.number(second + carry);
  out.padded(ns, 9);
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
