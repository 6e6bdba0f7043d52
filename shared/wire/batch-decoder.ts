// Reads an EVENTS payload back. Counts and lengths come from another process: each is checked before use, so
// that a broken frame is an error with a position, never a wild read.
import type { Args } from '../span.ts';
import type { U64 } from '../u64.ts';
import { u64FromHalves } from '../u64.ts';
import type { WireEvent } from './frames.ts';
import { AT, HAS, HEADER_BYTES, RECORD_BYTES } from './layout.ts';

export interface Batch {
  firstSeq: number;
  events: WireEvent[];
}

export class WireError extends Error {
  override name = 'WireError';
}

const utf8 = new TextDecoder('utf-8');

/**
 * Decodes an EVENTS payload.
 * @throws WireError where the frame contradicts itself.
 */
export function decodeBatch(payload: Uint8Array): Batch {
  if (payload.length < HEADER_BYTES)
    throw new WireError(`EVENTS frame of ${payload.length} bytes has no header`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const firstSeq = view.getFloat64(0, true);
  const count = view.getUint32(8, true);
  const stringCount = view.getUint32(12, true);
  const stringBytes = view.getUint32(16, true);
  if (HEADER_BYTES + stringBytes + count * RECORD_BYTES !== payload.length) {
    throw new WireError(
      `EVENTS frame of ${payload.length} bytes names ${count} records and ${stringBytes} B of strings`,
    );
  }
  if (!Number.isSafeInteger(firstSeq) || firstSeq < 1)
    throw new WireError(`sequence number ${firstSeq} is not valid`);
  const strings = readStrings(payload, view, stringCount, HEADER_BYTES + stringBytes);
  const events: WireEvent[] = new Array(count);
  const base = HEADER_BYTES + stringBytes;
  for (let i = 0; i < count; i++) events[i] = readRecord(view, base + i * RECORD_BYTES, strings);
  return { firstSeq, events };
}

interface Strings {
  texts: (string | null)[];
  /** Parsed arguments by string index, so that a repeated one is parsed once. */
  args: (Args | undefined)[];
}

function readStrings(payload: Uint8Array, view: DataView, count: number, end: number): Strings {
  const texts: (string | null)[] = [null];
  let at = HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) throw new WireError(`string ${i + 1} of ${count} begins behind the strings' end`);
    const length = view.getUint32(at, true);
    at += 4;
    if (at + length > end)
      throw new WireError(`string ${i + 1} of ${count} has ${length} bytes, past the strings' end`);
    texts.push(utf8.decode(payload.subarray(at, at + length)));
    at += length;
  }
  if (at !== end) throw new WireError(`${end - at} bytes lie between the strings and the records`);
  return { texts, args: [] };
}

function readRecord(view: DataView, at: number, strings: Strings): WireEvent {
  const kind = view.getUint8(at + AT.kind);
  if (kind !== 1 && kind !== 2 && kind !== 3 && kind !== 4)
    throw new WireError(`record kind ${kind} is not known`);
  const has = view.getUint16(at + AT.has, true);
  return {
    kind,
    mount: view.getUint16(at + AT.mount, true),
    op: view.getUint16(at + AT.op, true),
    id:
      has & HAS.idIsString ? (text(strings, view.getFloat64(at + AT.id, true)) ?? '') : u64(view, at + AT.id),
    monoNs: view.getFloat64(at + AT.monoNs, true),
    tsUs: view.getFloat64(at + AT.tsUs, true),
    durNs: has & HAS.durNs ? view.getFloat64(at + AT.durNs, true) : null,
    queueNs: has & HAS.queueNs ? view.getFloat64(at + AT.queueNs, true) : null,
    errno: has & HAS.errno ? view.getInt32(at + AT.errno, true) : null,
    path: text(strings, view.getUint32(at + AT.path, true)),
    newPath: text(strings, view.getUint32(at + AT.newPath, true)),
    nodeid: has & HAS.nodeid ? u64(view, at + AT.nodeid) : null,
    fh: has & HAS.fh ? u64(view, at + AT.fh) : null,
    offset: has & HAS.offset ? u64(view, at + AT.offset) : null,
    size: has & HAS.size ? u64(view, at + AT.size) : null,
    bytes: has & HAS.bytes ? view.getFloat64(at + AT.bytes, true) : null,
    pid: has & HAS.pid ? view.getUint32(at + AT.pid, true) : null,
    tid: has & HAS.tid ? view.getUint32(at + AT.tid, true) : null,
    uid: has & HAS.uid ? view.getUint32(at + AT.uid, true) : null,
    gid: has & HAS.gid ? view.getUint32(at + AT.gid, true) : null,
    comm: text(strings, view.getUint32(at + AT.comm, true)),
    daemonTid: has & HAS.daemonTid ? view.getUint32(at + AT.daemonTid, true) : null,
    args: args(strings, view.getUint32(at + AT.args, true)),
  };
}

function u64(view: DataView, at: number): U64 {
  return u64FromHalves(view.getUint32(at, true), view.getUint32(at + 4, true));
}

function text(strings: Strings, index: number): string | null {
  const found = strings.texts[index];
  if (found === undefined)
    throw new WireError(`string ${index} of ${strings.texts.length - 1} does not exist`);
  return found;
}

function args(strings: Strings, index: number): Args | null {
  if (index === 0) return null;
  const known = strings.args[index];
  if (known) return known;
  const json = text(strings, index) ?? 'null';
  try {
    const parsed = JSON.parse(json) as Args;
    strings.args[index] = parsed;
    return parsed;
  } catch {
    // Arguments cut at MAX_STRING_BYTES are no longer JSON; their beginning still tells something.
    return { cut: json };
  }
}
