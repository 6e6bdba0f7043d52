// Lists of spans, by start or by duration. Pages go on behind the last span of the one
// before, so that spans that arrive meanwhile neither repeat nor hide any. A page that has looked for too long ends
// early: it may hold few spans or none, and its cursor goes on from there.
import type { Database, Statement } from 'better-sqlite3';
import type { SpanList, SpansQuery } from '../../shared/api.ts';
import type { Span } from '../../shared/span.ts';
import { CodedError } from '../errors.ts';
import { parseFilter } from '../filters.ts';
import { toNs } from '../times.ts';
import { SPAN_COLUMNS, type SpanRow, spanOf } from './decode.ts';
import type { FilterCompiler, FilterSql } from './filter-sql.ts';
import { type Range, rangeOf } from './range.ts';
import { type Direction, HIGHEST, LOWEST, type Place, sliceParams, sliceSql, turn, Walker } from './walk.ts';

/** After this long a page by start ends with what it has, unless it is asked for sooner. */
const PAGE_MS = 1_500;
/** Who says how long a page may look wants what there is soon: once it has rows it looks for this part of the time. */
const ONCE_FOUND = 1 / 4;
/** After this long a list by duration, which must see the whole range, is refused. */
const WHOLE_MS = 10_000;

type ByDuration = [durationNs: number, id: number];

export class SpanQueries {
  private readonly db: Database;
  private readonly filters: FilterCompiler;
  private readonly walker: Walker;
  private readonly one: Statement<[number], SpanRow>;
  private readonly clock: () => number;

  constructor(db: Database, filters: FilterCompiler, clock: () => number) {
    this.db = db;
    this.filters = filters;
    this.walker = new Walker(db);
    this.clock = clock;
    this.one = db
      .prepare(`SELECT ${SPAN_COLUMNS.select} FROM spans s ${SPAN_COLUMNS.joins} WHERE s.id = ?`)
      .raw() as Statement<[number], SpanRow>;
  }

  span(id: number): Span | null {
    const row = this.one.get(id);
    return row ? spanOf(row) : null;
  }

  async list(query: SpansQuery): Promise<SpanList> {
    const { filter = '', order = 'start:desc', limit = 100, cursor, withinMs } = query;
    const range = rangeOf(query.from, query.to);
    const where = this.filters.compile(parseFilter(filter), this.clock());
    if (order === 'duration:desc') return this.byDuration(where, range, limit, cursor ?? null);
    const direction: Direction = order === 'start:asc' ? 'asc' : 'desc';
    const from = cursor === undefined ? edgeOf(range, direction, 'from') : readPlace(cursor, direction);
    const found = await this.collect(where, from, edgeOf(range, direction, 'to'), direction, limit, withinMs);
    return {
      items: found.rows.map(spanOf),
      nextCursor: found.next === null ? null : `${direction}.${found.next.startNs}.${found.next.id}`,
    };
  }

  /** Rows behind `from`, at most `limit`, and where to go on; null at the end. */
  private async collect(
    where: FilterSql,
    from: Place,
    end: Place,
    direction: Direction,
    limit: number,
    withinMs: number | undefined,
  ): Promise<{ rows: SpanRow[]; next: Place | null }> {
    const order = direction === 'asc' ? 'ASC' : 'DESC';
    const statement = this.db
      .prepare(
        `SELECT ${SPAN_COLUMNS.select} FROM spans s ${SPAN_COLUMNS.joins}
         WHERE ${sliceSql(direction)} AND ${where.sql} ORDER BY s.start_ns ${order}, s.id ${order} LIMIT ?`,
      )
      .raw();
    const startNs = this.db.prepare('SELECT start_ns FROM spans WHERE id = ?').pluck().safeIntegers();
    const rows: SpanRow[] = [];
    const began = performance.now();
    for (const slice of this.walker.slices(from, end, direction)) {
      // One more than asked for tells whether there is a next page.
      const found = statement.all(
        ...sliceParams(slice),
        ...where.params,
        limit + 1 - rows.length,
      ) as SpanRow[];
      rows.push(...found);
      if (rows.length > limit) {
        rows.length = limit;
        const id = rows.at(-1)?.[0] ?? 0;
        return { rows, next: { startNs: startNs.get(id) as bigint, id } };
      }
      if (slice.last) break;
      const tookMs = performance.now() - began;
      const mostMs = withinMs === undefined ? PAGE_MS : rows.length > 0 ? withinMs * ONCE_FOUND : withinMs;
      if (tookMs > mostMs) return { rows, next: slice.to };
      await turn();
    }
    return { rows, next: null };
  }

  /** Finished spans, longest first. Looks at all of the range for every page, and keeps only what a page needs. */
  private async byDuration(
    where: FilterSql,
    range: Range,
    limit: number,
    cursor: string | null,
  ): Promise<SpanList> {
    const below = cursor === null ? [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : readDuration(cursor);
    const statement = this.db
      .prepare(
        `SELECT s.duration_ns, s.id FROM spans s WHERE ${sliceSql('desc')} AND s.duration_ns >= ?
         AND (s.duration_ns, s.id) < (?, ?) AND ${where.sql} ORDER BY s.duration_ns DESC, s.id DESC LIMIT ?`,
      )
      .raw();
    let longest: ByDuration[] = [];
    const until = performance.now() + WHOLE_MS;
    const [from, to] = [edgeOf(range, 'desc', 'from'), edgeOf(range, 'desc', 'to')];
    for (const slice of this.walker.slices(from, to, 'desc')) {
      const least = longest.length > limit ? (longest.at(-1)?.[0] ?? 0) : 0;
      const params = [...sliceParams(slice), least, ...below, ...where.params, limit + 1];
      const found = statement.all(...params) as ByDuration[];
      if (found.length > 0) {
        longest = [...longest, ...found].sort((a, b) => b[0] - a[0] || b[1] - a[1]).slice(0, limit + 1);
      }
      if (performance.now() > until) throw tooMuch();
      await turn();
    }
    const page = longest.slice(0, limit);
    const last = longest.length > limit ? page.at(-1) : undefined;
    return {
      items: page.map(([, id]) => this.span(id)).filter((span) => span !== null),
      nextCursor: last ? `duration.${last[0]}.${last[1]}` : null,
    };
  }
}

/** The answer where a question must look at more than can be looked at in time. */
export function tooMuch(): CodedError {
  return new CodedError(
    'FUSESCOPE_BUSY',
    'this question has to look at too many operations, one by one. Narrow the time range or the filter',
  );
}

/** First or last place of a range in a direction; ranges hold both their ends. */
export function edgeOf(range: Range, direction: Direction, which: 'from' | 'to'): Place {
  const lower = which === 'from' ? direction === 'asc' : direction === 'desc';
  const { fromUs, toUs } = range;
  if (lower) return fromUs === null ? LOWEST : { startNs: toNs(fromUs), id: which === 'from' ? -1 : 0 };
  return toUs === null ? HIGHEST : { startNs: toNs(toUs), id: Number.MAX_SAFE_INTEGER };
}

function readPlace(cursor: string, direction: Direction): Place {
  const match = /^(asc|desc)\.(-?\d{1,19})\.(\d{1,16})$/.exec(cursor);
  if (match?.[1] !== direction) throw badCursor();
  return { startNs: BigInt(match[2] ?? 0), id: Number(match[3]) };
}

function readDuration(cursor: string): ByDuration {
  const match = /^duration\.(\d{1,16})\.(\d{1,16})$/.exec(cursor);
  if (!match) throw badCursor();
  return [Number(match[1]), Number(match[2])];
}

export function badCursor(): CodedError {
  return new CodedError(
    'FUSESCOPE_CURSOR',
    'this cursor is none of ours, or belongs to another order. Begin without',
  );
}
