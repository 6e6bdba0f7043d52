// What a stretch of time held: its operations by kind and by caller, with the time they spent within it. A stretch
// holds what was under way at some time of it.
import type { Database } from 'better-sqlite3';
import { Histogram } from '../../shared/histogram.ts';
import { opName } from '../../shared/ops.ts';
import type { TimelineSummary, TimelineSummaryQuery } from '../../shared/timeline.ts';
import { parseFilter } from '../filters.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { Names } from './names.ts';
import { stretchOf } from './query-timeline.ts';
import { isError } from './timeline-picture.ts';
import { TimelineRows } from './timeline-rows.ts';

const MAX_MS = 3_000;
const MAX_ROWS = 5_000_000;
const CALLERS = 50;

type Row = [
  id: number,
  startNs: number,
  durationNs: number | null,
  queueNs: number | null,
  op: number,
  errno: number | null,
  state: number,
  bytes: number | null,
  thread: number | null,
  comm: number | null,
];

interface OpTotals {
  count: number;
  open: number;
  timeNs: number;
  openNs: number;
  queueNs: number;
  errors: number;
  bytes: number;
  latency: Histogram;
}

interface CallerTotals {
  /** A row of it, by which its name is found. */
  rowId: number;
  threads: Set<number | null>;
  count: number;
  open: number;
  timeNs: number;
}

export class SummaryQueries {
  private readonly filters: FilterCompiler;
  private readonly rows: TimelineRows;
  private readonly names: Names;
  private readonly clock: () => number;

  constructor(db: Database, filters: FilterCompiler, clock: () => number) {
    this.filters = filters;
    this.rows = new TimelineRows(db);
    this.names = new Names(db);
    this.clock = clock;
  }

  async summary(query: TimelineSummaryQuery): Promise<TimelineSummary> {
    const { fromUs, toUs } = stretchOf(query);
    const lengthNs = (toUs - fromUs) * 1e3;
    const nowNs = (this.clock() - fromUs) * 1e3;
    const ops = new Map<number, OpTotals>();
    const callers = new Map<string, CallerTotals>();
    const take = (row: Row) => {
      const [id, startNs, durationNs, queueNs, op, errno, state, bytes, thread, comm] = row;
      const open = state === 0;
      const endNs = open ? nowNs : startNs + (durationNs ?? 0);
      const within = (from: number, to: number) => Math.max(0, Math.min(lengthNs, to) - Math.max(0, from));
      const timeNs = within(startNs, endNs);
      const total = at(ops, op, newOp);
      total.count++;
      total.timeNs += timeNs;
      if (open) {
        total.open++;
        total.openNs += timeNs;
      } else if (durationNs !== null) total.latency.record(durationNs);
      if (queueNs !== null) total.queueNs += within(startNs, startNs + queueNs);
      if (isError(errno ?? 0)) total.errors++;
      total.bytes += bytes ?? 0;
      const caller = at(callers, `${comm ?? `#${thread}`}`, () => newCaller(id));
      caller.threads.add(thread);
      caller.count++;
      if (open) caller.open++;
      caller.timeNs += timeNs;
    };
    const coveredUs = await this.rows.read<Row>({
      select:
        's.id, s.start_ns - ?, s.duration_ns, s.queue_ns, s.op, s.errno, s.state, s.bytes, coalesce(s.tid, s.pid), s.comm_id',
      fromUs,
      toUs,
      where: this.filters.compile(parseFilter(query.filter ?? ''), this.clock()),
      maxMs: MAX_MS,
      maxRows: MAX_ROWS,
      take,
    });
    const totals = [...ops.values()];
    const sum = (key: 'count' | 'open') => totals.reduce((all, one) => all + one[key], 0);
    return {
      fromUs,
      toUs,
      coveredUs,
      operations: sum('count'),
      open: sum('open'),
      ops: [...ops].map(([op, total]) => opView(op, total)).sort((a, b) => b.timeNs - a.timeNs),
      callers: this.callerViews([...callers.values()]),
    };
  }

  /** The dictionary may hold a name more than once, so that names are joined only here. */
  private callerViews(callers: readonly CallerTotals[]): TimelineSummary['callers'] {
    const byName = new Map<string | null, CallerTotals>();
    for (const caller of callers) {
      const comm = this.names.comm(caller.rowId);
      const known = byName.get(comm);
      if (!known) byName.set(comm, caller);
      else {
        for (const thread of caller.threads) known.threads.add(thread);
        known.count += caller.count;
        known.open += caller.open;
        known.timeNs += caller.timeNs;
      }
    }
    return [...byName]
      .map(([comm, { threads, count, open, timeNs }]) => ({
        comm,
        threads: threads.size,
        count,
        open,
        timeNs,
      }))
      .sort((a, b) => b.timeNs - a.timeNs)
      .slice(0, CALLERS);
  }
}

const newOp = (): OpTotals => ({
  count: 0,
  open: 0,
  timeNs: 0,
  openNs: 0,
  queueNs: 0,
  errors: 0,
  bytes: 0,
  latency: new Histogram(),
});

const newCaller = (rowId: number): CallerTotals => ({
  rowId,
  threads: new Set(),
  count: 0,
  open: 0,
  timeNs: 0,
});

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function opView(op: number, { latency, ...total }: OpTotals): TimelineSummary['ops'][number] {
  return {
    op: opName(op),
    ...total,
    p50Ns: latency.percentile(0.5),
    p99Ns: latency.percentile(0.99),
    maxNs: latency.count === 0 ? null : latency.maxNs,
  };
}
