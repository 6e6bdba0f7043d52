// The everyday operations, done by the FUSE threads themselves without a turn of the event loop, which costs more than
// the operation does (fuse/patches/fast-way.h). What they did is read from a log, see mirror_record_t in state.h.
import { opCode } from '../../shared/ops.ts';
import { ENTER, EXIT, SPAN, type WireEvent } from '../../shared/wire/frames.ts';
import { wide } from './call.ts';
import { traceName } from './names.ts';
import { type Binding, OP, type OpKey } from './native.ts';
import { OPERATIONS } from './operations.ts';
import type { SessionMemory } from './session.ts';

/** One log of two. At 60,000 operations a second it lasts half a second; it is collected 40 times a second. */
const LOG_BYTES = 4 * 1024 * 1024;
/** Words of the session's memory. */
const ACTIVE = 5;
const DROPPED = 6;

/** What a record has beyond path, caller and result. */
interface Shape {
  fh?: boolean;
  offset?: boolean;
  size?: boolean;
  /** The name of the argument that the record's flags hold. */
  flags?: string;
  mode?: boolean;
}

/** The operations that go this way: those that programs call by the thousand. */
const SHAPES: Partial<Record<Exclude<OpKey, 'init'>, Shape>> = {
  getattr: {},
  fgetattr: { fh: true },
  statfs: {},
  access: { flags: 'mask' },
  readlink: {},
  open: { fh: true, flags: 'flags' },
  opendir: { fh: true, flags: 'flags' },
  create: { fh: true, flags: 'flags', mode: true },
  mkdir: { mode: true },
  read: { fh: true, offset: true, size: true },
  write: { fh: true, offset: true, size: true },
  flush: { fh: true },
  release: { fh: true },
  releasedir: { fh: true },
  readdir: { fh: true },
  getxattr: { size: true },
};

interface Row extends Shape {
  code: number;
  counts: boolean;
}

const ROWS: (Row | undefined)[] = [];
for (const key of Object.keys(SHAPES) as Exclude<OpKey, 'init'>[]) {
  const { op, counts } = OPERATIONS[key];
  ROWS[OP[key]] = { ...SHAPES[key], code: opCode(op), counts: counts === true };
}

/** Byte offsets in a record; the strings follow it. */
const AT = {
  length: 0,
  kind: 4,
  op: 6,
  id: 8,
  startNs: 16,
  endNs: 24,
  fh: 32,
  offset: 40,
  size: 48,
  tid: 56,
  pid: 60,
  uid: 64,
  gid: 68,
  flags: 72,
  mode: 76,
  result: 80,
  pathLength: 84,
  nameLength: 88,
  comm: 92,
  strings: 112,
} as const;
const COMM_BYTES = 16;

/** Records that found no room, and when. */
export interface Dropped {
  count: number;
  fromUs: number;
  toUs: number;
}

export class FastWay {
  readonly #binding: Binding;
  readonly #memory: SessionMemory;
  readonly #logs: readonly [Buffer, Buffer];
  #turn = 0;
  #dropped = 0;
  #collectedNs = 0;
  /** Called when there is something to collect; urgent when the log fills. */
  onWake: (urgent: boolean) => void = () => undefined;

  /** To be made before the mount. @param root the source in bytes. @param logged whether there is a log at all. */
  constructor(binding: Binding, memory: SessionMemory, root: string, logged: boolean) {
    this.#binding = binding;
    this.#memory = memory;
    const bytes = logged ? LOG_BYTES : 0;
    this.#logs = [Buffer.alloc(bytes), Buffer.alloc(bytes)];
    binding.fuse_native_begin(memory.buffer, root, ...this.#logs, (urgent) => this.onWake(urgent === 1));
  }

  /** From now on these operations take it. */
  open(): void {
    for (let op = 0; op < ROWS.length; op++) this.#memory.fast[op] = ROWS[op] ? 1 : 0;
  }

  /** Operations that are on it now. */
  get active(): number {
    return this.#memory.words[ACTIVE] ?? 0;
  }

  /** What has been on it for longer than this, as `op of /path`; each once. */
  stuck(ms: number): string[] {
    const pairs = this.#binding.fuse_native_stuck(this.#memory.buffer, ms);
    const names = Object.keys(OP) as OpKey[];
    const out: string[] = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const name = names.find((key) => OP[key] === pairs[i]);
      out.push(`${name} of ${traceName(String(pairs[i + 1]))}`);
    }
    return out;
  }

  /** Hands out everything logged since the last time. @param wallUs of a CLOCK_MONOTONIC time in ns. */
  collect(mount: number, wallUs: (ns: number) => number, emit: (event: WireEvent) => void): Dropped {
    const used = this.#binding.fuse_native_collect(this.#memory.buffer);
    const log = this.#logs[this.#turn === 0 ? 0 : 1];
    this.#turn = 1 - this.#turn;
    const fromNs = this.#collectedNs;
    for (let at = 0; at < used; at += log.readUInt32LE(at)) {
      const event = readRecord(log, at, mount, wallUs);
      this.#collectedNs = event.monoNs;
      emit(event);
    }
    const dropped = this.#memory.words[DROPPED] ?? 0;
    const count = dropped - this.#dropped;
    this.#dropped = dropped;
    return { count, fromUs: wallUs(fromNs || this.#collectedNs), toUs: wallUs(this.#collectedNs) };
  }
}

function readRecord(log: Buffer, at: number, mount: number, wallUs: (ns: number) => number): WireEvent {
  const row = ROWS[log.readUInt16LE(at + AT.op)] as Row;
  const kind = log.readUInt16LE(at + AT.kind);
  const startNs = readWide(log, at + AT.startNs);
  const endNs = readWide(log, at + AT.endNs);
  const result = log.readInt32LE(at + AT.result);
  const begun = kind === ENTER;
  const monoNs = kind === EXIT ? endNs : startNs;
  const pathAt = at + AT.strings;
  const nameAt = pathAt + log.readUInt32LE(at + AT.pathLength);
  const nameLength = log.readUInt32LE(at + AT.nameLength);
  const fh = readWide(log, at + AT.fh);
  return {
    kind: begun ? ENTER : kind === EXIT ? EXIT : SPAN,
    mount,
    op: row.code,
    id: readWide(log, at + AT.id),
    monoNs,
    tsUs: wallUs(monoNs),
    durNs: begun ? null : endNs - startNs,
    queueNs: null,
    errno: begun ? null : Math.max(0, -result),
    path: nameAt > pathAt ? traceName(log.toString('latin1', pathAt, nameAt)) : null,
    newPath: null,
    nodeid: null,
    // 0 is no file handle: an open that has not ended, or failed.
    fh: row.fh && fh > 0 ? fh : null,
    offset: row.offset ? readWide(log, at + AT.offset) : null,
    size: row.size ? readWide(log, at + AT.size) : null,
    bytes: row.counts && !begun && result >= 0 ? result : null,
    pid: log.readInt32LE(at + AT.pid),
    tid: log.readInt32LE(at + AT.tid),
    uid: log.readUInt32LE(at + AT.uid),
    gid: log.readUInt32LE(at + AT.gid),
    comm: commOf(log, at + AT.comm),
    daemonTid: null,
    args: kind === EXIT ? null : argsOf(row, log, at, nameAt, nameLength),
  };
}

const lastComm = Buffer.alloc(COMM_BYTES);
let lastCommText = '';

/** Most records come from the caller of the one before: comparing its name is cheaper than decoding it. */
function commOf(log: Buffer, at: number): string {
  if (log.compare(lastComm, 0, COMM_BYTES, at, at + COMM_BYTES) !== 0) {
    log.copy(lastComm, 0, at, at + COMM_BYTES);
    lastCommText = lastComm.toString('utf8', 0, lastComm.indexOf(0));
  }
  return lastCommText;
}

/** Arguments by flags and mode, since open(2) is called with few different ones. */
const knownArgs = new Map<string, NonNullable<WireEvent['args']>>();
const MAX_KNOWN_ARGS = 1_000;

function argsOf(row: Row, log: Buffer, at: number, nameAt: number, nameLength: number): WireEvent['args'] {
  if (nameLength > 0) return { name: traceName(log.toString('latin1', nameAt, nameAt + nameLength)) };
  if (row.flags === undefined && !row.mode) return null;
  const flags = log.readUInt32LE(at + AT.flags);
  const mode = log.readUInt32LE(at + AT.mode);
  const key = `${row.code} ${flags} ${mode}`;
  const known = knownArgs.get(key);
  if (known) return known;
  const args: NonNullable<WireEvent['args']> = {};
  if (row.flags !== undefined) args[row.flags] = flags;
  if (row.mode) args.mode = mode;
  if (knownArgs.size >= MAX_KNOWN_ARGS) knownArgs.clear();
  knownArgs.set(key, args);
  return args;
}

function readWide(log: Buffer, at: number): number {
  return wide(log.readUInt32LE(at), log.readUInt32LE(at + 4));
}
