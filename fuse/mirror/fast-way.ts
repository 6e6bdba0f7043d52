// The everyday operations, done by the FUSE threads themselves without a turn of the event loop, which costs more than
// the operation does (fuse/patches/fast-way.h). What they did comes in batches that are laid out for the wire already.
import { opCode } from '../../shared/ops.ts';
import type { RawBatch } from '../../shared/wire/batch-encoder.ts';
import { AT, RECORD_BYTES } from '../../shared/wire/layout.ts';
import { traceName } from './names.ts';
import { type Binding, OP, OP_SLOTS, type OpKey } from './native.ts';
import { OPERATIONS } from './operations.ts';
import type { SessionMemory } from './session.ts';

/**
 * The log, as fuse/patches/state.h has it: batches in a circle, each with a head of 16 bytes (records, strings, bytes
 * of strings), room for its strings, and its records. At 60,000 operations a second it lasts half a second; it is
 * collected 40 times a second.
 */
const BATCHES = 32;
const HEAD_BYTES = 16;
const STRING_BYTES = 96 * 1024;
const BATCH_BYTES = HEAD_BYTES + STRING_BYTES + 1024 * RECORD_BYTES;
/** Words of the session's memory. */
const ACTIVE = 5;
const DROPPED = 6;

/** What a record says beyond path, caller and result: bits of a row in fuse/patches/state.h. */
const SAYS = {
  fh: 1 << 16,
  offset: 1 << 17,
  size: 1 << 18,
  counts: 1 << 19,
  flags: 1 << 20,
  mask: 1 << 21,
  mode: 1 << 22,
  name: 1 << 23,
};
type FastKey = Exclude<OpKey, 'init'>;

/** The operations that go this way: those that programs call by the thousand. */
const FAST: Partial<Record<FastKey, number>> = {
  getattr: 0,
  fgetattr: SAYS.fh,
  statfs: 0,
  access: SAYS.mask,
  readlink: 0,
  open: SAYS.fh | SAYS.flags,
  opendir: SAYS.fh | SAYS.flags,
  create: SAYS.fh | SAYS.flags | SAYS.mode,
  mkdir: SAYS.mode,
  read: SAYS.fh | SAYS.offset | SAYS.size,
  write: SAYS.fh | SAYS.offset | SAYS.size,
  truncate: SAYS.size,
  ftruncate: SAYS.fh | SAYS.size,
  flush: SAYS.fh,
  release: SAYS.fh,
  releasedir: SAYS.fh,
  readdir: SAYS.fh,
  getxattr: SAYS.size | SAYS.name,
};

const KEYS = Object.keys(FAST) as FastKey[];

/** Records that found no room, and when. */
export interface Dropped {
  count: number;
  fromUs: number;
  toUs: number;
}

export class FastWay {
  readonly #binding: Binding;
  readonly #memory: SessionMemory;
  readonly #log: Buffer;
  readonly #numbers: DataView;
  #turn = 0;
  #dropped = 0;
  /** Wall time of the newest record so far. */
  #newestUs = 0;
  /** Called when there is something to collect; urgent when the log fills. */
  onWake: (urgent: boolean) => void = () => undefined;

  /** To be made before the mount. @param root the source in bytes. @param logged whether there is a log at all. */
  constructor(binding: Binding, memory: SessionMemory, root: string, logged: boolean) {
    this.#binding = binding;
    this.#memory = memory;
    this.#log = Buffer.alloc(logged ? BATCHES * BATCH_BYTES : 0);
    this.#numbers = new DataView(this.#log.buffer, this.#log.byteOffset, this.#log.length);
    const rows = new Uint32Array(OP_SLOTS);
    for (const key of KEYS) {
      const { op, counts } = OPERATIONS[key];
      rows[OP[key]] = opCode(op) | (FAST[key] ?? 0) | (counts ? SAYS.counts : 0);
    }
    const agreed = binding.fuse_native_begin(
      memory.buffer,
      root,
      Buffer.from(rows.buffer),
      this.#log,
      (urgent) => this.onWake(urgent === 1),
    );
    if (logged && !agreed) throw new Error('the two halves of the mirror disagree about the log');
  }

  /** From now on the operations take it whose public names are not among these. */
  open(except: ReadonlySet<string>): void {
    for (const key of KEYS) this.#memory.fast[OP[key]] = except.has(OPERATIONS[key].op) ? 0 : 1;
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

  /** Wall time, in µs since the epoch, at 0 of CLOCK_MONOTONIC; for the records to come. */
  set wallUs(us: number) {
    this.#memory.wallUs[0] = us;
  }

  /** Hands out everything logged since the last time. What `take` gets is valid during the call. */
  collect(take: (batch: RawBatch) => void): Dropped {
    const count = this.#binding.fuse_native_collect(this.#memory.buffer);
    const fromUs = this.#newestUs;
    for (let i = 0; i < count; i++) {
      const batch = this.#batch(this.#turn);
      this.#turn = (this.#turn + 1) % BATCHES;
      const { records } = batch;
      const last = records.byteOffset - this.#log.byteOffset + records.length - RECORD_BYTES;
      this.#newestUs = this.#numbers.getFloat64(last + AT.tsUs, true);
      take(batch);
    }
    const dropped = this.#memory.words[DROPPED] ?? 0;
    const missing = dropped - this.#dropped;
    this.#dropped = dropped;
    return { count: missing, fromUs: fromUs || this.#newestUs, toUs: this.#newestUs };
  }

  #batch(turn: number): RawBatch {
    const at = turn * BATCH_BYTES;
    const strings = at + HEAD_BYTES;
    const records = strings + STRING_BYTES;
    return {
      records: this.#log.subarray(records, records + this.#numbers.getUint32(at, true) * RECORD_BYTES),
      stringCount: this.#numbers.getUint32(at + 4, true),
      strings: this.#log.subarray(strings, strings + this.#numbers.getUint32(at + 8, true)),
    };
  }
}
