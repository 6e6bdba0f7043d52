// Joins discovery and tap: every mount of this machine is announced with what captures it, and what the tap tells of
// those that are listened to goes to the server.
import type { Tier } from '../../shared/mount.ts';
import type { OpenAnswer, OpenQuestion } from '../../shared/open-request.ts';
import type { WireEvent } from '../../shared/wire/frames.ts';
import type { Emitter } from '../emitter/emitter.ts';
import { BlockedCallers } from './blocked-callers.ts';
import { WallClock } from './clock.ts';
import type { Waiter } from './discovery/blocked.ts';
import { Discovery, type FuseMount } from './discovery/discovery.ts';
import { heldFile } from './held-file.ts';
import { openRequests } from './open-requests.ts';
import { PathTable } from './paths.ts';
import { NOTHING, type Policy, whyNot } from './policy.ts';
import type { TapSupervisor } from './supervisor.ts';
import type { Tap, TapLoss, TapName, TapRecord } from './tap.ts';
import { wireEvent, wireMount } from './wire-form.ts';

interface Entry {
  index: number;
  mount: FuseMount;
  tier: Tier;
  tierReason: string | null;
  /** The server has heard of it, and events may name it. */
  announced: boolean;
  /** Operations told as open and not ended yet. */
  open: Map<number | string, TapRecord>;
  paths: PathTable;
}

export interface CollectorOptions {
  emitter: Emitter;
  taps: TapSupervisor;
  /** Processes of our own, whose operations are not told. */
  ownPids: ReadonlySet<number>;
}

const INDEXES = 65_536;
/** FUSE_INIT, the first request of a connection: nothing known of its nodes holds. */
const INIT = 26;
/** Nodes whose paths are remembered, of one mount; of many mounts each gets less. */
const NODES = 131_072;
const MIN_NODES = 2_048;
/** Open requests of unknown files that are looked into, between two ticks. */
const LOOKS_A_TICK = 200;

export class Collector {
  readonly #emitter: Emitter;
  readonly #taps: TapSupervisor;
  readonly #ownPids: ReadonlySet<number>;
  readonly #clock = new WallClock();
  readonly #entries = new Map<number, Entry>();
  readonly #discovery: Discovery;
  readonly #callers = new BlockedCallers();
  #policy: Policy = NOTHING;
  #nextIndex = 0;
  #excluded = 0;
  #looks = 0;
  #toldReason: string | null = null;

  constructor({ emitter, taps, ownPids }: CollectorOptions) {
    this.#emitter = emitter;
    this.#taps = taps;
    this.#ownPids = ownPids;
    this.#discovery = new Discovery({
      appeared: (mount) => this.#appeared(mount),
      changed: (mount) => this.#changed(mount),
      vanished: (mount) => this.#vanished(mount),
      blocked: (mount, waiters) => this.#blocked(mount, waiters),
      wantsBlocked: ({ connection }) => {
        const tier = this.#entries.get(connection)?.tier;
        return tier === 'proc' || tier === 'none';
      },
    });
  }

  /** Operations of our own processes, which are not told. */
  get excluded(): number {
    return this.#excluded;
  }

  start(): void {
    this.#discovery.start();
  }

  close(): void {
    this.#discovery.close();
  }

  /** Something was mounted or unmounted. */
  look(): void {
    this.#discovery.look();
  }

  set policy(policy: Policy) {
    this.#policy = policy;
    this.apply();
  }

  /** Brings the tap and every announcement in line with policy, mounts and tap as they are now. */
  apply(): void {
    const { tap } = this.#taps;
    this.#toldReason = this.#taps.reason;
    const wanted = new Set<number>();
    const changed: Entry[] = [];
    for (const entry of this.#entries.values()) {
      const refusal = whyNot(entry.mount, this.#policy);
      if (refusal === null) wanted.add(entry.mount.connection);
      const [tier, tierReason] = this.#tierOf(refusal);
      if (tier === entry.tier && tierReason === entry.tierReason) continue;
      if (tier !== entry.tier) {
        this.#endOpen(entry);
        this.#callers.forget(entry.mount.connection);
        // What was renamed while nobody listened is not known.
        entry.paths = this.#newPaths();
      }
      entry.tier = tier;
      entry.tierReason = tierReason;
      changed.push(entry);
    }
    tap?.watch(wanted);
    const begun = changed.filter((entry) => entry.announced && entry.tier === tap?.tier);
    for (const entry of changed) if (!begun.includes(entry)) this.#announce(entry);
    if (tap && begun.length > 0) void this.#announceOnce(tap, begun);
  }

  /** It is told that the tap listens once what was open before is told too. */
  async #announceOnce(tap: Tap, begun: readonly Entry[]): Promise<void> {
    // Where the tap ends meanwhile, that is told instead.
    await tap.inflight().catch(() => undefined);
    for (const entry of begun) {
      if (this.#entries.get(entry.mount.connection) === entry) this.#announce(entry);
    }
  }

  record(record: TapRecord): void {
    const entry = this.#entries.get(record.connection);
    if (!entry || entry.tier !== this.#taps.tap?.tier) return;
    if (record.pid !== null && this.#ownPids.has(record.pid)) {
      if (record.kind === 'done') this.#excluded++;
      return;
    }
    if (record.opcode === INIT) entry.paths = this.#newPaths();
    if (record.kind === 'open') entry.open.set(record.unique, record);
    else if (entry.open.size > 0) entry.open.delete(record.unique);
    this.#emitter.emit(this.#event(entry, record));
    entry.paths.learn(record);
  }

  /** What is open on a connection now. */
  async answer({ ask, connection }: OpenQuestion): Promise<OpenAnswer> {
    const entry = this.#entries.get(connection);
    const { tap } = this.#taps;
    if (!entry || !tap || entry.tier !== tap.tier)
      return { ask, reason: entry?.tierReason ?? 'nobody listens to this connection' };
    try {
      const listed = (await tap.inflight()).filter(({ record }) => record.connection === connection);
      return { ask, open: openRequests(listed, entry.paths, this.#clock) };
    } catch (error) {
      return { ask, reason: (error as Error).message };
    }
  }

  /** Operations of our own that the kernel left out. */
  exclude(count: number): void {
    this.#excluded += count;
  }

  /** What a listing told. */
  name(name: TapName): void {
    this.#entries.get(name.connection)?.paths.learnName(name);
  }

  loss({ connection, cause, count, fromNs, toNs }: TapLoss): void {
    const fromUs = this.#clock.us(fromNs);
    const index = connection === null ? null : (this.#entries.get(connection)?.index ?? null);
    this.#emitter.loss({ index, cause, count, fromUs, toUs: this.#clock.us(toNs) });
  }

  /** To be called about once a second. */
  tick(): void {
    this.#clock.refresh();
    this.#looks = 0;
    // A tap may come to doubt what it sees.
    if (this.#taps.reason !== this.#toldReason) this.apply();
  }

  #appeared(mount: FuseMount): void {
    const used = new Set([...this.#entries.values()].map((entry) => entry.index));
    while (used.has(this.#nextIndex)) this.#nextIndex = (this.#nextIndex + 1) % INDEXES;
    const index = this.#nextIndex;
    this.#nextIndex = (this.#nextIndex + 1) % INDEXES;
    const entry: Entry = {
      index,
      mount,
      tier: 'none',
      tierReason: null,
      announced: false,
      open: new Map(),
      paths: this.#newPaths(),
    };
    this.#entries.set(mount.connection, entry);
    this.apply();
    if (!entry.announced) this.#announce(entry);
  }

  /** Without a tap, who stays blocked is told as an open operation, where the mount is to be listened to. */
  #blocked(mount: FuseMount, waiters: readonly Waiter[]): void {
    const entry = this.#entries.get(mount.connection);
    if (!entry) return;
    const told = entry.tier === 'proc' && whyNot(mount, this.#policy) === null;
    const others = waiters.filter((one) => !this.#ownPids.has(one.pid));
    for (const record of this.#callers.look(mount.connection, told ? others : [], nowNs())) {
      if (record.kind === 'open') entry.open.set(record.unique, record);
      else if (!entry.open.delete(record.unique)) continue;
      this.#emitter.emit(this.#event(entry, record));
    }
  }

  /** All tables together stay below five times NODES for a thousand mounts. */
  #newPaths(): PathTable {
    const share = NODES / 2 ** Math.ceil(Math.log2(this.#entries.size + 1));
    return new PathTable(Math.max(MIN_NODES, Math.floor(share)));
  }

  /** @param refusal why the policy leaves the mount out, or null. */
  #tierOf(refusal: string | null): [Tier, string | null] {
    const { tap, starting, reason } = this.#taps;
    if (tap === null && starting) return ['none', 'the kernel tap is starting'];
    if (tap === null) return ['proc', reason];
    return refusal === null ? [tap.tier, reason] : ['none', refusal];
  }

  #changed(mount: FuseMount): void {
    const entry = this.#entries.get(mount.connection);
    if (!entry) return;
    this.#announce(entry);
    // A name in the policy may be one of its new places.
    this.apply();
  }

  #vanished(mount: FuseMount): void {
    const entry = this.#entries.get(mount.connection);
    if (!entry) return;
    this.#entries.delete(mount.connection);
    this.#callers.forget(mount.connection);
    this.#emitter.gone(entry.index, 'it was unmounted');
    this.apply();
  }

  #announce(entry: Entry): void {
    entry.announced = true;
    this.#emitter.announce(wireMount(entry.index, entry.mount, entry));
  }

  /** Nobody will tell how these end. */
  #endOpen(entry: Entry): void {
    for (const record of entry.open.values())
      this.#emitter.emit(this.#event(entry, { ...record, kind: 'lost' }));
    entry.open.clear();
  }

  #pathOf({ paths }: Entry, record: TapRecord): ReturnType<PathTable['pathOf']> {
    const known = paths.pathOf(record);
    if (record.kind !== 'open' || record.nodeid === null || !known.path?.startsWith('#')) return known;
    if (this.#looks++ >= LOOKS_A_TICK) return known;
    const held = heldFile(record);
    if (held === null) return known;
    paths.adopt(record.nodeid, held);
    return paths.pathOf(record);
  }

  #event(entry: Entry, record: TapRecord): WireEvent {
    return wireEvent(entry.index, record, this.#pathOf(entry, record), this.#clock);
  }
}

const nowNs = () => Number(process.hrtime.bigint());
