// Histograms and the heat map. A filter on operation, mount or source alone is answered from the rollups, in whole
// seconds; any other looks at the spans of the range, which takes longer and may be refused. An operation belongs to
// the time at which it ended.
import type { Database } from 'better-sqlite3';
import type { HeatmapAnswer, HeatmapQuery, LatencyAnswer, LatencyQuery } from '../../shared/api.ts';
import { isOrdinaryErrno } from '../../shared/errno.ts';
import { addEncoded, BUCKETS, bucketOf, bucketStart, Histogram, MAX_NS } from '../../shared/histogram.ts';
import { opName } from '../../shared/ops.ts';
import { parseFilter } from '../filters.ts';
import { literal } from './breakdown-keys.ts';
import type { FilterCompiler } from './filter-sql.ts';
import { histogramAnswer } from './histogram-answer.ts';
import { gapsIn } from './query-losses.ts';
import { RollupReader, type StoredRollup } from './query-rollups.ts';
import { rangeOf } from './range.ts';
import { EndedScan } from './scan.ts';

/** What a heat map shows where no range is given. */
const DEFAULT_HEATMAP_US = 600e6;
/** Rows of the heat map: four an octave, from 1 µs to 137 s, on edges of histogram buckets. */
const HEATMAP_EDGES = heatmapEdges();
const ROW_OF_BUCKET = new Map<number, number>();

interface Group {
  histogram: Histogram;
  errors: number;
  mountId: number | null;
}

type ScanRow = [op: number, mountId: number, durationNs: number, errno: number | null, endS: number];
const SCANNED = 's.op, s.mount_id, s.duration_ns, s.errno, (s.start_ns + s.duration_ns) / 1000000000';

export class LatencyQueries {
  private readonly db: Database;
  private readonly scan: EndedScan;
  private readonly rollups: RollupReader;
  private readonly clock: () => number;

  constructor(db: Database, filters: FilterCompiler, clock: () => number) {
    this.db = db;
    this.scan = new EndedScan(db, filters, clock);
    this.rollups = new RollupReader(db);
    this.clock = clock;
  }

  /** By what the rollups tell apart. `open` and `oldestOpenMs` are left to who knows what is open now. */
  async latency(query: LatencyQuery): Promise<LatencyAnswer> {
    const { by = 'op' } = query;
    const filter = parseFilter(query.filter ?? '');
    const range = rangeOf(query.from, query.to);
    const groups = new Map<string, Group>();
    const mounts = this.mountNames();
    const group = (op: string, mountId: number): Group => {
      const key = by === 'op' ? op : by === 'mount' ? (mounts.get(mountId) ?? `#${mountId}`) : 'all';
      let found = groups.get(key);
      if (!found) {
        found = { histogram: new Histogram(), errors: 0, mountId: by === 'mount' ? mountId : null };
        groups.set(key, found);
      }
      return found;
    };

    const rollupFilter = this.rollups.filter(filter);
    let covered: { fromUs: number; toUs: number };
    if (rollupFilter) {
      const cover = this.rollups.cover(range.fromUs, range.toUs);
      covered = cover ? { fromUs: cover.fromS * 1e6, toUs: cover.toS * 1e6 } : this.scan.wanted(range);
      if (cover) {
        for (const row of this.rollups.rows(cover.fromS, cover.toS, rollupFilter))
          addRow(group(row.op, row.mountId), row);
      }
    } else {
      covered = this.scan.wanted(range);
      await this.scan.each<ScanRow>(SCANNED, filter, range, ([op, mountId, durationNs, errno]) => {
        const found = group(opName(op), mountId);
        found.histogram.record(durationNs);
        if (errno !== null && errno !== 0 && !isOrdinaryErrno(errno)) found.errors++;
      });
    }
    const items = [...groups].map(([key, found]) =>
      histogramAnswer({ ...found, key, filter: filterFor(by, key) }),
    );
    return { ...covered, keys: items.length, items: items.sort((a, b) => b.count - a.count) };
  }

  async heatmap(query: HeatmapQuery): Promise<HeatmapAnswer> {
    const { columns: wantedColumns = 120 } = query;
    const filter = parseFilter(query.filter ?? '');
    const range = rangeOf(query.from, query.to);
    const toUs = range.toUs ?? this.clock();
    const fromUs = range.fromUs ?? toUs - DEFAULT_HEATMAP_US;
    const stepS = this.heatmapStep(fromUs, toUs, wantedColumns);
    const fromS = Math.floor(fromUs / 1e6 / stepS) * stepS;
    const count = Math.max(1, Math.ceil((toUs / 1e6 - fromS) / stepS));
    const toS = fromS + count * stepS;
    const columns = Array.from({ length: count }, () => new Array<number>(HEATMAP_EDGES.length - 1).fill(0));

    const rollupFilter = this.rollups.filter(filter);
    if (rollupFilter) {
      const counts = columns.map(() => new Float64Array(BUCKETS));
      for (const row of this.rollups.rows(fromS, toS, rollupFilter, coarsestTier(stepS))) {
        const column = counts[Math.floor((row.atS - fromS) / stepS)];
        if (column) addEncoded(row.histogram, column);
      }
      for (const [i, column] of columns.entries()) {
        for (let bucket = 0; bucket < BUCKETS; bucket++) {
          const times = counts[i]?.[bucket] ?? 0;
          if (times > 0) column[rowOf(bucket)] = (column[rowOf(bucket)] ?? 0) + times;
        }
      }
    } else {
      await this.scan.each<ScanRow>(
        SCANNED,
        filter,
        { fromUs: fromS * 1e6, toUs: toS * 1e6 },
        ([, , durationNs, , endS]) => {
          const column = columns[Math.floor((endS - fromS) / stepS)];
          const row = rowOf(bucketOf(durationNs));
          if (column) column[row] = (column[row] ?? 0) + 1;
        },
      );
    }
    return {
      fromUs: fromS * 1e6,
      toUs: toS * 1e6,
      stepUs: stepS * 1e6,
      edgesNs: HEATMAP_EDGES,
      columns,
      gaps: gapsIn(this.db, fromS * 1e6, toS * 1e6),
    };
  }

  /** Columns of whole seconds, and of whole minutes where no seconds are kept any more. */
  private heatmapStep(fromUs: number, toUs: number, columns: number): number {
    const raw = Math.ceil((toUs - fromUs) / 1e6 / columns);
    const needsMinutes = fromUs / 1e6 < this.rollups.secondsFrom();
    const step = raw > 60 || needsMinutes ? Math.ceil(raw / 60) * 60 : raw;
    return Math.max(1, step > 3_600 ? Math.ceil(step / 3_600) * 3_600 : step);
  }

  private mountNames(): Map<number, string> {
    return new Map(this.db.prepare('SELECT id, mount FROM mounts').raw().all() as [number, string][]);
  }
}

/** The terms that leave just one histogram's operations. */
function filterFor(by: LatencyQuery['by'], key: string): string {
  if (by === 'mount') return literal('mount', key).filter;
  return by === 'none' ? '' : `op:${key}`;
}

function addRow(group: Group, row: StoredRollup): void {
  addEncoded(row.histogram, group.histogram.counts);
  group.histogram.addTotals(row);
  group.errors += row.errors;
}

function coarsestTier(stepS: number): number {
  if (stepS % 3_600 === 0) return 3_600;
  return stepS % 60 === 0 ? 60 : 1;
}

function heatmapEdges(): number[] {
  const edges = [0];
  for (let octave = 10; octave < 37; octave++) {
    // Quarters of an octave, rounded to 32nds.
    for (const step of [32, 38, 45, 54]) edges.push(step * 2 ** (octave - 5));
  }
  return [...edges, 2 ** 37, MAX_NS];
}

function rowOf(bucket: number): number {
  let row = ROW_OF_BUCKET.get(bucket);
  if (row === undefined) {
    row = HEATMAP_EDGES.findLastIndex((edge) => edge <= bucketStart(bucket));
    ROW_OF_BUCKET.set(bucket, row);
  }
  return row;
}
