// Histograms by a key that the rollups do not tell apart: caller, path, size class, result. Looks at the spans of the
// range one by one. Of many keys only the commonest have a histogram, and a second look counts just theirs: as many
// histograms as there may be paths would not fit.
import type { Database } from 'better-sqlite3';
import type { HistogramsBy, LatencyAnswer, LatencyQuery } from '../../shared/api.ts';
import { isOrdinaryErrno } from '../../shared/errno.ts';
import type { BreakdownBy } from '../../shared/groups.ts';
import { Histogram } from '../../shared/histogram.ts';
import { parseFilter } from '../filters.ts';
import { KINDS, type Named, type Names, namesOf } from './breakdown-keys.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { histogramAnswer } from './histogram-answer.ts';
import { type Range, rangeOf } from './range.ts';
import { EndedScan } from './scan.ts';
import { Keyed } from './tally.ts';

/** Keys that the rollups have. */
const ROLLED_UP: readonly HistogramsBy[] = ['op', 'mount', 'none'];
/** Histograms at once; 12 kB each. */
const MAX_HISTOGRAMS = 400;

type Cell = number | null;
type Row = [a: Cell, b: Cell, durationNs: number, errno: Cell];

interface Group extends Named {
  count: number;
  errors: number;
  histogram: Histogram | null;
}

/** Whether a question has to be answered here. */
export const needsSpans = (by: HistogramsBy): by is Exclude<BreakdownBy, 'op' | 'mount' | 'process'> =>
  !ROLLED_UP.includes(by);

export class HistogramQueries {
  private readonly scan: EndedScan;
  private readonly names: () => Names;
  private readonly clock: () => number;

  /** `names` is a second connection to the same file. */
  constructor(db: Database, names: Database, filters: FilterCompiler, clock: () => number) {
    this.scan = new EndedScan(db, filters, clock);
    this.names = namesOf(db, names);
    this.clock = clock;
  }

  /** `open` and `oldestOpenMs` are left to who knows what is open now. @throws CodedError FUSESCOPE_BUSY */
  async latency(query: LatencyQuery, by: BreakdownBy, also: readonly string[]): Promise<LatencyAnswer> {
    const asked = rangeOf(query.from, query.to);
    const range = { ...asked, toUs: asked.toUs ?? this.clock() };
    const filter = query.filter ?? '';
    const first = await this.look(by, filter, range, null);
    const keys = first.length;
    let items = commonest(first, query.limit, also);
    if (items.some(({ histogram }) => histogram === null)) {
      const only = new Set(items.map(({ key }) => key));
      items = commonest(await this.look(by, filter, range, only), only.size, []);
    }
    return {
      ...this.scan.wanted(range),
      keys,
      items: items.map(({ histogram, ...group }) =>
        histogramAnswer({ ...group, mountId: null, histogram: histogram ?? new Histogram() }),
      ),
    };
  }

  /** @param only these keys; null: all, of which the first so many have a histogram */
  private async look(
    by: BreakdownBy,
    filter: string,
    range: Range,
    only: ReadonlySet<string> | null,
  ): Promise<Group[]> {
    const { columns, name } = KINDS[by];
    const names = this.names();
    let histograms = 0;
    const groups = new Keyed<Group>(() => ({
      key: '',
      filter: '',
      count: 0,
      errors: 0,
      histogram: histograms++ < MAX_HISTOGRAMS ? new Histogram() : null,
    }));
    const known = new Map<string, Group | null>();
    const groupOf = (a: Cell, b: Cell): Group | null => {
      const raw = `${a} ${b}`;
      let group = known.get(raw);
      if (group !== undefined) return group;
      const named = name(names, a, b);
      group = only === null || only.has(named.key) ? groups.get(named.key) : null;
      if (group) Object.assign(group, named);
      if (known.size < 4 * groups.all.size + 10_000) known.set(raw, group);
      return group;
    };
    await this.scan.each<Row>(
      `${columns}, s.duration_ns, s.errno`,
      parseFilter(filter),
      range,
      ([a, b, durationNs, errno]) => {
        const group = groupOf(a, b);
        if (!group) return;
        group.count++;
        group.histogram?.record(durationNs);
        if (errno !== null && errno !== 0 && !isOrdinaryErrno(errno)) group.errors++;
      },
    );
    return [...groups.all.values()];
  }
}

/** Histograms that are answered unless a number is given. */
const USUAL = 40;

/** @param also keys that are among them whatever their count */
const commonest = (groups: readonly Group[], most = USUAL, also: readonly string[]): Group[] =>
  groups
    .toSorted((a, b) => b.count - a.count || a.key.localeCompare(b.key))
    .filter(({ key }, place) => place < most || also.includes(key));
