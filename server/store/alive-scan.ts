// Every span of a filter that was in flight at some time of a range, in order of start, a slice at a time. What comes
// after it has begun is not in it.
import type { Database } from 'better-sqlite3';
import type { Filter } from '../../shared/filter/ast.ts';
import type { Span } from '../../shared/span.ts';
import { earliestAlive } from './earliest.ts';
import type { FilterCompiler } from './filter-sql.ts';
import type { Range } from './range.ts';
import { NUMBERED_COLUMNS, RowNames } from './row-names.ts';
import { HIGHEST, LOWEST, sliceParams, sliceSql, turn, Walker } from './walk.ts';

/** Spans of a chunk: few enough to be gone when young objects are collected next. */
const CHUNK = 1_000;

export class AliveScan {
  private readonly db: Database;
  private readonly filters: FilterCompiler;
  private readonly clock: () => number;

  constructor(db: Database, filters: FilterCompiler, clock: () => number) {
    this.db = db;
    this.filters = filters;
    this.clock = clock;
  }

  /** The range with its open ends filled in by what is stored. */
  bounds({ fromUs, toUs }: Range): { fromUs: number; toUs: number } {
    const end = toUs ?? this.clock();
    const oldest = this.db.prepare('SELECT min(start_ns) / 1000 FROM spans').pluck().get() as number | null;
    return { fromUs: Math.max(fromUs ?? 0, Math.min(oldest ?? end, end)), toUs: end };
  }

  async *chunks(filter: Filter, { fromUs, toUs }: Range): AsyncGenerator<Span[]> {
    const where = this.filters.compile(filter, this.clock());
    const lastId = (this.db.prepare('SELECT max(id) FROM spans').pluck().get() as number | null) ?? 0;
    const alive =
      fromUs === null
        ? '1'
        : `(s.state = 0 OR s.start_ns + ifnull(s.duration_ns, 0) >= ${Math.floor(fromUs)} * 1000)`;
    const statement = this.db
      .prepare(
        `SELECT ${NUMBERED_COLUMNS} FROM spans s
         WHERE ${sliceSql('asc')} AND s.id <= ${lastId} AND ${alive} AND ${where.sql}
         ORDER BY s.start_ns, s.id`,
      )
      .raw();
    const names = new RowNames(this.db);
    const from = fromUs === null ? LOWEST : { startNs: earliestAlive(this.db, fromUs), id: -1 };
    const to =
      toUs === null ? HIGHEST : { startNs: BigInt(Math.ceil(toUs)) * 1_000n, id: Number.MAX_SAFE_INTEGER };
    for (const slice of new Walker(this.db).slices(from, to, 'asc', CHUNK)) {
      const rows = statement.all(...sliceParams(slice), ...where.params) as unknown[][];
      if (rows.length > 0) yield rows.map((row) => names.span(row));
      await turn();
    }
  }
}
