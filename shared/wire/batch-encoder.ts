// Packs events into one EVENTS frame of fixed size, with a dictionary for strings. It allocates nothing per
// event but the dictionary's entries, and says when it is full; what to do then is the owner's business.
import type { Args } from '../span.ts';
import type { WireEvent } from './frames.ts';
import { FRAME } from './frames.ts';
import { AT, HAS, HEADER_BYTES, RECORD_BYTES } from './layout.ts';

const FRAME_HEAD = 5;
/** Longest string in UTF-8 bytes; a longer one is cut at a character and ends in `…`. */
export const MAX_STRING_BYTES = 16_384;

/** Records and strings as they are in a frame, of one batch. */
export interface RawBatch {
  records: Uint8Array;
  stringCount: number;
  strings: Uint8Array;
}

/**
 * Writes a whole EVENTS frame.
 * @param firstSeq sequence number of the first event; the others follow it without a hole. A hole
 * between two batches says that the events in it were given up.
 */
export function frameBatch(firstSeq: number, { records, stringCount, strings }: RawBatch): Uint8Array {
  const stringsAt = FRAME_HEAD + HEADER_BYTES;
  const out = new Uint8Array(stringsAt + strings.length + records.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, out.length - 4, true);
  out[4] = FRAME.EVENTS;
  view.setFloat64(FRAME_HEAD, firstSeq, true);
  view.setUint32(FRAME_HEAD + 8, records.length / RECORD_BYTES, true);
  view.setUint32(FRAME_HEAD + 12, stringCount, true);
  view.setUint32(FRAME_HEAD + 16, strings.length, true);
  out.set(strings, stringsAt);
  out.set(records, stringsAt + strings.length);
  return out;
}

export class BatchEncoder {
  readonly #records: Uint8Array;
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  readonly #stringView: DataView;
  readonly #dictionary = new Map<string, number>();
  readonly #utf8 = new TextEncoder();
  #count = 0;
  #stringBytes = 0;

  /** @param maxRecords records a batch holds. @param maxStringBytes room for its strings, at least twice MAX_STRING_BYTES. */
  constructor(maxRecords = 512, maxStringBytes = 96 * 1024) {
    this.#records = new Uint8Array(maxRecords * RECORD_BYTES);
    this.#view = new DataView(this.#records.buffer);
    this.#strings = new Uint8Array(Math.max(maxStringBytes, 6 * MAX_STRING_BYTES));
    this.#stringView = new DataView(this.#strings.buffer);
  }

  /** Events in the open batch. */
  get count(): number {
    return this.#count;
  }

  /** Adds an event. False where the batch has no room: seal it and add again; an empty batch always has room. */
  add(event: WireEvent): boolean {
    const at = this.#count * RECORD_BYTES;
    if (at === this.#records.length) return false;
    // Worst case of five new strings; checking once keeps the record from being half written.
    if (this.#stringBytes + worstBytes(event) > this.#strings.length) {
      if (this.#count > 0) return false;
    }
    const view = this.#view;
    let has = 0;
    view.setUint8(at + AT.kind, event.kind);
    view.setUint16(at + AT.op, event.op, true);
    view.setUint16(at + AT.mount, event.mount, true);
    if (typeof event.id === 'string' && !isDecimal(event.id)) {
      has |= HAS.idIsString;
      view.setFloat64(at + AT.id, this.#intern(event.id), true);
    } else {
      setU64(view, at + AT.id, event.id);
    }
    view.setFloat64(at + AT.monoNs, event.monoNs, true);
    view.setFloat64(at + AT.tsUs, event.tsUs, true);
    if (event.durNs !== null) {
      has |= HAS.durNs;
      view.setFloat64(at + AT.durNs, event.durNs, true);
    }
    if (event.queueNs !== null) {
      has |= HAS.queueNs;
      view.setFloat64(at + AT.queueNs, event.queueNs, true);
    }
    if (event.bytes !== null) {
      has |= HAS.bytes;
      view.setFloat64(at + AT.bytes, event.bytes, true);
    }
    if (event.nodeid !== null) {
      has |= HAS.nodeid;
      setU64(view, at + AT.nodeid, event.nodeid);
    }
    if (event.fh !== null) {
      has |= HAS.fh;
      setU64(view, at + AT.fh, event.fh);
    }
    if (event.offset !== null) {
      has |= HAS.offset;
      setU64(view, at + AT.offset, event.offset);
    }
    if (event.size !== null) {
      has |= HAS.size;
      setU64(view, at + AT.size, event.size);
    }
    if (event.errno !== null) {
      has |= HAS.errno;
      view.setInt32(at + AT.errno, event.errno, true);
    }
    if (event.pid !== null) {
      has |= HAS.pid;
      view.setUint32(at + AT.pid, event.pid, true);
    }
    if (event.tid !== null) {
      has |= HAS.tid;
      view.setUint32(at + AT.tid, event.tid, true);
    }
    if (event.uid !== null) {
      has |= HAS.uid;
      view.setUint32(at + AT.uid, event.uid, true);
    }
    if (event.gid !== null) {
      has |= HAS.gid;
      view.setUint32(at + AT.gid, event.gid, true);
    }
    if (event.daemonTid !== null) {
      has |= HAS.daemonTid;
      view.setUint32(at + AT.daemonTid, event.daemonTid, true);
    }
    view.setUint32(at + AT.path, this.#intern(event.path), true);
    view.setUint32(at + AT.newPath, this.#intern(event.newPath), true);
    view.setUint32(at + AT.comm, this.#intern(event.comm), true);
    view.setUint32(at + AT.args, this.#intern(argsText(event.args)), true);
    view.setUint16(at + AT.has, has, true);
    this.#count++;
    return true;
  }

  /** Bytes that `seal` would write now. */
  get sealedBytes(): number {
    return FRAME_HEAD + HEADER_BYTES + this.#stringBytes + this.#count * RECORD_BYTES;
  }

  /** Writes the whole frame and empties the batch; see frameBatch. */
  seal(firstSeq: number): Uint8Array {
    const out = frameBatch(firstSeq, {
      records: this.#records.subarray(0, this.#count * RECORD_BYTES),
      stringCount: this.#dictionary.size,
      strings: this.#strings.subarray(0, this.#stringBytes),
    });
    this.#count = 0;
    this.#stringBytes = 0;
    this.#dictionary.clear();
    return out;
  }

  #intern(text: string | null): number {
    if (text === null) return 0;
    const known = this.#dictionary.get(text);
    if (known !== undefined) return known;
    const at = this.#stringBytes + 4;
    const room = this.#strings.subarray(at, at + MAX_STRING_BYTES);
    let { read, written } = this.#utf8.encodeInto(text, room);
    if (read < text.length) {
      const ellipsis = this.#utf8.encode('…');
      ({ written } = this.#utf8.encodeInto(text, room.subarray(0, MAX_STRING_BYTES - ellipsis.length)));
      room.set(ellipsis, written);
      written += ellipsis.length;
    }
    this.#stringView.setUint32(this.#stringBytes, written, true);
    this.#stringBytes = at + written;
    const index = this.#dictionary.size + 1;
    this.#dictionary.set(text, index);
    return index;
  }
}

function worstBytes(event: WireEvent): number {
  let bytes = 20;
  for (const text of [event.path, event.newPath, event.comm]) {
    if (text !== null) bytes += Math.min(text.length * 3, MAX_STRING_BYTES);
  }
  if (typeof event.id === 'string') bytes += Math.min(event.id.length * 3, MAX_STRING_BYTES);
  if (event.args !== null) bytes += Math.min((argsText(event.args) ?? '').length * 3, MAX_STRING_BYTES);
  return bytes;
}

/** JSON of arguments by object: room check and writing both want it, and collectors reuse their objects. */
const argsTexts = new WeakMap<Args, string>();

function argsText(args: Args | null): string | null {
  if (args === null) return null;
  let text = argsTexts.get(args);
  if (text === undefined) {
    text = JSON.stringify(args);
    argsTexts.set(args, text);
  }
  return text;
}

function isDecimal(text: string): boolean {
  return /^[1-9]\d{15,19}$/.test(text) && BigInt(text) < 2n ** 64n;
}

function setU64(view: DataView, at: number, value: number | string): void {
  if (typeof value === 'number') {
    view.setUint32(at, value >>> 0, true);
    view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  } else {
    view.setBigUint64(at, BigInt(value), true);
  }
}
