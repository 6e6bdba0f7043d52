// The rows of a stretch of time: what began in it, slice by slice, and what reaches into it from before. For that a
// short look back is enough but for the slow, which have an index of their own, and the open, which have too.
import type { Database } from 'better-sqlite3';
import { toNs } from '../times.ts';
import type { FilterSql } from './filter-sql.ts';
import { SLOW_NS } from './schema.ts';
import { sliceParams, sliceSql, turn, Walker } from './walk.ts';

/** Slow and open operations that reach in from before, at most: the latest to begin. */
const MAX_REACHING = 5_000;
/** Slow ones that are looked at for that. */
const MAX_LOOKED_AT = 50_000;

export interface RowsAsk<Row> {
  /** Columns of `spans s`; its one parameter is the left edge, ns. */
  select: string;
  fromUs: number;
  toUs: number;
  where: FilterSql;
  maxMs: number;
  maxRows: number;
  take: (row: Row) => void;
}

export class TimelineRows {
  private readonly db: Database;
  private readonly walker: Walker;

  constructor(db: Database) {
    this.db = db;
    this.walker = new Walker(db);
  }

  /** @returns µs up to which (not included) everything that began was read */
  async read<Row>(ask: RowsAsk<Row>): Promise<number> {
    const { select, fromUs, toUs, where, take } = ask;
    const fromNs = toNs(fromUs);
    const until = performance.now() + ask.maxMs;
    for (const { sql, params } of reaching(select, where.sql, fromNs)) {
      const rows = this.db
        .prepare(sql)
        .raw()
        .all(...params, ...where.params) as Row[];
      for (const row of rows) take(row);
    }
    const statement = this.db
      .prepare(`SELECT ${select} FROM spans s WHERE ${sliceSql('asc')} AND ${where.sql}`)
      .raw();
    // The right edge belongs to what comes after it.
    const from = { startNs: fromNs, id: -1 };
    const to = { startNs: toNs(toUs), id: -1 };
    let left = ask.maxRows;
    for (const slice of this.walker.slices(from, to, 'asc')) {
      const rows = statement.all(fromNs, ...sliceParams(slice), ...where.params) as Row[];
      for (const row of rows) take(row);
      left -= rows.length;
      if (slice.last) break;
      if (left <= 0 || performance.now() > until) {
        // What began in the same moment as the last may be cut apart: that is less than is drawn.
        return Number(slice.to.startNs / 1_000n) + Number(slice.to.startNs % 1_000n) / 1e3;
      }
      await turn();
    }
    return toUs;
  }
}

/** Questions for what began before the edge and reaches over it. */
function reaching(select: string, where: string, edgeNs: bigint): { sql: string; params: bigint[] }[] {
  return [
    {
      sql: `SELECT ${select} FROM (SELECT * FROM spans INDEXED BY spans_slow WHERE duration_ns >= ${SLOW_NS}
        AND start_ns < ? ORDER BY start_ns DESC LIMIT ${MAX_LOOKED_AT}) s
        WHERE s.start_ns + s.duration_ns > ? AND ${where} LIMIT ${MAX_REACHING}`,
      params: [edgeNs, edgeNs, edgeNs],
    },
    {
      sql: `SELECT ${select} FROM spans s WHERE s.start_ns >= ? AND s.start_ns < ? AND s.duration_ns < ${SLOW_NS}
        AND s.start_ns + s.duration_ns > ? AND ${where} LIMIT ${MAX_REACHING}`,
      params: [edgeNs, edgeNs - BigInt(SLOW_NS), edgeNs, edgeNs],
    },
    {
      sql: `SELECT ${select} FROM spans s INDEXED BY spans_open WHERE s.state = 0 AND s.start_ns < ? AND ${where}
        ORDER BY s.id LIMIT ${MAX_REACHING}`,
      params: [edgeNs, edgeNs],
    },
  ];
}
