// What waits for the next batch besides spans. Bounded, since the disk may take nothing for long: of each kind the
// oldest go first.
import type { Gap, Second } from '../../shared/live.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import type { Batch } from './protocol.ts';
import type { RollupRow, StoredMount } from './types.ts';

const MAX = 20_000;
/** Each may be some 50 KB. */
const MAX_SNAPSHOTS = 200;

type Small = Pick<
  Batch,
  'mounts' | 'rollups' | 'seconds' | 'stalls' | 'snapshots' | 'gaps' | 'audit' | 'seqs' | 'settings'
>;

export class Pending {
  private mounts = new Map<number, StoredMount>();
  private rollups: RollupRow[] = [];
  private seconds: Second[] = [];
  private stalls = new Map<number, Stall>();
  private snapshots: [number, StallSnapshot][] = [];
  private gaps: Gap[] = [];
  private audits = new Map<number, Audit>();
  private seqs = new Map<string, number>();
  private settings = new Map<string, string>();

  mount(mount: StoredMount): void {
    this.mounts.set(mount.id, mount);
    shortenMap(this.mounts);
  }

  addRollups(rows: readonly RollupRow[]): void {
    for (const row of rows) this.rollups.push(row);
    shorten(this.rollups);
  }

  second(second: Second): void {
    this.seconds.push(second);
    shorten(this.seconds);
  }

  stall(stall: Stall): void {
    this.stalls.set(stall.id, stall);
    shortenMap(this.stalls);
  }

  audit(audit: Audit): void {
    this.audits.set(audit.id, audit);
    shortenMap(this.audits);
  }

  snapshot(groupId: number, snapshot: StallSnapshot): void {
    this.snapshots.push([groupId, snapshot]);
    if (this.snapshots.length > MAX_SNAPSHOTS) this.snapshots.shift();
  }

  gap(gap: Gap): void {
    this.gaps.push(gap);
    shorten(this.gaps);
  }

  seq(instance: string, seq: number): void {
    this.seqs.set(instance, seq);
    shortenMap(this.seqs);
  }

  setting(name: string, json: string): void {
    this.settings.set(name, json);
  }

  get isEmpty(): boolean {
    const maps = [this.mounts, this.stalls, this.audits, this.seqs, this.settings];
    const lists = [this.rollups, this.seconds, this.gaps, this.snapshots];
    return maps.every((map) => map.size === 0) && lists.every((list) => list.length === 0);
  }

  /** Everything since the last call. */
  take(): Small {
    const { rollups, seconds, gaps, snapshots } = this;
    const small: Small = {
      rollups,
      seconds,
      gaps,
      snapshots,
      mounts: [...this.mounts.values()],
      stalls: [...this.stalls.values()],
      audit: [...this.audits.values()],
      seqs: [...this.seqs],
      settings: [...this.settings],
    };
    this.rollups = [];
    this.seconds = [];
    this.gaps = [];
    this.snapshots = [];
    for (const map of [this.mounts, this.stalls, this.audits, this.seqs, this.settings]) map.clear();
    return small;
  }
}

function shorten(list: unknown[]): void {
  if (list.length > MAX) list.splice(0, list.length - MAX);
}

function shortenMap<K>(map: Map<K, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MAX && oldest !== undefined) map.delete(oldest);
}
