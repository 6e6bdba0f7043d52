// Keeps the database within its size and age. Works in steps of a few milliseconds between two batches, so that
// writing never waits for it. What was stored first goes first (an old log that was imported today is young);
// open spans and open stalls stay. Used pages count, not the file's length: freed pages are used again.
import type { Database, Statement } from 'better-sqlite3';
import type { DictionaryName } from './layout.ts';

const ROWS_A_STEP = 4_000;
/** Rows of latency by the second: a twentieth of the size, and never more than these. Minutes and hours stay as long as spans. */
const MAX_FINE_ROLLUPS = 300_000;
const MIN_FINE_ROLLUPS = 10_000;
const FINE_ROLLUP_BYTES = 150;
/** Freed pages beyond this share of the file are given back, this many at a time. */
const SPARE_SHARE = 0.05;
const SPARE_PAGES = 2_000;
const VACUUM_PAGES = 100;
/** The small tables are looked at so often. */
const AGED_EVERY_S = 60;
/** Lines of the audit: by number, not by age. */
const AUDIT_KEPT = 10_000;
const SOURCES_KEPT_S = 86_400;

interface EpochRow {
  opened_s: number;
  span_id: number;
  path_id: number;
  comm_id: number;
  argument_id: number;
  instance_id: number;
}

interface DictionaryInfo {
  table: DictionaryName;
  epochColumn: keyof EpochRow;
  spanColumns: readonly string[];
}

const TABLES: readonly DictionaryInfo[] = [
  { table: 'paths', epochColumn: 'path_id', spanColumns: ['path_id', 'new_path_id'] },
  { table: 'comms', epochColumn: 'comm_id', spanColumns: ['comm_id'] },
  { table: 'arguments', epochColumn: 'argument_id', spanColumns: ['argument_id'] },
  { table: 'instances', epochColumn: 'instance_id', spanColumns: ['instance_id'] },
];

export interface RetentionLimits {
  maxBytes: number;
  maxAgeS: number;
}

export class Retention {
  private readonly db: Database;
  private readonly limits: RetentionLimits;
  private readonly deleteSpans: Statement<[number, number]>;
  private readonly firstId: Statement<[], number | null>;
  private readonly lastId: Statement<[], number | null>;
  private readonly keepNextId: Statement<[number]>;
  private shrinking = false;
  private agedAtS = 0;

  constructor(db: Database, limits: RetentionLimits) {
    this.db = db;
    this.limits = limits;
    this.lastId = db.prepare('SELECT max(id) FROM spans').pluck() as Statement<[], number | null>;
    this.keepNextId = db.prepare("REPLACE INTO meta VALUES ('next_span_id', ?)");
    this.deleteSpans = db.prepare(
      `DELETE FROM spans WHERE id IN
         (SELECT id FROM spans WHERE id < ? AND state <> 0 ORDER BY id LIMIT ?)`,
    );
    this.firstId = db.prepare('SELECT min(id) FROM spans WHERE state <> 0').pluck() as Statement<
      [],
      number | null
    >;
  }

  /** Bytes of the pages in use. */
  sizeBytes(): number {
    return (this.pages() - this.freePages()) * this.pageSize();
  }

  /** One step. Answers how many spans went, and whether there is more to do at once. */
  step(nowS: number): { deleted: number; more: boolean } {
    const before = this.limitId(nowS);
    let deleted = 0;
    if (before > 0) {
      // What was given before is never given again, also when nothing is left.
      const last = this.lastId.get() ?? null;
      if (last !== null) this.keepNextId.run(last + 1);
      deleted = this.deleteSpans.run(before, ROWS_A_STEP).changes;
    }
    if (deleted === ROWS_A_STEP) return { deleted, more: true };
    if (this.collectStrings() || this.vacuum()) return { deleted, more: true };
    if (Math.abs(nowS - this.agedAtS) >= AGED_EVERY_S) {
      if (this.deleteAged(nowS)) return { deleted, more: true };
      this.agedAtS = nowS;
    }
    return { deleted, more: false };
  }

  /** Spans below this id are to go; 0 for none. */
  private limitId(nowS: number): number {
    const size = this.sizeBytes();
    const reserve = Math.max(this.limits.maxBytes * 0.01, ROWS_A_STEP * 100);
    if (size > this.limits.maxBytes) this.shrinking = true;
    else if (size < this.limits.maxBytes - reserve) this.shrinking = false;
    if (this.shrinking) return Number.MAX_SAFE_INTEGER;
    const epoch = this.db
      .prepare('SELECT max(span_id) FROM epochs WHERE opened_s <= ?')
      .pluck()
      .get(nowS - this.limits.maxAgeS) as number | null;
    return epoch ?? 0;
  }

  /** Deletes strings of epochs of which no span is left, but those that spans still open refer to. */
  private collectStrings(): boolean {
    const first = this.firstId.get() ?? null;
    const epoch = this.db
      .prepare(
        first === null
          ? 'SELECT * FROM epochs ORDER BY rowid DESC LIMIT 1'
          : 'SELECT * FROM epochs WHERE span_id <= ? ORDER BY rowid DESC LIMIT 1',
      )
      .get(...(first === null ? [] : [first])) as EpochRow | undefined;
    if (!epoch) return false;
    for (const { table, epochColumn, spanColumns } of TABLES) {
      const used = spanColumns
        .map((column) => `SELECT ${column} FROM spans WHERE state = 0 AND ${column} IS NOT NULL`)
        .join(' UNION ');
      const { changes } = this.db
        .prepare(
          `DELETE FROM ${table} WHERE id IN
             (SELECT id FROM ${table} WHERE id < ? AND id NOT IN (${used}) ORDER BY id LIMIT ?)`,
        )
        .run(epoch[epochColumn], ROWS_A_STEP);
      if (changes === ROWS_A_STEP) return true;
    }
    this.db.prepare('DELETE FROM epochs WHERE span_id < ?').run(epoch.span_id);
    return false;
  }

  private vacuum(): boolean {
    const free = this.freePages();
    if (free < SPARE_PAGES || free < this.pages() * SPARE_SHARE) return false;
    this.db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    return true;
  }

  /** A step of the small tables, by age; true while there is more. Minutes and hours of latency stay as long as spans of that time do. */
  private deleteAged(nowS: number): boolean {
    const oldestS = nowS - this.limits.maxAgeS;
    const spans = this.db.prepare('SELECT min(start_ns) / 1000000000 FROM spans').pluck().get() as
      | number
      | null;
    const coarse = Math.min(oldestS, spans ?? oldestS);
    const share = (this.limits.maxBytes * 0.05) / FINE_ROLLUP_BYTES;
    const fine = Math.floor(Math.max(MIN_FINE_ROLLUPS, Math.min(MAX_FINE_ROLLUPS, share)));
    const oldestFine = this.db
      .prepare('SELECT at_s FROM rollups WHERE step_s = 1 ORDER BY at_s DESC LIMIT 1 OFFSET ?')
      .pluck()
      .get(fine) as number | undefined;
    const oldestUs = oldestS * 1e6;
    const fineS = Math.max(oldestFine ?? coarse, coarse);
    return [
      this.deleteOldest('rollups', 'at_s', 'step_s = 1', fineS, 300),
      this.deleteOldest('rollups', 'at_s', 'step_s = 60', coarse, 300 * 60),
      this.deleteOldest('rollups', 'at_s', 'step_s = 3600', coarse, 300 * 3_600),
      this.deleteOldest('seconds', 'at_s', 'true', oldestS, 5_000),
      this.deleteOldest('losses', 'to_us', 'true', oldestUs, 600e6),
      this.deleteOldest('stalls', 'closed_us', "state = 'closed'", oldestUs, 600e6),
      this.deleteOldest('audit', 'id', 'true', this.firstAudit(), ROWS_A_STEP),
      this.deleteOldest('snapshots', 'taken_us', 'true', oldestUs, 600e6),
      this.deleteOldest('sources', 'seen_s', 'true', nowS - SOURCES_KEPT_S, SOURCES_KEPT_S),
    ].some((deleted) => deleted);
  }

  private firstAudit(): number {
    const last = this.db.prepare('SELECT max(id) FROM audit').pluck().get() as number | null;
    return (last ?? 0) - AUDIT_KEPT;
  }

  /** Deletes what lies before `end`, but no more than a `width` of it. True where there was something. */
  private deleteOldest(table: string, column: string, which: string, end: number, width: number): boolean {
    const first = this.db.prepare(`SELECT min(${column}) FROM ${table} WHERE ${which}`).pluck().get() as
      | number
      | null;
    if (first === null || first >= end) return false;
    const upTo = Math.min(end, first + width);
    this.db.prepare(`DELETE FROM ${table} WHERE ${which} AND ${column} < ?`).run(upTo);
    return true;
  }

  private pages(): number {
    return this.db.pragma('page_count', { simple: true }) as number;
  }

  private freePages(): number {
    return this.db.pragma('freelist_count', { simple: true }) as number;
  }

  private pageSize(): number {
    return this.db.pragma('page_size', { simple: true }) as number;
  }
}
