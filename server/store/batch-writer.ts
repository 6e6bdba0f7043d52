// One open database on the writer's side: puts whole batches into it, a transaction each, and reads what a start needs.
import type { Database, Statement } from 'better-sqlite3';
import { readStall, type Stall } from '../../shared/stall.ts';
import type { Audit } from '../../shared/ways.ts';
import { SPAN_COLUMNS, type SpanRow, spanOf, storedMounts } from './decode.ts';
import { SpanInserter } from './insert.ts';
import { DICTIONARIES, type DictionaryName, type Epoch } from './layout.ts';
import type { Batch, Found, StoreFacts } from './protocol.ts';
import { Retention, type RetentionLimits } from './retention.ts';
import { RollupWriter } from './rollup-writer.ts';
import type { StoredMount } from './types.ts';

export class BatchWriter {
  readonly db: Database;
  readonly retention: Retention;
  private readonly spans: SpanInserter;
  private readonly rollups: RollupWriter;
  private readonly strings: Record<DictionaryName, Statement>;
  private readonly statements;
  private readonly oldest: Statement<[], number | null>;
  private spanCount: number;

  constructor(db: Database, limits: RetentionLimits) {
    this.db = db;
    this.retention = new Retention(db, limits);
    this.spans = new SpanInserter(db);
    this.rollups = new RollupWriter(db);
    const string = (name: DictionaryName) => db.prepare(`INSERT OR IGNORE INTO ${name} VALUES (?, ?)`);
    this.strings = {
      paths: string('paths'),
      comms: string('comms'),
      arguments: string('arguments'),
      instances: string('instances'),
    };
    this.statements = {
      epoch: db.prepare('INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?)'),
      mount: db.prepare('REPLACE INTO mounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
      second: db.prepare('REPLACE INTO seconds VALUES (?, ?, ?, ?, ?)'),
      stall: db.prepare('REPLACE INTO stalls VALUES (?, ?, ?, ?, ?, ?, ?)'),
      snapshot: db.prepare('INSERT INTO snapshots (group_id, taken_us, json) VALUES (?, ?, ?)'),
      loss: db.prepare('INSERT INTO losses (mount_id, cause, count, from_us, to_us) VALUES (?, ?, ?, ?, ?)'),
      audit: db.prepare('REPLACE INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
      source: db.prepare('REPLACE INTO sources VALUES (?, ?, ?)'),
      setting: db.prepare('REPLACE INTO settings VALUES (?, ?)'),
      count: db.prepare("REPLACE INTO meta VALUES ('spans', ?)"),
      batch: db.prepare("REPLACE INTO meta VALUES ('batch', ?)"),
    };
    this.oldest = db.prepare('SELECT min(start_ns) / 1000 FROM spans').pluck() as Statement<
      [],
      number | null
    >;
    this.spanCount =
      (db.prepare("SELECT value FROM meta WHERE key = 'spans'").pluck().get() as number | undefined) ?? 0;
  }

  /** Everything of the batches, or nothing. @throws SqliteError */
  write(batches: readonly Batch[], nowS: number): void {
    let inserted = 0;
    this.transaction(() => {
      for (const batch of batches) {
        this.put(batch, nowS);
        inserted += batch.inserted;
      }
      if (inserted > 0) this.statements.count.run(this.spanCount + inserted);
      this.statements.batch.run(batches.at(-1)?.number ?? 0);
    });
    this.spanCount += inserted;
  }

  /** Batches are numbered anew by each server. */
  forgetBatches(): void {
    this.db.prepare("DELETE FROM meta WHERE key = 'batch'").run();
  }

  /** Puts back every name into a file that was begun anew. */
  putStrings(strings: Record<DictionaryName, [number, string][]>, mounts: readonly StoredMount[]): void {
    this.transaction(() => {
      for (const name of DICTIONARIES) for (const row of strings[name]) this.strings[name].run(...row);
      for (const mount of mounts) this.putMount(mount);
    });
  }

  /** A step of retention; true while there is more to do at once. */
  tidy(nowS: number): boolean {
    let more = false;
    let deleted = 0;
    this.transaction(() => {
      const step = this.retention.step(nowS);
      more = step.more;
      deleted = step.deleted;
      if (deleted > 0) this.statements.count.run(Math.max(0, this.spanCount - deleted));
    });
    this.spanCount = Math.max(0, this.spanCount - deleted);
    return more;
  }

  facts(): StoreFacts {
    return {
      sizeBytes: this.retention.sizeBytes(),
      spans: this.spanCount,
      oldestUs: this.oldest.get() ?? null,
    };
  }

  /** What the server needs to go on where the last one ended. */
  found(setAside: string | null): Found {
    const { db } = this;
    const number = (sql: string) => (db.prepare(sql).pluck().get() as number | null) ?? 0;
    const next = (table: string, column: string) =>
      Math.max(number(`SELECT max(id) FROM ${table}`), number(`SELECT max(${column}) - 1 FROM epochs`)) + 1;
    const open = db
      .prepare(
        `SELECT ${SPAN_COLUMNS.select}, i.instance FROM spans s ${SPAN_COLUMNS.joins}
         LEFT JOIN instances i ON i.id = s.instance_id WHERE s.state = 0 ORDER BY s.id`,
      )
      .raw()
      .all() as [...SpanRow, string | null][];
    return {
      nextSpanId: Math.max(
        number('SELECT max(id) FROM spans') + 1,
        number("SELECT value FROM meta WHERE key = 'next_span_id'"),
        1,
      ),
      nextStallId: number('SELECT max(id) FROM stalls') + 1,
      mounts: storedMounts(db),
      nextAuditId: number('SELECT max(id) FROM audit') + 1,
      restored: open.map((row) => ({
        span: spanOf(row as unknown as SpanRow),
        instance: (row.at(-1) as string | null) ?? null,
      })),
      restoredStalls: (
        db.prepare("SELECT stall FROM stalls WHERE state = 'open' ORDER BY id").pluck().all() as string[]
      ).map((json) => readStall(json)),
      seqs: db.prepare('SELECT instance, seq FROM sources').raw().all() as [string, number][],
      settings: db.prepare('SELECT name, json FROM settings').raw().all() as [string, string][],
      setAside,
      firstIds: {
        paths: next('paths', 'path_id'),
        comms: next('comms', 'comm_id'),
        arguments: next('arguments', 'argument_id'),
        instances: next('instances', 'instance_id'),
      },
      facts: this.facts(),
      lastBatch: number("SELECT value FROM meta WHERE key = 'batch'"),
    };
  }

  private put(batch: Batch, nowS: number): void {
    if (batch.epoch) this.putEpoch(batch.epoch);
    for (const mount of batch.mounts) this.putMount(mount);
    for (const name of DICTIONARIES) {
      const { firstId, strings } = batch.strings[name];
      for (const [i, text] of strings.entries()) this.strings[name].run(firstId + i, text);
    }
    for (const chunk of batch.chunks) this.spans.insert(chunk);
    this.rollups.put(batch.rollups);
    for (const s of batch.seconds) this.statements.second.run(s.atS, s.ops, s.errors, s.lost, s.stalls);
    for (const stall of batch.stalls) this.putStall(stall);
    for (const audit of batch.audit) this.putAudit(audit);
    for (const [groupId, snapshot] of batch.snapshots)
      this.statements.snapshot.run(groupId, Math.round(snapshot.takenUs), JSON.stringify(snapshot));
    for (const gap of batch.gaps) {
      const [fromUs, toUs] = [Math.floor(gap.fromUs), Math.ceil(gap.toUs)];
      this.statements.loss.run(gap.mountId, gap.cause, gap.count, fromUs, toUs);
    }
    for (const setting of batch.settings) this.statements.setting.run(...setting);
    for (const [instance, seq] of batch.seqs) this.statements.source.run(instance, seq, nowS);
  }

  private putEpoch(epoch: Epoch): void {
    const { paths, comms, arguments: args, instances } = epoch.firstIds;
    this.statements.epoch.run(epoch.openedS, epoch.spanId, paths, comms, args, instances);
  }

  private putMount(mount: StoredMount): void {
    const { id, host, kind, fsType, source, connection } = mount;
    const seen = [Math.floor(mount.firstSeenUs), Math.floor(mount.lastSeenUs)];
    const goneUs = mount.goneUs === null ? null : Math.floor(mount.goneUs);
    this.statements.mount.run(id, host, mount.mount, kind, fsType, source, connection, ...seen, goneUs);
  }

  private putAudit(audit: Audit): void {
    const { id, atUs, action, mountId, mount, connection, target, uid, via, address, outcome, text } = audit;
    const what = [action, mountId, mount, connection, target];
    this.statements.audit.run(id, Math.round(atUs), ...what, uid, via, address, outcome, text);
  }

  private putStall(stall: Stall): void {
    const closedUs = stall.closedUs === null ? null : Math.round(stall.closedUs);
    const { id, state, span } = stall;
    const raisedUs = Math.round(stall.raisedUs);
    this.statements.stall.run(id, state, span.id, span.mountId, raisedUs, closedUs, JSON.stringify(stall));
  }

  private transaction(work: () => void): void {
    this.db.transaction(work).immediate();
  }
}
