// Which mounts the kernel tap listens to: what --attach said at the start, and what users have attached and detached
// since, which is remembered. The collector is told all of it at every change.
import type { Store } from '../store/types.ts';

const SETTING = 'attach';

/** What --attach may say: everything, nothing, or these mount points. */
export type AttachOption = 'all' | 'none' | readonly string[];

/** As the collector reads it (fuse/kernel/policy.ts). */
export interface Policy {
  all: boolean;
  attached: string[];
  detached: string[];
}

export class AttachPolicy {
  readonly #store: Store;
  readonly #all: boolean;
  /** Named at the start, not remembered. */
  readonly #named: readonly string[];
  readonly #attached: Set<string>;
  readonly #detached: Set<string>;

  constructor(store: Store, option: AttachOption) {
    this.#store = store;
    this.#all = option === 'all';
    this.#named = typeof option === 'string' ? [] : option;
    const kept = JSON.parse(store.settings.get(SETTING) ?? '{}') as Partial<Policy>;
    // Whoever starts with --attach none, or names what to attach, means exactly that.
    this.#attached = new Set(this.#all ? kept.attached : []);
    this.#detached = new Set((kept.detached ?? []).filter((mount) => !this.#named.includes(mount)));
  }

  get current(): Policy {
    const attached = [...this.#named, ...this.#attached].filter((mount) => !this.#detached.has(mount));
    return { all: this.#all, attached: [...new Set(attached)], detached: [...this.#detached] };
  }

  /** @param places all mount points of the mount, the one it is called by first. */
  attach(places: readonly string[]): void {
    for (const place of places) this.#detached.delete(place);
    this.#attached.add(places[0] ?? '');
    this.#keep();
  }

  detach(places: readonly string[]): void {
    for (const place of places) this.#attached.delete(place);
    for (const place of places) if (this.#named.includes(place)) this.#detached.add(place);
    this.#detached.add(places[0] ?? '');
    this.#keep();
  }

  #keep(): void {
    const { attached, detached } = this.current;
    this.#store.putSetting(SETTING, JSON.stringify({ attached, detached }));
  }
}
