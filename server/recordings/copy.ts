// Copies spans, and what belongs to them, from an open database into the file of a recording: a filter and range at
// once, or what comes in as it comes. SQLite does it from file to file; no span passes through JavaScript. Runs in the
// reader thread, in slices, so that questions are answered in between.
import type { Database } from 'better-sqlite3';
import { parseFilter } from '../filters.ts';
import type { FilterCompiler, FilterSql } from '../store/filter-sql.ts';
import { HIGHEST, LOWEST, sliceParams, sliceSql, turn, Walker } from '../store/walk.ts';

export interface CopyRange {
  filter: string;
  fromUs: number | null;
  toUs: number | null;
}

/** How far a copy is. */
export interface CopyFacts {
  spans: number;
  sizeBytes: number;
  done: boolean;
}

const DICTIONARIES = [
  { table: 'paths', columns: ['path_id', 'new_path_id'] },
  { table: 'comms', columns: ['comm_id'] },
  { table: 'arguments', columns: ['argument_id'] },
] as const;
/** Ids of one step while following. */
const IDS_A_STEP = 20_000;

let attached = 0;

export class Copy {
  private readonly db: Database;
  private readonly filters: FilterCompiler;
  private readonly clock: () => number;
  private readonly as: string;
  private spans = 0;

  /** `db` may write the target, which is attached to it; its own tables are only read. */
  constructor(db: Database, filters: FilterCompiler, clock: () => number, target: string) {
    this.db = db;
    this.filters = filters;
    this.clock = clock;
    this.as = `recording${++attached}`;
    db.prepare(`ATTACH ? AS ${this.as}`).run(target);
    db.pragma(`${this.as}.synchronous = NORMAL`);
  }

  close(): void {
    this.db.exec(`DETACH ${this.as}`);
  }

  /** Everything of a filter that was in flight at some time of a range; yields after each slice. */
  async *range({ filter, fromUs, toUs }: CopyRange, earliestNs: bigint | null): AsyncGenerator<CopyFacts> {
    const where = this.filters.compileAll(parseFilter(filter), this.clock());
    const fromNs = fromUs === null ? null : BigInt(Math.floor(fromUs)) * 1_000n;
    // Ends are compared where there is a start to the range: what is open has none.
    const alive =
      fromNs === null ? '1' : `(s.state = 0 OR s.start_ns + ifnull(s.duration_ns, 0) >= ${fromNs})`;
    const copy = this.db.prepare(
      `REPLACE INTO ${this.as}.spans SELECT s.* FROM main.spans s WHERE ${sliceSql('asc')} AND ${alive} AND ${where.sql}`,
    );
    const strings = this.strings(sliceSql('asc'));
    const from = earliestNs === null ? LOWEST : { startNs: earliestNs, id: -1 };
    const to =
      toUs === null ? HIGHEST : { startNs: BigInt(Math.ceil(toUs)) * 1_000n, id: Number.MAX_SAFE_INTEGER };
    for (const slice of new Walker(this.db).slices(from, to, 'asc')) {
      const params = sliceParams(slice);
      this.transaction(() => {
        this.spans += copy.run(...params, ...where.params).changes;
        strings(params);
      });
      if (!slice.last) yield this.facts(false);
      await turn();
    }
    const upTo = toUs ?? Number.MAX_SAFE_INTEGER;
    this.transaction(() => {
      this.mounts();
      this.stalls('1');
      this.losses('to_us >= ? AND from_us <= ?', [Math.floor(fromUs ?? 0), Math.ceil(upTo)]);
    });
    yield this.facts(true);
  }

  /** What is open now, and then, at each step, what has come since the one before. Never ends by itself. */
  async *follow(filter: string): AsyncGenerator<CopyFacts> {
    const parsed = parseFilter(filter);
    const byIds = 's.id > ? AND s.id <= ?';
    let { lastId, lastLoss } = this.db
      .prepare(
        'SELECT ifnull((SELECT max(id) FROM main.spans), 0) lastId, ifnull((SELECT max(id) FROM main.losses), 0) lastLoss',
      )
      .get() as { lastId: number; lastLoss: number };
    let sinceUs = this.clock();
    /** Open ones that the filter does not take yet: it may when they have ended. */
    const undecided = new Set<number>();
    const first = this.filters.compileAll(parsed, this.clock());
    this.transaction(() => {
      this.takeOpen(first, 's.state = 0', [], undecided);
      this.mounts();
      this.stalls('1');
    });
    for (;;) {
      yield this.facts(false);
      const where = this.filters.compileAll(parsed, this.clock());
      const nowUs = this.clock();
      const newest = this.db.prepare('SELECT max(id) FROM main.spans').pluck().get() as number | null;
      this.transaction(() => this.ended(where, undecided));
      for (; newest !== null && lastId < newest; await turn()) {
        const params = [lastId, Math.min(newest, lastId + IDS_A_STEP)];
        this.transaction(() => {
          this.spans += this.db
            .prepare(
              `REPLACE INTO ${this.as}.spans SELECT s.* FROM main.spans s WHERE ${byIds} AND s.state <> 0 AND ${where.sql}`,
            )
            .run(...params, ...where.params).changes;
          this.takeOpen(where, `${byIds} AND s.state = 0`, params, undecided);
          this.strings(byIds)(params);
        });
        lastId = params[1] ?? lastId;
      }
      this.transaction(() => {
        this.mounts();
        // Those that ended after the step before was begun; one that is told twice is only replaced.
        this.stalls(`t.state = 'open' OR t.closed_us >= ${Math.floor(sinceUs)} - 2000000`);
        this.losses('id > ?', [lastLoss]);
      });
      lastLoss = this.db.prepare('SELECT ifnull(max(id), 0) FROM main.losses').pluck().get() as number;
      sinceUs = nowUs;
    }
  }

  /** Open ones of a condition: those that the filter takes are copied, the others remembered. */
  private takeOpen(where: FilterSql, condition: string, params: number[], undecided: Set<number>): void {
    const ids = this.db
      .prepare(`SELECT s.id FROM main.spans s WHERE ${condition}`)
      .pluck()
      .all(...params) as number[];
    const one = this.one(where);
    for (const id of ids) if (!one(id)) undecided.add(id);
  }

  /** Brings those that have ended since up to date. */
  private ended(where: FilterSql, undecided: Set<number>): void {
    const open = this.db.prepare(`SELECT id FROM ${this.as}.spans WHERE state = 0`).pluck().all() as number[];
    const isOpen = this.db.prepare('SELECT state = 0 FROM main.spans WHERE id = ?').pluck();
    const taken = this.one({ sql: 's.state <> 0', params: [] });
    for (const id of open) taken(id, false);
    const late = this.one(where);
    for (const id of undecided) {
      if (isOpen.get(id) === 1) continue;
      late(id);
      undecided.delete(id);
    }
  }

  /** A function that copies one span with its names, where a condition holds; true where it did. */
  private one(where: FilterSql): (id: number, isNew?: boolean) => boolean {
    const copy = this.db.prepare(
      `REPLACE INTO ${this.as}.spans SELECT s.* FROM main.spans s WHERE s.id = ? AND ${where.sql}`,
    );
    const strings = this.strings('s.id = ?');
    return (id, isNew = true) => {
      if (copy.run(id, ...where.params).changes === 0) return false;
      strings([id]);
      if (isNew) this.spans++;
      return true;
    };
  }

  /** Copies the names that copied spans of a condition refer to. */
  private strings(condition: string): (params: readonly (number | bigint)[]) => void {
    const statements = DICTIONARIES.flatMap(({ table, columns }) =>
      columns.map((column) =>
        this.db.prepare(
          `INSERT OR IGNORE INTO ${this.as}.${table} SELECT * FROM main.${table} WHERE id IN
             (SELECT ${column} FROM ${this.as}.spans s WHERE ${condition} AND ${column} IS NOT NULL)`,
        ),
      ),
    );
    return (params) => {
      for (const statement of statements) statement.run(...params);
    };
  }

  private mounts(): void {
    this.db.exec(`REPLACE INTO ${this.as}.mounts SELECT * FROM main.mounts`);
  }

  private stalls(condition: string): void {
    this.db.exec(
      `REPLACE INTO ${this.as}.stalls SELECT t.* FROM main.stalls t
       WHERE (${condition}) AND EXISTS (SELECT 1 FROM ${this.as}.spans s WHERE s.id = t.span_id)`,
    );
  }

  private losses(condition: string, params: readonly number[]): void {
    this.db
      .prepare(`REPLACE INTO ${this.as}.losses SELECT * FROM main.losses WHERE ${condition}`)
      .run(...params);
  }

  private facts(done: boolean): CopyFacts {
    const pages = this.db.pragma(`${this.as}.page_count`, { simple: true }) as number;
    const size = this.db.pragma(`${this.as}.page_size`, { simple: true }) as number;
    return { spans: this.spans, sizeBytes: pages * size, done };
  }

  private transaction(work: () => void): void {
    this.db.transaction(work)();
  }
}
