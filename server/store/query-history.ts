// What is stored of one path and of everything that it was renamed from or to, for its life story. Looks at the
// newest first; where that is too much it ends early, and says from when on it has seen all.
import type { Database } from 'better-sqlite3';
import { opCode } from '../../shared/ops.ts';
import { TELLING_OPS } from '../history/deeds.ts';
import { directoriesAbove, namesOf, type Rename } from '../history/names.ts';
import { SPAN_COLUMNS, type SpanRow, spanOf } from './decode.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { edgeOf } from './query-spans.ts';
import type { Range } from './range.ts';
import type { PathTrace } from './types.ts';
import { sliceParams, sliceSql, turn, Walker } from './walk.ts';

/** Together for both looks. */
const LOOK_MS = 8_000;
const MAX_RENAMES = 200_000;
const MAX_SPANS = 20_000;
const RENAMES = [opCode('rename'), opCode('rename2')].join(',');
const TELLING = TELLING_OPS.map(opCode).join(',');

export class HistoryQueries {
  private readonly db: Database;
  private readonly walker: Walker;
  private readonly filters: FilterCompiler;

  constructor(db: Database, filters: FilterCompiler) {
    this.db = db;
    this.filters = filters;
    this.walker = new Walker(db);
  }

  async trace(path: string, mountIds: readonly number[], range: Range): Promise<PathTrace> {
    const until = performance.now() + LOOK_MS;
    const mounts = mountIds.map(Math.trunc).join(',') || '0';
    const renames = await this.renames(mounts, range, until);
    const names = namesOf(path, renames.found);
    const spans = await this.spans(names, mounts, range, until);
    const since = [renames.sinceUs, spans.sinceUs].filter((us) => us !== null);
    return { names, spans: spans.found.reverse(), sinceUs: since.length === 0 ? null : Math.max(...since) };
  }

  private async renames(mounts: string, range: Range, until: number) {
    const pairs = await this.walk<[number, number]>(
      `SELECT s.path_id, s.new_path_id FROM spans s`,
      `s.op IN (${RENAMES}) AND s.state = 1 AND s.errno = 0 AND s.mount_id IN (${mounts})
       AND s.path_id IS NOT NULL AND s.new_path_id IS NOT NULL`,
      { range, until, most: MAX_RENAMES, params: [] },
    );
    const ids = [...new Set(pairs.found.flat())];
    const texts = new Map(
      this.db
        .prepare('SELECT id, path FROM paths WHERE id IN (SELECT value FROM json_each(?))')
        .raw()
        .all(JSON.stringify(ids)) as [number, string][],
    );
    const found = pairs.found.flatMap(([from, to]): Rename[] => {
      const [a, b] = [texts.get(from), texts.get(to)];
      return a === undefined || b === undefined ? [] : [{ from: a, to: b }];
    });
    return { found, sinceUs: pairs.sinceUs };
  }

  private async spans(names: ReadonlySet<string>, mounts: string, range: Range, until: number) {
    const exact = this.idsOf(names);
    const above = this.idsOf(directoriesAbove(names));
    const named = (column: string) => `${column} IN (SELECT value FROM json_each(?))`;
    const rows = await this.walk<SpanRow>(
      `SELECT ${SPAN_COLUMNS.select} FROM spans s ${SPAN_COLUMNS.joins}`,
      `s.mount_id IN (${mounts}) AND (s.op IN (${TELLING}) OR s.errno > 0)
       AND (${named('s.path_id')} OR ${named('s.new_path_id')})`,
      {
        range,
        until,
        most: MAX_SPANS,
        params: [JSON.stringify([...exact, ...above]), JSON.stringify(exact)],
      },
    );
    return { found: rows.found.map(spanOf), sinceUs: rows.sinceUs };
  }

  /** A text may stand in the dictionary several times. */
  private idsOf(texts: Iterable<string>): number[] {
    return this.db
      .prepare('SELECT id FROM paths WHERE path IN (SELECT value FROM json_each(?))')
      .pluck()
      .all(JSON.stringify([...texts])) as number[];
  }

  /** Rows of a range, newest first. */
  private async walk<Row>(
    select: string,
    where: string,
    { range, until, most, params }: { range: Range; until: number; most: number; params: string[] },
  ): Promise<{ found: Row[]; sinceUs: number | null }> {
    // Nothing is asked for, so it only leaves out what is told twice, and takes no parameters.
    const { sql: once } = this.filters.compile({ terms: [] }, 0);
    const statement = this.db
      .prepare(
        `${select} WHERE ${sliceSql('desc')} AND ${once} AND ${where} ORDER BY s.start_ns DESC, s.id DESC LIMIT ?`,
      )
      .raw();
    const found: Row[] = [];
    const [from, to] = [edgeOf(range, 'desc', 'from'), edgeOf(range, 'desc', 'to')];
    for (const slice of this.walker.slices(from, to, 'desc')) {
      found.push(...(statement.all(...sliceParams(slice), ...params, most + 1 - found.length) as Row[]));
      if (slice.last && found.length <= most) break;
      if (found.length > most || performance.now() > until) {
        found.length = Math.min(found.length, most);
        return { found, sinceUs: Number(slice.to.startNs / 1_000n) };
      }
      await turn();
    }
    return { found, sinceUs: null };
  }
}
