// From the two trace events of a request to one record. Pure: what was read goes in, records come out. It knows what
// is in flight; a request that was sent before the tap began is not there, and its end says nothing.
import type { TapRecord } from '../tap.ts';
import type { Caller } from './callers.ts';

/** Lengths of fs/fuse headers (include/uapi/linux/fuse.h), which the trace counts with what they carry. */
const IN_HEADER = 40;
const OUT_HEADER = 16;
const WRITE_IN = 40;
const OP = { READ: 15, WRITE: 16, READDIR: 28, READDIRPLUS: 44 } as const;
const ANSWERS_WITH_DATA: ReadonlySet<number> = new Set([OP.READ, OP.READDIR, OP.READDIRPLUS]);

export interface RequestEvents {
  record(record: TapRecord): void;
  /** More are open than are kept: the oldest is given up. */
  givenUp(record: TapRecord): void;
}

export class Requests {
  readonly #events: RequestEvents;
  readonly #callerOf: (tid: number) => Caller;
  readonly #maxOpen: number;
  /** In order of their start, by connection and unique. */
  readonly #open = new Map<string, TapRecord>();
  /** Of `#open`, those that were not told yet. */
  #fresh: TapRecord[] = [];

  constructor(events: RequestEvents, callerOf: (tid: number) => Caller, maxOpen = 65_536) {
    this.#events = events;
    this.#callerOf = callerOf;
    this.#maxOpen = maxOpen;
  }

  get open(): Iterable<TapRecord> {
    return this.#open.values();
  }

  sent(
    connection: number,
    unique: number | string,
    opcode: number,
    len: number,
    tid: number,
    timeNs: number,
  ): void {
    const caller = this.#callerOf(tid);
    const record: TapRecord = {
      kind: 'open',
      connection,
      opcode,
      unique,
      nodeid: null,
      startNs: timeNs,
      durationNs: null,
      queueNs: null,
      errno: null,
      bytes: null,
      ...caller,
      daemonTid: null,
      fh: null,
      offset: null,
      size: opcode === OP.WRITE ? Math.max(0, len - IN_HEADER - WRITE_IN) : null,
      name: null,
      newParent: null,
      newName: null,
      replyNodeid: null,
      args: null,
    };
    this.#open.set(keyOf(connection, unique), record);
    this.#fresh.push(record);
    if (this.#open.size <= this.#maxOpen) return;
    for (const [key, oldest] of this.#open) {
      this.#open.delete(key);
      this.#events.givenUp(oldest);
      break;
    }
  }

  ended(
    connection: number,
    unique: number | string,
    len: number,
    error: number,
    daemonTid: number | null,
    timeNs: number,
  ): void {
    const key = keyOf(connection, unique);
    const record = this.#open.get(key);
    if (!record) return;
    this.#open.delete(key);
    record.kind = 'done';
    record.durationNs = Math.max(0, timeNs - record.startNs);
    record.errno = Math.abs(error);
    record.daemonTid = daemonTid;
    if (error === 0 && ANSWERS_WITH_DATA.has(record.opcode)) record.bytes = Math.max(0, len - OUT_HEADER);
    this.#events.record(record);
  }

  /** Tells of what is still open since the last call. */
  tellOpen(): void {
    for (const record of this.#fresh) if (record.kind === 'open') this.#events.record({ ...record });
    this.#fresh = [];
  }

  /** Gives up what is open of connections that are no longer watched. */
  keep(connections: ReadonlySet<number>): void {
    for (const [key, record] of this.#open) if (!connections.has(record.connection)) this.#open.delete(key);
    this.#fresh = this.#fresh.filter((record) => connections.has(record.connection));
  }

  /** Forgets requests whose end was missed. */
  forget(record: TapRecord): void {
    this.#open.delete(keyOf(record.connection, record.unique));
  }
}

function keyOf(connection: number, unique: number | string): string {
  return `${connection} ${unique}`;
}
