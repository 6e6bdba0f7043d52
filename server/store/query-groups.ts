// Operations added up: by one of the keys of a breakdown, by path or entry of a directory, by process. All look at
// the spans of the range one by one, and are refused where that takes too long.
import type { Database, Statement } from 'better-sqlite3';
import type {
  BreakdownAnswer,
  BreakdownQuery,
  PathOrder,
  PathsAnswer,
  PathsQuery,
  PathTally,
  ProcessesQuery,
} from '../../shared/groups.ts';
import { Histogram } from '../../shared/histogram.ts';
import { parseFilter } from '../filters.ts';
import { KINDS, type Named, type Names, namesOf } from './breakdown-keys.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { edgeOf, tooMuch } from './query-spans.ts';
import { type Range, rangeOf } from './range.ts';
import { EndedScan } from './scan.ts';
import { addTo, Keyed, noTally, type Tally } from './tally.ts';
import type { ProcessTally } from './types.ts';
import { sliceParams, sliceSql, turn, Walker } from './walk.ts';

const SCAN_MS = 10_000;
/** Groups that have a histogram of their own as they are counted; 12 kB each. */
const MAX_HISTOGRAMS = 400;
const MAX_COMMS = 8;

type Cell = number | null;
type GroupRow = [a: Cell, b: Cell, durationNs: number, errno: Cell, bytes: Cell];
type PathRow = [pathId: Cell, durationNs: Cell, errno: Cell, bytes: Cell, state: number];
type ProcessRow = [
  pid: number,
  commId: Cell,
  mountId: number,
  durationNs: Cell,
  errno: Cell,
  bytes: Cell,
  state: number,
  startUs: number,
];

interface Counted extends Tally {
  named: Named;
  histogram: Histogram | null;
}

export class GroupQueries {
  private readonly scan: EndedScan;
  private readonly walker: Walker;
  private readonly db: Database;
  private readonly filters: FilterCompiler;
  private readonly clock: () => number;
  private readonly path: Statement<[number], string>;
  private readonly comm: Statement<[number], string>;
  private readonly names: () => Names;

  /** `names` is a second connection to the same file: the first may not be asked while it runs a statement. */
  constructor(db: Database, names: Database, filters: FilterCompiler, clock: () => number) {
    this.db = db;
    this.filters = filters;
    this.clock = clock;
    this.scan = new EndedScan(db, filters, clock);
    this.walker = new Walker(db);
    this.path = names.prepare('SELECT path FROM paths WHERE id = ?').pluck() as Statement<[number], string>;
    this.comm = names.prepare('SELECT comm FROM comms WHERE id = ?').pluck() as Statement<[number], string>;
    this.names = namesOf(db, names);
  }

  /** Finished operations by the time at which they ended, as histograms are. */
  async breakdown(query: BreakdownQuery): Promise<BreakdownAnswer> {
    const { by, limit = 20 } = query;
    const range = rangeOf(query.from, query.to);
    const { columns, name } = KINDS[by];
    const names = this.names();
    const groups = new Keyed<Counted>(() => ({
      ...noTally(),
      named: { key: '', filter: '' },
      histogram: null,
    }));
    const known = new Map<string, Counted | null>();
    let total = 0;
    let histograms = 0;
    const groupOf = (a: Cell, b: Cell): Counted | null => {
      const raw = `${a} ${b}`;
      let group = known.get(raw);
      if (group !== undefined) return group;
      const named = name(names, a, b);
      group = groups.get(named.key);
      if (group && group.count === 0) {
        group.named = named;
        if (histograms++ < MAX_HISTOGRAMS) group.histogram = new Histogram();
      }
      if (known.size < 4 * groups.all.size + 10_000) known.set(raw, group);
      return group;
    };
    await this.scan.each<GroupRow>(
      `${columns}, s.duration_ns, s.errno, s.bytes`,
      parseFilter(query.filter ?? ''),
      range,
      ([a, b, durationNs, errno, bytes]) => {
        total++;
        const group = groupOf(a, b);
        if (!group) return;
        addTo(group, durationNs, errno, bytes);
        group.histogram?.record(durationNs);
      },
    );
    const items = [...groups.all.values()].sort((x, y) => y.count - x.count).slice(0, limit);
    return {
      ...this.scan.wanted(range),
      total,
      keys: groups.all.size,
      items: items.map(({ named, histogram, ...tally }) => ({
        ...named,
        ...tally,
        p50Ns: histogram?.percentile(0.5) ?? null,
        p99Ns: histogram?.percentile(0.99) ?? null,
      })),
    };
  }

  /** Operations that began in the range, open ones too. */
  async paths(query: PathsQuery): Promise<PathsAnswer> {
    const { order = 'count', limit = 100, under } = query;
    const entries = new Keyed<PathTally>(() => ({ path: '', own: 0, below: 0, open: 0, ...noTally() }));
    const known = new Map<number, { entry: PathTally; own: boolean } | null>();
    let unnamed = 0;
    const entryOf = (id: number) => {
      let found = known.get(id);
      if (found !== undefined) return found;
      const place = entryIn(under ?? null, this.path.get(id) ?? '');
      const entry = place ? entries.get(place.entry) : null;
      if (entry && place) entry.path = place.entry;
      found = entry && place ? { entry, own: place.own } : null;
      if (known.size < 500_000) known.set(id, found);
      return found;
    };
    await this.began<PathRow>(
      's.path_id, s.duration_ns, s.errno, s.bytes, s.state',
      query,
      ([id, durationNs, errno, bytes, state]) => {
        const found = id === null ? null : entryOf(id);
        if (id === null) unnamed++;
        if (!found) return;
        addTo(found.entry, durationNs, errno, bytes);
        if (found.own) found.entry.own++;
        else found.entry.below++;
        if (state === 0) found.entry.open++;
      },
    );
    const by = ORDERS[order];
    const items = [...entries.all.values()].sort((a, b) => by(b) - by(a) || b.count - a.count);
    return { items: items.slice(0, limit), nextCursor: null, keys: entries.all.size, unnamed };
  }

  /** Those that cost most time first. */
  async processes(query: ProcessesQuery): Promise<ProcessTally[]> {
    const found = new Keyed<ProcessTally & { commIds: Set<number> }>(() => ({
      pid: 0,
      comms: [],
      mountIds: [],
      open: 0,
      lastUs: 0,
      commIds: new Set(),
      ...noTally(),
    }));
    await this.began<ProcessRow>(
      's.pid, s.comm_id, s.mount_id, s.duration_ns, s.errno, s.bytes, s.state, s.start_ns / 1000',
      query,
      ([pid, commId, mountId, durationNs, errno, bytes, state, startUs]) => {
        const process = pid === null || pid <= 0 ? null : found.get(String(pid));
        if (!process) return;
        process.pid = pid;
        addTo(process, durationNs, errno, bytes);
        if (state === 0) process.open++;
        if (startUs > process.lastUs) process.lastUs = startUs;
        if (!process.mountIds.includes(mountId)) process.mountIds.push(mountId);
        if (commId !== null && process.commIds.size < MAX_COMMS) process.commIds.add(commId);
      },
    );
    return [...found.all.values()]
      .sort((a, b) => b.sumNs - a.sumNs || b.count - a.count)
      .slice(0, query.limit ?? 200)
      .map(({ commIds, ...process }) => ({
        ...process,
        comms: [...new Set([...commIds].map((id) => this.comm.get(id) ?? ''))],
      }));
  }

  /** Every span that began in the range of a query and matches its filter. @throws CodedError FUSESCOPE_BUSY */
  private async began<Row>(
    columns: string,
    query: { filter?: string; from?: string; to?: string },
    each: (row: Row) => void,
  ): Promise<void> {
    const range: Range = rangeOf(query.from, query.to);
    const where = this.filters.compile(parseFilter(query.filter ?? ''), this.clock());
    const statement = this.db
      .prepare(`SELECT ${columns} FROM spans s WHERE ${sliceSql('desc')} AND ${where.sql}`)
      .raw();
    const until = performance.now() + SCAN_MS;
    const [from, to] = [edgeOf(range, 'desc', 'from'), edgeOf(range, 'desc', 'to')];
    for (const slice of this.walker.slices(from, to, 'desc')) {
      for (const row of statement.iterate(...sliceParams(slice), ...where.params)) each(row as Row);
      if (performance.now() > until) throw tooMuch();
      await turn();
    }
  }
}

const ORDERS: Readonly<Record<PathOrder, (one: PathTally) => number>> = {
  count: (one) => one.count,
  time: (one) => one.sumNs,
  bytes: (one) => one.bytes,
  errors: (one) => one.errors,
};

/** Where a path belongs: itself, or the entry of `under` that it is or lies in; null where it is not in there. */
export function entryIn(under: string | null, path: string): { entry: string; own: boolean } | null {
  if (under === null) return { entry: path, own: true };
  const directory = under === '/' ? '' : under.replace(/\/+$/, '');
  if (path === directory || (directory === '' && path === '/')) return null;
  if (!path.startsWith(`${directory}/`)) return null;
  const cut = path.indexOf('/', directory.length + 1);
  return cut < 0 ? { entry: path, own: true } : { entry: path.slice(0, cut), own: false };
}
