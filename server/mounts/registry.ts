// The mounts this server knows, by a number that outlives restarts. A mount is one per source kind, host and
// mount point; what the mount is now (daemon, tier, connection) comes with the collector that names it.
import type { Mount, Tier } from '../../shared/mount.ts';
import type { SourceKind } from '../../shared/span.ts';
import type { WireMount } from '../../shared/wire/frames.ts';
import type { StoredMount } from '../store/types.ts';

export interface MountRecord extends StoredMount {
  readonly name: string;
  alsoAt: string[];
  daemon: Mount['daemon'];
  tier: Tier;
  waiting: number | null;
  /** Collector process that serves it now; null for event lines and for mounts of earlier runs. */
  instance: string | null;
  /** False once it is unmounted or its source is gone, until an event names it again. */
  present: boolean;
  lost: number;
}

export interface RegistryEvents {
  /** The mount is new or what is stored of it has changed. */
  changed(mount: MountRecord): void;
}

export class MountRegistry {
  readonly #byId = new Map<number, MountRecord>();
  readonly #byKey = new Map<string, MountRecord>();
  readonly #events: RegistryEvents;
  #nextId = 1;

  constructor(stored: readonly StoredMount[], events: RegistryEvents) {
    this.#events = events;
    for (const mount of stored) {
      this.#add({ ...mount, ...absent(mount.kind), name: mount.mount, present: false });
    }
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
    const record = this.#byKey.get(keyOf(host, mount, kind)) ?? this.#create(host, mount, kind, nowUs);
    record.lastSeenUs = nowUs;
    record.present = true;
    return record;
  }

  /** A mount that a collector announced. */
  announced(host: string, wire: WireMount, kind: SourceKind, instance: string, nowUs: number): MountRecord {
    const record = this.named(host, wire.mount, kind, nowUs);
    record.fsType = wire.fsType;
    record.source = wire.source;
    record.connection = wire.connection;
    record.daemon = wire.daemon;
    record.tier = wire.tier;
    record.alsoAt = wire.alsoAt ?? [];
    record.instance = instance;
    this.#events.changed(record);
    return record;
  }

  /** It is unmounted, or nobody reports on it any more. */
  gone(record: MountRecord, nowUs: number): void {
    record.present = false;
    record.instance = null;
    record.daemon = null;
    record.lastSeenUs = nowUs;
    this.#events.changed(record);
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
      ...absent(kind),
      present: true,
    };
    this.#add(record);
    this.#events.changed(record);
    return record;
  }

  #add(record: MountRecord): void {
    this.#byId.set(record.id, record);
    this.#byKey.set(keyOf(record.host, record.mount, record.kind), record);
    this.#nextId = Math.max(this.#nextId, record.id + 1);
  }
}

const TIER_OF: Readonly<Record<SourceKind, Tier>> = {
  mirror: 'mirror',
  log: 'log',
  api: 'log',
  kernel: 'none',
};

function absent(kind: SourceKind) {
  return {
    alsoAt: [],
    daemon: null,
    tier: TIER_OF[kind],
    waiting: null,
    instance: null,
    lost: 0,
  };
}

function keyOf(host: string, mount: string, kind: SourceKind): string {
  return JSON.stringify([host, mount, kind]);
}
