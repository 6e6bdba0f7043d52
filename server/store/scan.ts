// Looks at every finished span of a filter that ended in a range, one by one.
import type { Database } from 'better-sqlite3';
import type { Filter } from '../../shared/filter/ast.ts';
import { earliestEnded } from './earliest.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { tooMuch } from './query-spans.ts';
import type { Range } from './range.ts';
import { HIGHEST, LOWEST, sliceParams, sliceSql, turn, Walker } from './walk.ts';

const SCAN_MS = 10_000;

export class EndedScan {
  private readonly db: Database;
  private readonly filters: FilterCompiler;
  private readonly walker: Walker;
  private readonly clock: () => number;

  constructor(db: Database, filters: FilterCompiler, clock: () => number) {
    this.db = db;
    this.filters = filters;
    this.walker = new Walker(db);
    this.clock = clock;
  }

  /**
   * @param columns of the table `spans s`; `each` gets them in this order
   * @throws CodedError FUSESCOPE_BUSY where it takes more than 10 s
   */
  async each<Row>(columns: string, filter: Filter, range: Range, each: (row: Row) => void): Promise<void> {
    const where = this.filters.compile(filter, this.clock());
    const ended: string[] = [];
    if (range.fromUs !== null)
      ended.push(`AND s.start_ns + s.duration_ns >= ${Math.floor(range.fromUs)} * 1000`);
    if (range.toUs !== null) ended.push(`AND s.start_ns + s.duration_ns < ${Math.ceil(range.toUs)} * 1000`);
    const statement = this.db
      .prepare(
        `SELECT ${columns} FROM spans s
         WHERE ${sliceSql('desc')} AND s.state = 1 AND s.duration_ns IS NOT NULL ${ended.join(' ')} AND ${where.sql}`,
      )
      .raw();
    const from = range.toUs === null ? HIGHEST : { startNs: BigInt(Math.ceil(range.toUs)) * 1_000n, id: 0 };
    const to = range.fromUs === null ? LOWEST : { startNs: earliestEnded(this.db, range.fromUs), id: 0 };
    const until = performance.now() + SCAN_MS;
    for (const slice of this.walker.slices(from, to, 'desc')) {
      for (const row of statement.iterate(...sliceParams(slice), ...where.params)) each(row as Row);
      if (performance.now() > until) throw tooMuch();
      await turn();
    }
  }

  /** The range with its open ends filled in by what is stored. */
  wanted(range: Range): { fromUs: number; toUs: number } {
    const toUs = range.toUs ?? this.clock();
    const oldest = this.db.prepare('SELECT min(start_ns) / 1000 FROM spans').pluck().get() as number | null;
    return { fromUs: range.fromUs ?? Math.min(oldest ?? toUs, toUs), toUs };
  }
}
