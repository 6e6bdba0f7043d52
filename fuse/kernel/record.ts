// Records of the BPF tap, from the bytes of bpf/layout.h to TapRecord. Runs for every request: one object each, and
// the strings in it.
import { type U64, u64FromHalves } from '../../shared/u64.ts';
import { traceName } from '../mirror/names.ts';
import { DATA, HeadView, READERS, REPLIES } from './arguments.ts';
import { COMM_BYTES, FLAG, KIND, PICKED_UNKNOWN, RECORD } from './layout.ts';
import type { TapName, TapRecord } from './tap.ts';

/** Given to a request that was taken back because its caller was killed: what that caller got. */
const EINTR = 4;

/** A stretch of received bytes; `view` spans the same memory as `buffer`. */
export interface Bytes {
  buffer: Buffer;
  view: DataView;
}

const head = new HeadView();

/** The kind of a record (KIND), whether it is numbered late, and whether the daemon has it. */
export function kindOf({ view }: Bytes, at: number): number {
  return view.getUint8(at + RECORD.kind);
}

/** True where the kernel numbered the request only after it had told of it. */
export function isUnnumbered({ view }: Bytes, at: number): boolean {
  return (view.getUint8(at + RECORD.flags) & FLAG.UNNUMBERED) !== 0;
}

/** Whether the daemon has taken the request; null where not known. */
export function pickedOf({ view }: Bytes, at: number): boolean | null {
  const picked = view.getUint8(at + RECORD.picked);
  return picked === PICKED_UNKNOWN ? null : picked === 1;
}

/** Decodes the record that begins at `at`. */
export function decodeRecord({ buffer, view }: Bytes, at: number): TapRecord {
  const kind = view.getUint8(at + RECORD.kind);
  const ended = kind === KIND.DONE || kind === KIND.GONE || kind === KIND.UNPAIRED;
  const errno = !ended ? null : kind === KIND.GONE ? EINTR : -view.getInt32(at + RECORD.error, true) || 0;
  const opcode = view.getUint32(at + RECORD.opcode, true);
  const startNs = ns(view, at + RECORD.startNs);
  const pickedNs = ns(view, at + RECORD.pickedNs);
  const pid = view.getUint32(at + RECORD.pid, true);
  // Only of requests whose sending was seen, or whose caller still lives, is the caller known; it may have no number
  // in our pid namespace.
  const hasCaller = pid !== 0 || view.getUint8(at + RECORD.comm) !== 0;
  const headBytes = view.getUint8(at + RECORD.headBytes);
  const nameAt = at + RECORD.tail + headBytes;
  const nameBytes = view.getUint16(at + RECORD.nameBytes, true);
  const nextBytes = view.getUint16(at + RECORD.nameBytes + 2, true);
  const record: TapRecord = {
    kind: ended ? 'done' : 'open',
    connection: view.getUint32(at + RECORD.connection, true),
    opcode,
    unique: u64(view, at + RECORD.unique),
    nodeid: u64(view, at + RECORD.nodeid),
    startNs,
    durationNs: ended ? ns(view, at + RECORD.durationNs) : null,
    queueNs: pickedNs > 0 ? pickedNs - startNs : null,
    errno,
    bytes: null,
    pid: pid || null,
    tid: view.getUint32(at + RECORD.tid, true) || null,
    uid: hasCaller ? view.getUint32(at + RECORD.uid, true) : null,
    gid: hasCaller ? view.getUint32(at + RECORD.gid, true) : null,
    comm: hasCaller ? text(buffer, at + RECORD.comm, COMM_BYTES) : null,
    daemonTid:
      kind === KIND.DONE || kind === KIND.UNPAIRED
        ? view.getUint32(at + RECORD.daemonTid, true) || null
        : null,
    fh: null,
    offset: null,
    size: null,
    name: nameBytes > 0 ? text(buffer, nameAt, nameBytes) : null,
    newParent: null,
    newName: nextBytes > 0 ? text(buffer, nameAt + nameBytes, nextBytes) : null,
    replyNodeid: null,
    replyLinks: null,
    replyIno: null,
    args: null,
  };
  const flags = view.getUint8(at + RECORD.flags);
  if (headBytes > 0 || nameBytes > 0)
    READERS[opcode]?.(record, head.set(view, at + RECORD.tail, headBytes), (flags & FLAG.CUT) !== 0);
  if (kind === KIND.DONE && errno === 0) answer(record, view, at, (flags & FLAG.ANSWERED) !== 0);
  return record;
}

function answer(record: TapRecord, view: DataView, at: number, answered: boolean): void {
  const replyBytes = view.getUint32(at + RECORD.replyBytes, true);
  DATA[record.opcode]?.(record, replyBytes);
  if (!answered) return;
  REPLIES[record.opcode]?.(record, u64(view, at + RECORD.reply), u64(view, at + RECORD.reply + 8));
}

/** Decodes the name that begins at `at`. */
export function decodeName({ buffer, view }: Bytes, at: number): TapName {
  const nameBytes = view.getUint16(at + RECORD.nameBytes, true);
  return {
    connection: view.getUint32(at + RECORD.connection, true),
    parent: u64(view, at + RECORD.nodeid),
    name: text(buffer, at + RECORD.tail + view.getUint8(at + RECORD.headBytes), nameBytes),
    nodeid: u64(view, at + RECORD.reply),
    links: view.getUint16(at + RECORD.reply + 14, true),
    ino:
      view.getUint32(at + RECORD.reply + 8, true) +
      view.getUint16(at + RECORD.reply + 12, true) * 0x1_0000_0000,
  };
}

function ns(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

function u64(view: DataView, at: number): U64 {
  return u64FromHalves(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** Bytes up to a NUL or the end, as the text of a trace. */
function text(buffer: Buffer, at: number, bytes: number): string {
  let end = at;
  while (end < at + bytes && buffer[end] !== 0) end++;
  return traceName(buffer.toString('latin1', at, end));
}
