// Keeps a list of the FUSE mounts of this machine: what appears, changes and vanishes, within a second. It reads /proc
// and fusectl and touches no mount.
import type { Blocked } from '../../../shared/wire/frames.ts';
import { assignWaiters, findWaiters, type Waiter } from './blocked.ts';
import { type Connection, findConnections } from './connections.ts';
import { chooseDaemons, type Holder, isSameProcess, searchHolders } from './daemons.ts';
import { type Counts, readCounts } from './fusectl.ts';
import { Namespaces } from './namespaces.ts';

export interface FuseMount extends Counts {
  connection: number;
  /** The place it is called by: its first mount point when it was found, for as long as it is mounted anywhere. */
  mount: string;
  alsoAt: string[];
  fsType: string;
  source: string;
  options: string;
  /** Mount namespace that `mount` is in; null for our own. */
  namespace: string | null;
  daemon: Pick<Holder, 'pid' | 'comm' | 'startTicks'> | null;
  /** Its daemon has ended, or nobody holds its device: whoever uses the mount is told ENOTCONN. */
  dead: boolean;
  /** Who waits for it. Only kept for mounts that `wantsBlocked` names. */
  blocked: Blocked[];
}

export interface DiscoveryEvents {
  appeared(mount: FuseMount): void;
  changed(mount: FuseMount): void;
  vanished(mount: FuseMount): void;
  /** Who waits now for a mount that `wantsBlocked` names; told at each look, about once a second. */
  blocked(mount: FuseMount, waiters: readonly Waiter[]): void;
  /** Whether `blocked` is worth its price for this mount: nothing else tells who waits. */
  wantsBlocked(mount: FuseMount): boolean;
}

const LOOK_MS = 500;
/** Pauses between searches for a daemon that was not found. */
const FIRST_SEARCH_MS = 500;
const MAX_SEARCH_MS = 30_000;
const BLOCKED_SHOWN = 20;
/** While a mount is made, its device is on the way from one process to another and held by none: not for so long, ms. */
const UNHELD_MS = 1_500;

export class Discovery {
  readonly #events: DiscoveryEvents;
  readonly #namespaces = new Namespaces();
  readonly #mounts = new Map<number, FuseMount>();
  /** Mounts whose daemon has ended. */
  readonly #orphans = new WeakSet<FuseMount>();
  /** Mounts whose device nobody was seen to hold, with the time since when (performance.now). */
  readonly #unheld = new WeakMap<FuseMount, number>();
  #timer: NodeJS.Timeout | null = null;
  #rounds = 0;
  #searchMs = FIRST_SEARCH_MS;
  #nextSearchMs = 0;
  #searching = false;

  constructor(events: DiscoveryEvents) {
    this.#events = events;
  }

  get mounts(): ReadonlyMap<number, FuseMount> {
    return this.#mounts;
  }

  /** Looks at once, and from then on by itself. */
  start(): void {
    this.#round();
    this.#timer = setInterval(() => this.#round(), LOOK_MS);
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Reads what is mounted; cheap where nothing has changed. */
  look(): void {
    const read = this.#namespaces.read();
    if (read === null) return;
    const found = findConnections(read);
    for (const mount of this.#mounts.values()) {
      const now = found.get(mount.connection);
      // A freed number goes to the next mount, wherever that is.
      if (now && now.fsType === mount.fsType && now.source === mount.source) continue;
      this.#mounts.delete(mount.connection);
      this.#events.vanished(mount);
    }
    for (const connection of found.values()) {
      const known = this.#mounts.get(connection.connection);
      if (known) this.#update(known, placesOf(known.mount, connection));
      else this.#appear(connection);
    }
  }

  #round(): void {
    if (this.#rounds++ % 2 === 0) this.#namespaces.find();
    this.look();
    if (this.#rounds % 2 === 0) return;
    for (const mount of this.#mounts.values()) this.#refresh(mount);
    this.#findBlocked();
    if (performance.now() >= this.#nextSearchMs) void this.#search();
  }

  #appear({ points, ...connection }: Connection): void {
    const mount: FuseMount = {
      ...connection,
      mount: points[0] ?? '',
      alsoAt: points.slice(1),
      ...readCounts(connection.connection),
      daemon: null,
      dead: false,
      blocked: [],
    };
    this.#mounts.set(mount.connection, mount);
    this.#events.appeared(mount);
    this.#searchMs = FIRST_SEARCH_MS;
    void this.#search();
  }

  #refresh(mount: FuseMount): void {
    const change: Partial<FuseMount> = readCounts(mount.connection);
    if (mount.daemon && !isSameProcess(mount.daemon)) {
      // Perhaps it only handed the device to its child, as daemons do when they go to the background.
      this.#searchMs = FIRST_SEARCH_MS;
      this.#nextSearchMs = 0;
      change.daemon = null;
      this.#orphans.add(mount);
    }
    this.#update(mount, change);
  }

  #findBlocked(): void {
    // Without fusectl the kernel does not tell whether anybody waits.
    const waited = [...this.#mounts.values()].filter(
      (mount) => mount.waiting !== 0 && this.#events.wantsBlocked(mount),
    );
    const assigned =
      waited.length === 0
        ? null
        : assignWaiters(
            findWaiters(),
            waited.map((mount) => ({ key: mount, points: [mount.mount, ...mount.alsoAt] })),
          );
    for (const mount of this.#mounts.values()) {
      const waiters = assigned?.get(mount) ?? [];
      const shown = waiters.slice(0, BLOCKED_SHOWN).map(({ pid, tid, comm }) => ({ pid, tid, comm }));
      this.#update(mount, { blocked: shown });
      if (this.#events.wantsBlocked(mount)) this.#events.blocked(mount, waiters);
    }
  }

  async #search(): Promise<void> {
    const wanted = () => [...this.#mounts.values()].filter((one) => !one.daemon && one.fsType !== 'virtiofs');
    if (this.#searching || wanted().length === 0) return;
    this.#searching = true;
    // What appears while it is looked for was not looked for.
    const asked = new Set(wanted());
    const { holders, complete } = await searchHolders();
    const chosen = chooseDaemons(holders, wanted());
    this.#searching = false;
    for (const mount of wanted()) {
      const daemon = chosen.get(mount.connection);
      if (daemon) {
        const { pid, comm, startTicks } = daemon;
        this.#update(mount, { daemon: { pid, comm, startTicks }, dead: false });
        this.#orphans.delete(mount);
        this.#unheld.delete(mount);
      } else if (this.#orphans.has(mount) || (asked.has(mount) && complete && this.#isUnheld(mount))) {
        this.#update(mount, { dead: true });
      }
    }
    this.#nextSearchMs = performance.now() + this.#searchMs;
    this.#searchMs = Math.min(MAX_SEARCH_MS, this.#searchMs * 2);
  }

  /** No process of the machine holds its device, for long enough not to be on its way. Such a device is never opened again. */
  #isUnheld(mount: FuseMount): boolean {
    const nowMs = performance.now();
    const sinceMs = this.#unheld.get(mount) ?? nowMs;
    this.#unheld.set(mount, sinceMs);
    return nowMs - sinceMs >= UNHELD_MS;
  }

  #update(mount: FuseMount, change: Partial<FuseMount>): void {
    const before = JSON.stringify(mount);
    Object.assign(mount, change);
    if (JSON.stringify(mount) !== before) this.#events.changed(mount);
  }
}

function placesOf(name: string, { points, options, namespace }: Connection): Partial<FuseMount> {
  return { alsoAt: points.filter((point) => point !== name), options, namespace };
}
