// Tier 2: the two FUSE tracepoints through tracefs, on kernels where BPF is not to be had. Tells operation, caller,
// result and times; no paths, no arguments.

import { u64FromHalves } from '../../../shared/u64.ts';
import { readProc } from '../discovery/proc.ts';
import type { Tap, TapEvents, TapRecord } from '../tap.ts';
import { Callers } from './callers.ts';
import { type EventFormat, offsetOf, parseEventFormat, parseHeaderPage } from './format.ts';
import { type CpuBuffer, clearOld, findTracefs, Instance } from './instance.ts';
import { type PageLayout, pageLayout, walkPage } from './page.ts';
import { Requests } from './requests.ts';

export interface TracefsOptions {
  /** Size of each processor's buffer; null lets it follow the number of processors. */
  bufferKb: number | null;
}

const ROUND_MS = 25;
const STATS_MS = 500;
/** Of one processor in one round; more wait in the kernel's buffer. */
const PAGES_A_ROUND = 256;
/** Pages are 4 KiB, unless someone has asked the kernel for larger ones. */
const MAX_PAGE_BYTES = 64 * 1024;
/** A filter is at most a page of text; with more connections than this we filter ourselves. */
const FILTERED_IN_KERNEL = 100;
/** Where a caller sleeps until its request is answered. */
const WAITS = /^(request_wait_answer|fuse_|__fuse_)/;

const NUMBERS_LATE =
  'this kernel (6.12 to mid 2025) traces requests before it numbers them, so that tracefs cannot pair them';

interface Raw {
  sent: boolean;
  timeNs: number;
  connection: number;
  unique: number | string;
  /** Of `sent` the operation, else the error. */
  code: number;
  len: number;
  tid: number;
}

/** @throws Error with the reason where tracefs cannot be used. */
export function startTracefsTap(options: TracefsOptions, events: TapEvents): Promise<Tap> {
  return Promise.resolve().then(() => new TracefsTap(options, events));
}

class TracefsTap implements Tap {
  readonly tier = 'tracefs';
  readonly doubts: string[] = [];
  readonly #events: TapEvents;
  readonly #instance: Instance;
  readonly #read: Reader;
  readonly #callers: Callers;
  readonly #requests: Requests;
  readonly #page = new Uint8Array(MAX_PAGE_BYTES);
  readonly #overruns = new Map<number, number>();
  #watched: ReadonlySet<number> = new Set();
  /** Read, but younger than what other processors' buffers may still hold. */
  #held: Raw[] = [];
  #timer: NodeJS.Timeout | null = null;
  #statsAtNs = monotonicNs();
  #closed = false;

  constructor(options: TracefsOptions, events: TapEvents) {
    this.#events = events;
    const tracefs = findTracefs();
    if (tracefs === null)
      throw new Error('tracefs is not mounted. As root: mount -t tracefs tracefs /sys/kernel/tracing');
    const text = (file: string) => {
      const found = readProc(`${tracefs}/events/${file}`);
      if (found === null) throw new Error(missing(tracefs, file));
      return found;
    };
    const read = reader(
      parseEventFormat(text('fuse/fuse_request_send/format')),
      parseEventFormat(text('fuse/fuse_request_end/format')),
      pageLayout(parseHeaderPage(text('header_page'))),
    );
    clearOld(tracefs);
    this.#read = read;
    this.#instance = new Instance(tracefs, options.bufferKb);
    this.#callers = new Callers(tracefs);
    this.#requests = new Requests(
      {
        record: (record) => events.record(record),
        givenUp: (record) => this.#lose(record, 'tracefs-too-many-open'),
      },
      (tid) => this.#callers.of(tid),
    );
    this.#timer = setTimeout(() => this.#round(), ROUND_MS);
  }

  watch(connections: ReadonlySet<number>): void {
    const same =
      connections.size === this.#watched.size && [...connections].every((one) => this.#watched.has(one));
    if (this.#closed || same) return;
    this.#requests.keep(connections);
    this.#watched = new Set(connections);
    const filter =
      connections.size > FILTERED_IN_KERNEL
        ? '0'
        : [...connections].map((number) => `connection == ${number}`).join(' || ');
    for (const event of ['fuse_request_send', 'fuse_request_end']) {
      if (filter !== '') this.#instance.write(`events/fuse/${event}/filter`, filter);
      this.#instance.write(`events/fuse/${event}/enable`, filter === '' ? '0' : '1');
    }
  }

  async inflight(): Promise<{ record: TapRecord; picked: boolean | null }[]> {
    return [...this.#requests.open].map((record) => ({ record: { ...record }, picked: null }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#instance.remove();
  }

  #round(): void {
    if (this.#closed) return;
    let more: boolean;
    try {
      more = this.#take();
      if (monotonicNs() - this.#statsAtNs > STATS_MS * 1e6) this.#countOverruns();
    } catch (error) {
      void this.close();
      this.#events.ended((error as Error).message);
      return;
    }
    this.#timer = setTimeout(() => this.#round(), more ? 0 : ROUND_MS);
  }

  /** Reads what is there and handles what is certain to be in order. @returns whether more is there. */
  #take(): boolean {
    let horizonNs = monotonicNs();
    let more = false;
    for (const buffer of this.#instance.buffers) {
      const lastNs = this.#readBuffer(buffer);
      if (lastNs === null) continue;
      more = true;
      horizonNs = Math.min(horizonNs, lastNs);
    }
    this.#callers.nextRound();
    const raws = this.#held.sort((a, b) => a.timeNs - b.timeNs);
    const cut = raws.findIndex((raw) => raw.timeNs > horizonNs);
    this.#held = cut < 0 ? [] : raws.splice(cut);
    for (const raw of raws) this.#handle(raw);
    this.#requests.tellOpen();
    return more;
  }

  /** @returns null where the buffer is empty now, else the time of the last record read. */
  #readBuffer(buffer: CpuBuffer): number | null {
    for (let pages = 0; pages < PAGES_A_ROUND; pages++) {
      const bytes = this.#instance.readPage(buffer, this.#page);
      if (bytes === 0) return null;
      const before = this.#held.length;
      this.#read(new DataView(this.#page.buffer, 0, bytes), this.#held);
      if (pages === PAGES_A_ROUND - 1 && this.#held.length > before) return this.#held.at(-1)?.timeNs ?? null;
    }
    return null;
  }

  #handle(raw: Raw): void {
    const { connection, unique, code, len, tid, timeNs } = raw;
    if (!this.#watched.has(connection)) return;
    if (!raw.sent) {
      this.#requests.ended(connection, unique, len, code, this.#callers.numberOf(tid), timeNs);
      return;
    }
    if (unique === 0) throw new Error(NUMBERS_LATE);
    this.#requests.sent(connection, unique, code, len, tid, timeNs);
  }

  #countOverruns(): void {
    const nowNs = monotonicNs();
    let lost = 0;
    for (const { cpu } of this.#instance.buffers) {
      const total = this.#instance.overrun(cpu);
      lost += total - (this.#overruns.get(cpu) ?? 0);
      this.#overruns.set(cpu, total);
    }
    if (lost > 0) {
      this.#events.loss({
        connection: null,
        cause: 'tracefs-overrun',
        count: lost,
        fromNs: this.#statsAtNs,
        toNs: nowNs,
      });
      this.#giveUpDoubtful();
    }
    this.#statsAtNs = nowNs;
  }

  /** What is open may have ended among the records that were lost, unless its caller is seen to wait. */
  #giveUpDoubtful(): void {
    for (const record of [...this.#requests.open]) {
      if (WAITS.test(readProc(`/proc/${record.tid}/wchan`) ?? '')) continue;
      this.#lose(record, null);
    }
  }

  #lose(record: TapRecord, cause: string | null): void {
    this.#requests.forget(record);
    const { connection, startNs } = record;
    if (cause !== null) this.#events.loss({ connection, cause, count: 1, fromNs: startNs, toNs: startNs });
    record.kind = 'lost';
    this.#events.record(record);
  }
}

type Reader = (page: DataView, into: Raw[]) => void;

/** Reads pages by the formats of this kernel. */
function reader(send: EventFormat, end: EventFormat, layout: PageLayout): Reader {
  const tidAt = offsetOf(send.fields, 'common_pid');
  const at = (format: EventFormat, code: string) => ({
    connection: offsetOf(format.fields, 'connection'),
    unique: offsetOf(format.fields, 'unique'),
    len: offsetOf(format.fields, 'len'),
    code: offsetOf(format.fields, code),
  });
  const sendAt = at(send, 'opcode');
  const endAt = at(end, 'error');
  return (page, into) =>
    walkPage(page, layout, (from, _bytes, timeNs) => {
      const id = page.getUint16(from, true);
      if (id !== send.id && id !== end.id) return;
      const sent = id === send.id;
      const offsets = sent ? sendAt : endAt;
      into.push({
        sent,
        timeNs,
        connection: page.getUint32(from + offsets.connection, true),
        unique: u64FromHalves(
          page.getUint32(from + offsets.unique, true),
          page.getUint32(from + offsets.unique + 4, true),
        ),
        code: page.getInt32(from + offsets.code, true),
        len: page.getUint32(from + offsets.len, true),
        tid: page.getInt32(from + tidAt, true),
      });
    });
}

function missing(tracefs: string, file: string): string {
  if (readProc(`${tracefs}/trace_clock`) === null)
    return `this user may not read ${tracefs}. Run FuseScope as root`;
  return `${tracefs} has no events/${file}. It takes Linux 6.10 or later, and modprobe fuse`;
}

function monotonicNs(): number {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
}
