// Adds latency rows to the tiers of seconds, minutes and hours. Each is read, added to and written back in the
// transaction of its batch, so that the tiers always agree, also about operations that came late.
import type { Database, Statement } from 'better-sqlite3';
import { addEncoded, BUCKETS, encodeSparse, sparseOf } from '../../shared/histogram.ts';
import { opCode } from '../../shared/ops.ts';
import type { RollupRow } from './types.ts';

export const STEPS_S = [1, 60, 3_600] as const;

interface StoredRow {
  count: number;
  errors: number;
  sum_ns: number;
  min_ns: number;
  max_ns: number;
  histogram: Uint8Array;
}

export class RollupWriter {
  private readonly read: Statement<number[], StoredRow>;
  private readonly write: Statement;
  private readonly counts = new Float64Array(BUCKETS);

  constructor(db: Database) {
    this.read = db.prepare(
      `SELECT count, errors, sum_ns, min_ns, max_ns, histogram FROM rollups
       WHERE step_s = ? AND at_s = ? AND mount_id = ? AND op = ?`,
    );
    this.write = db.prepare('REPLACE INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  }

  put(rows: readonly RollupRow[]): void {
    for (const step of STEPS_S) {
      for (const group of grouped(rows, step)) this.add(step, group);
    }
  }

  private add(step: number, group: RollupRow[]): void {
    const [first] = group;
    if (!first) return;
    const op = opCode(first.op);
    const atS = Math.floor(first.atS / step) * step;
    const stored = this.read.get(step, atS, first.mountId, op);
    const counts = this.counts.fill(0);
    if (stored) addEncoded(stored.histogram, counts);
    let { count, errors, sum_ns, min_ns, max_ns } = stored ?? {
      count: 0,
      errors: 0,
      sum_ns: 0,
      min_ns: Number.POSITIVE_INFINITY,
      max_ns: 0,
    };
    for (const row of group) {
      count += row.count;
      errors += row.errors;
      sum_ns += row.sumNs;
      min_ns = Math.min(min_ns, row.minNs);
      max_ns = Math.max(max_ns, row.maxNs);
      for (let i = 0; i < row.buckets.length; i++) {
        const bucket = row.buckets[i] ?? 0;
        counts[bucket] = (counts[bucket] ?? 0) + (row.counts[i] ?? 0);
      }
    }
    const histogram = encodeSparse(sparseOf(counts));
    const sum = Math.min(Number.MAX_SAFE_INTEGER, Math.round(sum_ns));
    const [least, most] = [Math.round(min_ns), Math.round(max_ns)];
    this.write.run(step, atS, first.mountId, op, count, errors, sum, least, most, histogram);
  }
}

/** Rows that end up in the same stored row. */
function grouped(rows: readonly RollupRow[], step: number): Iterable<RollupRow[]> {
  const groups = new Map<string, RollupRow[]>();
  for (const row of rows) {
    const key = `${Math.floor(row.atS / step)} ${row.mountId} ${row.op}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups.values();
}
