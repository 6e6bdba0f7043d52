// Tier 1: the BPF tap. Its loader (loader/main.c) hands over finished requests and those that stay open; here they
// become records, and requests from before the tap listened are joined with their ends.
import { ANY, CAUSES, EXCLUDED, FRAME, KIND, LOSS, READY, RING_FULL } from './layout.ts';
import { DEFAULT_FILES, type LoaderFiles, LoaderProcess } from './loader-process.ts';
import { type Bytes, decodeName, decodeRecord, isUnnumbered, kindOf, pickedOf } from './record.ts';
import { SelfTest } from './self-test.ts';
import type { Tap, TapEvents, TapRecord } from './tap.ts';

const START_MS = 15_000;

export interface BpfTapOptions {
  /** Processes of our own: their requests are left out in the kernel, and counted. */
  ownPids: Iterable<number>;
  /** Requests of our own left out since the last call. */
  onExcluded?: (count: number) => void;
  /** Something was mounted or unmounted. */
  onMountsChanged?: () => void;
  files?: LoaderFiles;
}

type Inflight = Awaited<ReturnType<Tap['inflight']>>[number];
type Asker = PromiseWithResolvers<readonly Inflight[]>;

/** Number of a listing that was asked for; the loader lists unasked too, with 0. */
const ASKED = 1;

/** @throws with the reason where this machine does not allow it. */
export async function startBpfTap(options: BpfTapOptions, events: TapEvents): Promise<BpfTap> {
  const tap = new BpfTap(options, events);
  await tap.ready;
  return tap;
}

const keyOf = (record: TapRecord) => `${record.connection}:${record.unique}`;
const nowNs = () => Number(process.hrtime.bigint());

export class BpfTap implements Tap {
  readonly tier = 'bpf';
  /** Resolves when the programs are attached, rejects with the reason where they cannot be. */
  readonly ready: Promise<void>;
  readonly #loader: LoaderProcess;
  readonly #options: BpfTapOptions;
  readonly #events: TapEvents;
  readonly #test = new SelfTest();
  readonly #starting = Promise.withResolvers<void>();
  #running = false;
  #closed = false;
  #watched: ReadonlySet<number> = new Set();
  /** Requests told as open, and of those the ones from before we listened. */
  readonly #open = new Map<string, TapRecord>();
  readonly #older = new Set<string>();
  /** What has been listed since the last listing was complete. */
  #listed = new Map<string, Inflight>();
  /** Who waits for the listing that is under way, and who has asked since: one each, however many ask. */
  #asker: Asker | null = null;
  #nextAsker: Asker | null = null;

  constructor(options: BpfTapOptions, events: TapEvents) {
    this.#options = options;
    this.#events = events;
    this.ready = this.#starting.promise;
    this.#loader = new LoaderProcess(options.files ?? DEFAULT_FILES, {
      frame: (type, bytes, at) => this.#frames[type]?.(bytes, at),
      ended: (reason) => this.#ended(reason),
    });
    for (const pid of options.ownPids) this.#loader.send(`exclude ${pid}`);
    const timer = setTimeout(() => {
      void this.#loader.close();
      this.#starting.reject(new Error(`the kernel tap did not start within ${START_MS / 1000} s`));
    }, START_MS);
    const clear = () => clearTimeout(timer);
    this.ready.then(clear, clear);
  }

  get doubts(): readonly string[] {
    return this.#test.doubts;
  }

  /** Process id of the loader. */
  get pid(): number | undefined {
    return this.#loader.pid;
  }

  watch(connections: ReadonlySet<number>): void {
    for (const one of connections) if (!this.#watched.has(one)) this.#loader.send(`watch ${one}`);
    for (const one of this.#watched) if (!connections.has(one)) this.#loader.send(`unwatch ${one}`);
    this.#watched = new Set(connections);
    for (const [key, record] of this.#open) {
      if (connections.has(record.connection)) continue;
      this.#open.delete(key);
      this.#older.delete(key);
    }
  }

  inflight(): Promise<readonly Inflight[]> {
    if (this.#closed) return Promise.reject(new Error('the kernel tap has ended'));
    if (!this.#asker) return this.#list(Promise.withResolvers());
    this.#nextAsker ??= Promise.withResolvers();
    return this.#nextAsker.promise;
  }

  #list(asker: Asker): Asker['promise'] {
    this.#asker = asker;
    this.#loader.send(`list ${ASKED}`);
    return asker.promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#loader.close();
  }

  readonly #frames: Readonly<Record<number, (bytes: Bytes, at: number) => void>> = {
    [FRAME.READY]: (bytes, at) => this.#ready(bytes, at),
    [FRAME.RECORD]: (bytes, at) => this.#record(bytes, at),
    [FRAME.LOSS]: (bytes, at) => this.#loss(bytes, at),
    [FRAME.MOUNTS]: () => this.#options.onMountsChanged?.(),
    [FRAME.LISTED]: (bytes, at) => this.#complete(bytes.view.getUint32(at, true)),
  };

  #ready({ view }: Bytes, at: number): void {
    this.#running = true;
    if (view.getUint32(at + READY.iterator, true) === 0)
      this.#test.doubts.push('requests from before the tap listened cannot be listed on this kernel');
    this.#starting.resolve();
  }

  #record(bytes: Bytes, at: number): void {
    const kind = kindOf(bytes, at);
    if (kind === KIND.NAMED) {
      const name = decodeName(bytes, at);
      if (this.#watched.has(name.connection)) this.#events.name(name);
      return;
    }
    const record = decodeRecord(bytes, at);
    if (!this.#watched.has(record.connection)) return;
    if (!this.#test.over && kind === KIND.DONE) this.#test.see(record, isUnnumbered(bytes, at));
    if (kind === KIND.DONE || kind === KIND.GONE) {
      if (this.#open.size > 0) this.#open.delete(keyOf(record));
      this.#events.record(record);
    } else {
      this.#rare[kind]?.(record, pickedOf(bytes, at));
    }
  }

  readonly #rare: Readonly<Record<number, (record: TapRecord, picked: boolean | null) => void>> = {
    [KIND.OPEN]: (record) => {
      this.#open.set(keyOf(record), record);
      this.#events.record(record);
    },
    [KIND.LISTED]: (record, picked) => {
      this.#listed.set(keyOf(record), { record, picked });
    },
    [KIND.OLD]: (record, picked) => this.#old(record, picked),
    [KIND.UNPAIRED]: (end) => this.#unpaired(end),
  };

  /** Sent before we listened: how long before, nobody knows. It is told as begun when it was first seen. */
  #old(record: TapRecord, picked: boolean | null): void {
    const key = keyOf(record);
    let known = this.#open.get(key);
    if (!known) {
      known = record;
      record.startNs = nowNs();
      record.args = { ...record.args, startedBefore: true };
      this.#open.set(key, record);
      this.#older.add(key);
      this.#events.record(record);
    }
    this.#listed.set(key, { record: known, picked });
  }

  #unpaired(end: TapRecord): void {
    const key = keyOf(end);
    const begun = this.#open.get(key);
    if (begun) {
      this.#open.delete(key);
      this.#older.delete(key);
      const { errno, daemonTid, bytes } = end;
      const durationNs = end.startNs - begun.startNs;
      this.#events.record({ ...begun, kind: 'done', durationNs, errno, daemonTid, bytes });
    } else if (end.unique === 0) {
      // Failed before it was sent, as all do once a connection is aborted.
      this.#events.record({ ...end, durationNs: 0, daemonTid: null });
    }
  }

  #loss({ view }: Bytes, at: number): void {
    const counter = view.getUint32(at + LOSS.counter, true);
    const count = Number(view.getBigUint64(at + LOSS.count, true));
    if (counter === EXCLUDED) {
      this.#options.onExcluded?.(count);
      return;
    }
    const fromNs = Number(view.getBigUint64(at + LOSS.fromNs, true));
    const toNs = Number(view.getBigUint64(at + LOSS.toNs, true));
    const of = view.getUint32(at + LOSS.connection, true);
    const connection = of === ANY ? null : of;
    this.#events.loss({ connection, cause: CAUSES[counter] ?? 'tap', count, fromNs, toNs });
    // The end of a request that is told as open may be among them.
    if (counter === RING_FULL && this.#open.size > 0) void this.#dropEnded();
  }

  async #dropEnded(): Promise<void> {
    const before = [...this.#open.keys()];
    // Where the tap ends meanwhile, nobody needs the answer.
    const listed = await this.inflight().catch(() => null);
    if (!listed) return;
    const alive = new Set(listed.map(({ record }) => keyOf(record)));
    for (const key of before) if (!alive.has(key)) this.#lose(key);
  }

  #lose(key: string): void {
    const record = this.#open.get(key);
    if (!record) return;
    this.#open.delete(key);
    this.#older.delete(key);
    this.#events.record({ ...record, kind: 'lost' });
  }

  /** A listing is complete: older requests that are in it no longer have ended unseen. */
  #complete(number: number): void {
    const listed = this.#listed;
    this.#listed = new Map();
    for (const key of this.#older) if (!listed.has(key)) this.#lose(key);
    if (number !== ASKED) return;
    this.#asker?.resolve([...listed.values()]);
    this.#asker = null;
    if (!this.#nextAsker) return;
    void this.#list(this.#nextAsker);
    this.#nextAsker = null;
  }

  #ended(reason: string): void {
    const closed = this.#closed;
    this.#closed = true;
    const error = new Error(reason);
    this.#asker?.reject(error);
    this.#nextAsker?.reject(error);
    this.#asker = null;
    this.#nextAsker = null;
    if (!this.#running) this.#starting.reject(error);
    else if (!closed) this.#events.ended(reason);
  }
}
