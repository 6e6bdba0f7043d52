// Spans as OpenTelemetry's protocol has them (https://opentelemetry.io/docs/specs/otlp, JSON encoding), with the
// attributes of its semantic conventions where there is one (file.*, process.*, thread.*, error.type) and our own for
// the rest. An operation is a trace of its own. The JSON is put together as text: as objects, an attribute at a time, it
// takes twice as long.
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Span } from '../../shared/span.ts';
import type { StoredMount } from '../store/types.ts';
import { toNs } from '../times.ts';

type Value = string | number | boolean | null;

const KIND_SERVER = 2;
const STATUS_ERROR = 2;
/** Of a span that has not ended: the top bit of its number, so that the whole one later is another. */
const UNFINISHED = '8';

const KEYS = {
  'fusescope.operation': (span) => span.op,
  'fusescope.source': (span) => span.source,
  'fusescope.state': (span) => span.state,
  'fusescope.unfinished': (span) => span.durationNs === null,
  'file.path': (span) => span.path,
  'fusescope.path.new': (span) => span.newPath,
  'process.pid': (span) => span.pid,
  'process.executable.name': (span) => span.comm,
  'thread.id': (span) => span.tid,
  'process.real_user.id': (span) => span.uid,
  'error.type': (span) => span.error,
  'fusescope.errno': (span) => span.errno,
  'fusescope.bytes': (span) => span.bytes,
  'fusescope.offset': (span) => span.offset,
  'fusescope.size': (span) => span.size,
  'fusescope.fh': (span) => span.fh,
  'fusescope.nodeid': (span) => span.nodeid,
  'fusescope.unique': (span) => span.unique,
  'fusescope.daemon.thread.id': (span) => span.daemonTid,
} satisfies Record<string, (span: Span) => Value>;
const ATTRIBUTES = Object.entries(KEYS).map(([key, of]) => ({ key, of: of as (span: Span) => Value }));

/** One request as JSON with all of the spans, by mount. Open ones end at `untilUs` and say that they have not. */
export function otlpRequest(
  spans: readonly Span[],
  mounts: ReadonlyMap<number, StoredMount>,
  untilUs: number,
  version: string,
): string {
  const scope = JSON.stringify({ name: 'fusescope', version });
  const resources = [...Map.groupBy(spans, (span) => span.mountId)].map(([mountId, ours]) => {
    const name = ours[0]?.mount ?? '';
    const mount = mounts.get(mountId);
    const prefix = tracePrefix(mount?.host ?? hostname(), name);
    const list = ours.map((span) => otlpSpan(span, prefix, untilUs)).join(',');
    return `{"resource":{"attributes":[${resourceOf(name, mount)}]},"scopeSpans":[{"scope":${scope},"spans":[${list}]}]}`;
  });
  return `{"resourceSpans":[${resources.join(',')}]}`;
}

function resourceOf(name: string, mount: StoredMount | undefined): string {
  return [
    attribute('service.name', `fuse ${name}`),
    attribute('host.name', mount?.host ?? hostname()),
    attribute('fusescope.mount.point', name),
    attribute('fusescope.mount.type', mount?.fsType ?? null),
    attribute('fusescope.mount.source', mount?.source ?? null),
  ]
    .filter((one) => one !== '')
    .join(',');
}

function otlpSpan(span: Span, prefix: string, untilUs: number): string {
  const id = span.id.toString(16).padStart(16, '0');
  const startNs = toNs(span.startUs);
  const open = span.durationNs === null;
  const endNs = open
    ? toNs(Math.max(span.startUs, untilUs))
    : startNs + BigInt(Math.round(span.durationNs ?? 0));
  const queue =
    span.queueNs === null
      ? ''
      : `,"events":[{"timeUnixNano":"${startNs + BigInt(Math.round(span.queueNs))}","name":"taken by the daemon"}]`;
  const status =
    span.error === null ? '' : `,"status":{"code":${STATUS_ERROR},"message":${JSON.stringify(span.error)}}`;
  return `{"traceId":"${prefix}${id}","spanId":"${open ? UNFINISHED + id.slice(1) : id}","name":${JSON.stringify(span.op)},"kind":${KIND_SERVER},"startTimeUnixNano":"${startNs}","endTimeUnixNano":"${endNs}","attributes":[${attributesOf(span)}]${queue}${status}}`;
}

function attributesOf(span: Span): string {
  let text = '';
  for (const { key, of } of ATTRIBUTES) {
    const one = attribute(key, of(span));
    if (one !== '') text += text === '' ? one : `,${one}`;
  }
  for (const name in span.args) {
    const one = attribute(`fusescope.args.${name}`, span.args[name] ?? null);
    if (one !== '') text += `,${one}`;
  }
  return text;
}

/** Absent values are left out; numbers above 2^53 come as text and stay so. */
function attribute(key: string, value: Value): string {
  if (value === null) return '';
  // Keys of ours need no escapes; arguments of an operation have names that are ours too, but may come from a log.
  const name = key.startsWith('fusescope.args.') ? JSON.stringify(key) : `"${key}"`;
  if (typeof value === 'boolean') return `{"key":${name},"value":{"boolValue":${value}}}`;
  if (typeof value === 'number' && Number.isInteger(value))
    return `{"key":${name},"value":{"intValue":"${value}"}}`;
  return `{"key":${name},"value":{"stringValue":${JSON.stringify(String(value))}}}`;
}

/** First half of a trace's number: of the mount, so that two servers that push to one collector do not collide. */
function tracePrefix(host: string, mount: string): string {
  return createHash('sha256').update(`${host}\0${mount}`).digest('hex').slice(0, 16);
}
