// The mounts this server knows, by a number that outlives restarts. A mount is one per source kind, host and
// mount point; what the mount is now (daemon, tier, connection) comes with the collector that names it.
import type { Mount, Tier } from '../../shared/mount.ts';
import type { SourceKind } from '../../shared/span.ts';
import type { WireMount } from '../../shared/wire/frames.ts';
import type { StoredMount } from '../store/types.ts';
import { kernelTwins } from './twins.ts';

export interface MountRecord extends StoredMount {
  readonly name: string;
  alsoAt: string[];
  daemon: Mount['daemon'];
  tier: Tier;
  tierReason: string | null;
  waiting: number | null;
  maxBackground: number | null;
  options: string | null;
  namespace: string | null;
  blocked: Mount['blocked'];
  /** Its daemon has ended. */
  dead: boolean;
  /** Collector process that serves it now; null for event lines and for mounts of earlier runs. */
  instance: string | null;
  /** False once it is unmounted or its source is gone, until an event names it again. */
  present: boolean;
  lost: number;
}

/** Whether the kernel tap listens to it. */
export function isTapped({ present, tier }: Pick<MountRecord, 'present' | 'tier'>): boolean {
  return present && (tier === 'bpf' || tier === 'tracefs');
}

/** Mounts that are gone and still known. Where names are made up anew each time (pods), they would grow for ever. */
const MAX_GONE = 1_000;

export interface RegistryEvents {
  /** The mount is new or what is stored of it has changed. */
  changed(mount: MountRecord): void;
  /** A collector has told of it, or of its end. */
  told(mount: MountRecord): void;
}

export class MountRegistry {
  readonly #byId = new Map<number, MountRecord>();
  /** Several where mounts of one name are there at once: in other namespaces, or one over the other. */
  readonly #byKey = new Map<string, MountRecord[]>();
  readonly #events: RegistryEvents;
  #nextId = 1;
  /** Null where it has to be found out anew. */
  #twins: ReadonlyMap<number, number | null> | null = null;

  /** @param nowUs a mirror of the run before counts as ended until it tells of itself again. */
  constructor(stored: readonly StoredMount[], events: RegistryEvents, nowUs: number) {
    this.#events = events;
    for (const mount of stored) {
      const goneUs = mount.kind === 'mirror' ? (mount.goneUs ?? nowUs) : mount.goneUs;
      this.#add({ ...mount, goneUs, ...absent(mount.kind), name: mount.mount, present: false });
    }
    this.#forgetGone();
  }

  get(id: number): MountRecord | undefined {
    return this.#byId.get(id);
  }

  all(): MountRecord[] {
    return [...this.#byId.values()];
  }

  /** By mount point as users write it; the newest one that is present wins. */
  find(mount: string): MountRecord | undefined {
    const found = this.all().filter((one) => one.mount === mount || one.alsoAt.includes(mount));
    return found.findLast((one) => one.present) ?? found.at(-1);
  }

  /** The mount of an event line; made on first sight. */
  named(host: string, mount: string, kind: SourceKind, nowUs: number): MountRecord {
    const record = this.#byKey.get(keyOf(host, mount, kind))?.[0] ?? this.#create(host, mount, kind, nowUs);
    record.lastSeenUs = nowUs;
    if (!record.present) this.#twins = null;
    record.present = true;
    return record;
  }

  /** A mount that a collector announced. */
  announced(host: string, wire: WireMount, kind: SourceKind, instance: string, nowUs: number): MountRecord {
    const record = this.#claim(host, wire, kind, instance) ?? this.#create(host, wire.mount, kind, nowUs);
    // What changes by the second is not worth writing down each time.
    const { fsType, source, connection } = wire;
    const stored =
      record.present &&
      record.fsType === fsType &&
      record.source === source &&
      record.connection === connection;
    Object.assign(record, {
      fsType,
      source,
      connection,
      daemon: wire.daemon,
      tier: wire.tier,
      tierReason: wire.tierReason ?? null,
      alsoAt: wire.alsoAt ?? [],
      waiting: wire.waiting ?? null,
      maxBackground: wire.maxBackground ?? null,
      options: wire.options ?? null,
      namespace: wire.namespace ?? null,
      blocked: wire.blocked ?? [],
      dead: wire.dead ?? false,
      instance,
      goneUs: null,
      present: true,
      lastSeenUs: nowUs,
    } satisfies Partial<MountRecord>);
    if (!stored) {
      this.#twins = null;
      this.#events.changed(record);
    }
    this.#events.told(record);
    return record;
  }

  /** The same connection as the kernel collector tells of it, or undefined. */
  inKernel(mount: MountRecord): MountRecord | undefined {
    return this.#withConnection(mount, 'kernel');
  }

  /** Mounts of the kernel collector that a mirror tells of, as kernelTwins gives them: lists show the mirror's. */
  get twins(): ReadonlyMap<number, number | null> {
    this.#twins ??= kernelTwins(this.all());
    return this.#twins;
  }

  /** True for a mount that stands in lists as its mirror. One that has outlived its mirror stands for itself. */
  isHidden(mount: MountRecord): boolean {
    return this.twins.has(mount.id) && (!mount.present || this.mirrorOf(mount) !== undefined);
  }

  /** The mirror's half of such a mount. */
  mirrorOf(mount: MountRecord): MountRecord | undefined {
    return this.#withConnection(mount, 'mirror');
  }

  /** It is unmounted, or nobody reports on it any more. @param sinceUs since when. */
  gone(record: MountRecord, nowUs: number, sinceUs = nowUs): void {
    this.#twins = null;
    record.present = false;
    record.goneUs = sinceUs;
    record.instance = null;
    record.daemon = null;
    record.waiting = null;
    record.blocked = [];
    record.lastSeenUs = nowUs;
    this.#events.changed(record);
    this.#events.told(record);
    this.#forgetGone();
  }

  /** Those that were seen last stay. What is stored of the others stays too, under their numbers. */
  #forgetGone(): void {
    if (this.#byId.size <= MAX_GONE) return;
    const gone = this.all().filter((one) => !one.present);
    if (gone.length <= MAX_GONE) return;
    gone.sort((a, b) => b.lastSeenUs - a.lastSeenUs);
    for (const record of gone.slice(MAX_GONE)) {
      const key = keyOf(record.host, record.mount, record.kind);
      const alike = (this.#byKey.get(key) ?? []).filter((one) => one !== record);
      if (alike.length > 0) this.#byKey.set(key, alike);
      else this.#byKey.delete(key);
      this.#byId.delete(record.id);
    }
    this.#twins = null;
  }

  #withConnection(mount: MountRecord, kind: SourceKind): MountRecord | undefined {
    if (mount.connection === null || !mount.present) return undefined;
    return this.all().find(
      (one) =>
        one.kind === kind && one.present && one.host === mount.host && one.connection === mount.connection,
    );
  }

  /** The record that an announced mount goes on with: that of its connection, else one that nobody has now. */
  #claim(host: string, wire: WireMount, kind: SourceKind, instance: string): MountRecord | undefined {
    const alike = this.#byKey.get(keyOf(host, wire.mount, kind)) ?? [];
    if (kind !== 'kernel') return alike[0];
    return (
      alike.find((one) => one.present && one.connection === wire.connection) ??
      alike.find((one) => !one.present || one.instance !== instance)
    );
  }

  #create(host: string, mount: string, kind: SourceKind, nowUs: number): MountRecord {
    const record: MountRecord = {
      id: this.#nextId,
      host,
      mount,
      name: mount,
      kind,
      fsType: null,
      source: null,
      connection: null,
      firstSeenUs: nowUs,
      lastSeenUs: nowUs,
      goneUs: null,
      ...absent(kind),
      present: true,
    };
    this.#add(record);
    this.#events.changed(record);
    return record;
  }

  #add(record: MountRecord): void {
    this.#byId.set(record.id, record);
    this.#twins = null;
    const key = keyOf(record.host, record.mount, record.kind);
    this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), record]);
    this.#nextId = Math.max(this.#nextId, record.id + 1);
  }
}

const TIER_OF: Readonly<Record<SourceKind, Tier>> = {
  mirror: 'mirror',
  log: 'log',
  api: 'log',
  kernel: 'none',
};

/** What is not known of a mount that no collector names. */
export function absent(kind: SourceKind) {
  return {
    alsoAt: [],
    daemon: null,
    tier: TIER_OF[kind],
    tierReason: null,
    waiting: null,
    maxBackground: null,
    options: null,
    namespace: null,
    blocked: [],
    dead: false,
    instance: null,
    lost: 0,
  };
}

function keyOf(host: string, mount: string, kind: SourceKind): string {
  return JSON.stringify([host, mount, kind]);
}
