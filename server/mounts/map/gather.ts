// Gathers what the map of mounts is made of. /proc files of daemons are read in a process that can be killed
// (fuse/ways), at most once in a few seconds however many ask; our own mount table and the stalls are read each time.
import type { MountMap } from '../../../shared/mount-map.ts';
import { type MountEntry, parseMountinfo } from '../../../shared/mountinfo.ts';
import type { Trace } from '../../trace.ts';
import type { WayRunner } from '../../ways/runner.ts';
import { readMountTable } from '../mount-table.ts';
import type { DaemonFacts, MapMount } from './facts.ts';
import { mountMap } from './map.ts';

const KEPT_MS = 8_000;
const DAEMONS_MAX = 200;

const DENIED = 'that is for root to see; FuseScope as root shows it';
const HUNG = 'reading it did not return, as where a program is being started from a mount that hangs';
const TOO_MANY = `more than ${DAEMONS_MAX} daemons are not looked at`;

interface Footings {
  daemons: DaemonFacts[];
  unseen: Map<number, string>;
}

export interface MapSources {
  trace: Trace;
  runner: Pick<WayRunner, 'footings'>;
  host: string;
  nowUs: () => number;
}

export class MountMapper {
  readonly #sources: MapSources;
  #kept: { key: string; untilMs: number; found: Promise<Footings> } | null = null;

  constructor(sources: MapSources) {
    this.#sources = sources;
  }

  async map(): Promise<MountMap> {
    const { trace, host, nowUs } = this.#sources;
    const mounts = trace.mountViews().filter((one) => one.host === host && trace.mounts.get(one.id)?.present);
    const daemons = [...new Set(mounts.flatMap(({ daemon }) => daemon?.pid ?? []))].sort((a, b) => a - b);
    const footings = await this.#footings(daemons);
    return mountMap({
      takenUs: nowUs(),
      mounts,
      shownAs: this.#shownAs(mounts),
      entries: readMountTable('self'),
      ...footings,
      stalls: trace.stalls.open(),
    });
  }

  /** A mirror stands in lists for what the kernel tells of it. */
  #shownAs(mounts: readonly MapMount[]): Map<number, number> {
    const { mounts: registry } = this.#sources.trace;
    const shown = new Set(mounts.map(({ id }) => id));
    const found = new Map<number, number>();
    for (const hidden of registry.all().filter(({ id }) => !shown.has(id))) {
      const mirror = registry.mirrorOf(hidden);
      if (mirror) found.set(hidden.id, mirror.id);
    }
    return found;
  }

  #footings(pids: readonly number[]): Promise<Footings> {
    const key = pids.join(' ');
    const now = performance.now();
    if (this.#kept?.key === key && this.#kept.untilMs > now) return this.#kept.found;
    const found = this.#look(pids);
    this.#kept = { key, untilMs: now + KEPT_MS, found };
    return found;
  }

  /** Never fails: what cannot be seen is said. */
  async #look(pids: readonly number[]): Promise<Footings> {
    const unseen = new Map(pids.slice(DAEMONS_MAX).map((pid) => [pid, TOO_MANY]));
    const asked = pids.slice(0, DAEMONS_MAX);
    if (asked.length === 0) return { daemons: [], unseen };
    const looked = await this.#sources.runner.footings(asked).catch(() => null);
    if (!looked) return { daemons: [], unseen: new Map(pids.map((pid) => [pid, HUNG])) };
    const tables = new Map<string, MountEntry[]>();
    for (const [namespace, text] of looked.found.tables) tables.set(namespace, parseMountinfo(text));
    const daemons: DaemonFacts[] = [];
    for (const { pid, namespace, files, named, peers } of looked.found.footings) {
      if (namespace === null) unseen.set(pid, DENIED);
      else daemons.push({ pid, files, named, peers, entries: tables.get(namespace) ?? [] });
    }
    for (const pid of looked.skipped) unseen.set(pid, HUNG);
    return { daemons, unseen };
  }
}
