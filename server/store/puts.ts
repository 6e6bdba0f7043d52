// What is put into the store, as it gathers on the main thread until the writer has room for it. What may wait is
// bounded; beyond that spans are given up and counted.
import type { Gap, Second } from '../../shared/live.ts';
import type { Retention } from '../../shared/settings.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import { Encoder } from './encoder.ts';
import type { Rows } from './layout.ts';
import { epochOf, LIMITS_SETTING, readLimits } from './limits.ts';
import { Pending } from './pending.ts';
import type { Batch, Found, ToWriter } from './protocol.ts';
import { Reads } from './reads.ts';
import type { RetentionLimits } from './retention.ts';
import type { RollupRow, StoredMount, StoreOptions } from './types.ts';

/** Spans that may wait, some 90 MB; updates of spans that are stored open may go a little further. */
const MAX_WAITING = 400_000;
const MAX_WAITING_UPDATES = 420_000;

export abstract class Puts extends Reads {
  private readonly encoder: Encoder;
  private readonly pending = new Pending();
  private readonly known: { mounts: Map<number, StoredMount>; settings: Map<string, string> };
  private readonly opened: RetentionLimits;
  private givenUp = 0;

  constructor(
    { maxBytes, maxAgeS, maxStrings }: StoreOptions,
    { firstIds, nextSpanId, mounts, settings }: Found,
  ) {
    super();
    this.known = {
      mounts: new Map(mounts.map((mount) => [mount.id, mount])),
      settings: new Map(settings),
    };
    this.opened = { maxBytes, maxAgeS };
    this.encoder = new Encoder({
      firstIds,
      nextSpanId,
      epochS: epochOf(this.limits),
      nowS: nowS(),
      ...(maxStrings && { maxStrings }),
    });
  }

  /** Rows that were taken from here and are not written yet. */
  protected abstract get rowsAtWriter(): number;

  get mounts(): readonly StoredMount[] {
    return [...this.known.mounts.values()];
  }

  get settings(): ReadonlyMap<string, string> {
    return this.known.settings;
  }

  putMount(mount: StoredMount): void {
    const copy = { ...mount };
    this.known.mounts.set(mount.id, copy);
    this.pending.mount(copy);
  }

  insert(span: Span, instance: string | null): void {
    if (this.queued >= MAX_WAITING) this.givenUp++;
    else this.encoder.add(span, instance, true);
  }

  update(span: Span): void {
    if (this.queued >= MAX_WAITING_UPDATES) this.givenUp++;
    else this.encoder.add(span, null, false);
  }

  putRollups(rows: readonly RollupRow[]): void {
    this.pending.addRollups(rows);
  }

  putSecond(second: Second): void {
    this.pending.second(second);
  }

  putStall(stall: Stall): void {
    this.pending.stall(structuredClone(stall));
  }

  putAudit(audit: Audit): void {
    this.pending.audit({ ...audit });
  }

  putSnapshot(groupId: number, snapshot: StallSnapshot): void {
    this.pending.snapshot(groupId, snapshot);
  }

  putGap(gap: Gap): void {
    this.pending.gap(gap);
  }

  putSetting(name: string, json: string): void {
    this.known.settings.set(name, json);
    this.pending.setting(name, json);
  }

  get retention(): Retention | null {
    return readLimits(this.known.settings.get(LIMITS_SETTING));
  }

  /** How much is kept now. */
  protected get limits(): RetentionLimits {
    const { maxBytes, maxAgeS } = this.retention ?? this.opened;
    return { maxBytes, maxAgeS };
  }

  protected putRetention(retention: Retention | null): void {
    this.putSetting(LIMITS_SETTING, JSON.stringify(retention));
    this.encoder.epochS = epochOf(this.limits);
  }

  noteSeq(instance: string, seq: number): void {
    this.pending.seq(instance, seq);
  }

  /** Spans that wait, here and at the writer. */
  protected get queued(): number {
    return this.rowsAtWriter + this.encoder.rows;
  }

  protected get hasSpans(): boolean {
    return this.encoder.rows > 0;
  }

  /** Everything since the last call as one batch; null where that is nothing. */
  protected take(number: number): Batch | null {
    const isEmpty = this.encoder.rows === 0 && this.pending.isEmpty;
    const batch = isEmpty ? null : { number, ...this.encoder.take(), ...this.pending.take() };
    this.encoder.renewEpoch(nowS());
    return batch;
  }

  /** How many spans were given up since the last call. */
  protected takeGivenUp(): number {
    const count = this.givenUp;
    this.givenUp = 0;
    return count;
  }

  /** Buffers that the writer is done with are filled again. */
  protected recycle(buffers: readonly Rows[]): void {
    this.encoder.recycle(buffers);
  }

  /** The file is another one now, in which nothing is known. @returns what it has to be told first. */
  protected tellAnew(): ToWriter {
    for (const [name, json] of this.known.settings) this.pending.setting(name, json);
    return { type: 'strings', strings: this.encoder.strings(), mounts: [...this.known.mounts.values()] };
  }
}

function nowS(): number {
  return Math.floor(Date.now() / 1_000);
}
