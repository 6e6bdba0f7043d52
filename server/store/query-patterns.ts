// Failed operations of a filter and range, folded into patterns where they are read, so that only patterns leave this
// thread. Looks for a bounded time; what it did not come to is said.
import type { Database } from 'better-sqlite3';
import { errnoName } from '../../shared/errno.ts';
import { opName } from '../../shared/ops.ts';
import type { ErrorsQuery } from '../../shared/patterns/answer.ts';
import { Fold } from '../../shared/patterns/fold.ts';
import type { Pattern } from '../../shared/patterns/pattern.ts';
import { parseFilter } from '../filters.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { rangeOf } from './range.ts';
import { HIGHEST, LOWEST, sliceParams, sliceSql, turn, Walker } from './walk.ts';

const LOOK_MS = 5_000;

type Row = [
  startUs: number,
  op: number,
  errno: number,
  path: string | null,
  mount: string | null,
  comm: string | null,
  pid: number | null,
];

export interface FoundPatterns {
  patterns: Pattern[];
  complete: boolean;
}

export class PatternQueries {
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

  /** @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_TIME */
  async patterns(query: ErrorsQuery): Promise<FoundPatterns> {
    const where = this.filters.compile(parseFilter(query.filter ?? ''), this.clock());
    const { fromUs, toUs } = rangeOf(query.from, query.to);
    const statement = this.db
      .prepare(
        `SELECT s.start_ns / 1000, s.op, s.errno, p.path, m.mount, c.comm, s.pid FROM spans s
         LEFT JOIN paths p ON p.id = s.path_id LEFT JOIN mounts m ON m.id = s.mount_id
         LEFT JOIN comms c ON c.id = s.comm_id
         WHERE ${sliceSql('asc')} AND s.errno > 0 AND ${where.sql} ORDER BY s.start_ns, s.id`,
      )
      .raw();
    const from = fromUs === null ? LOWEST : { startNs: BigInt(Math.floor(fromUs)) * 1_000n, id: 0 };
    const to =
      toUs === null
        ? HIGHEST
        : { startNs: BigInt(Math.ceil(toUs)) * 1_000n + 999n, id: Number.MAX_SAFE_INTEGER };
    const fold = new Fold();
    const until = performance.now() + LOOK_MS;
    for (const slice of this.walker.slices(from, to, 'asc')) {
      for (const row of statement.iterate(...sliceParams(slice), ...where.params)) add(fold, row as Row);
      if (performance.now() > until && !slice.last) return { patterns: fold.patterns(), complete: false };
      await turn();
    }
    return { patterns: fold.patterns(), complete: true };
  }
}

function add(fold: Fold, [startUs, op, errno, path, mount, comm, pid]: Row): void {
  fold.add({
    order: startUs,
    tsUs: startUs,
    level: 'errno',
    text: path ?? errnoName(errno) ?? '',
    mount,
    process: comm ?? (pid === null ? null : String(pid)),
    op: opName(op),
    errno,
  });
}
