// Completes a recording that takes no more: latency, seconds, stalls and counts are worked out from its spans, by its
// own clock; then the file is one file again, without a log beside it. The same after a crash.
import type { Database } from 'better-sqlite3';
import { isOrdinaryErrno } from '../../shared/errno.ts';
import { opName } from '../../shared/ops.ts';
import { LatencyRecorder } from '../latency/recorder.ts';
import { RollupWriter } from '../store/rollup-writer.ts';
import type { RollupRow } from '../store/types.ts';
import { ageStalls, raiseStalls } from './stalls.ts';

/** Spans after which latency that has gathered is written. */
const FLUSH_EVERY = 20_000;
/** Histograms held at once. */
const MAX_CELLS = 1_000;
const CACHE_KIB = 8_000;
const LONG_BEFORE_US = 3_600e6;

interface Second {
  ops: number;
  errors: number;
}

/** @param endUs its end where the recording itself knows none: now, for one that was going on. */
export function finishFile(db: Database, endUs: number | null): void {
  // All of it is read from its beginning to its end: nothing of that is worth keeping.
  db.pragma(`cache_size = -${CACHE_KIB}`);
  const end = db
    .prepare(
      `SELECT min(start_ns) / 1000 AS firstUs, max(start_ns + ifnull(duration_ns, 0)) / 1000 + 1 AS lastUs FROM spans`,
    )
    .get() as { firstUs: number | null; lastUs: number | null };
  const about = db.prepare('SELECT source, from_us AS fromUs, to_us AS toUs FROM recording').get() as {
    source: string;
    fromUs: number | null;
    toUs: number | null;
  };
  const fromUs = startOf(about.fromUs, end.firstUs);
  // Its own end, else the one that is told, but no earlier than what is in it.
  const lastUs = about.toUs ?? Math.max(Math.ceil(endUs ?? 0), end.lastUs ?? 0);
  const toUs = lastUs === 0 ? null : lastUs;
  db.transaction(() => {
    db.exec('DELETE FROM rollups; DELETE FROM seconds');
    measure(db);
    if (toUs !== null) {
      if (about.source === 'log') raiseStalls(db, toUs);
      ageStalls(db, toUs);
    }
    fillSeconds(db);
    db.exec(`
      -- Two lists: for a UNION of them SQLite would sort a row of each span in memory.
      DELETE FROM mounts WHERE id NOT IN (SELECT mount_id FROM spans)
        AND id NOT IN (SELECT mount_id FROM losses WHERE mount_id IS NOT NULL);
      REPLACE INTO meta SELECT 'spans', count(*) FROM spans;
      UPDATE recording SET state = 'done',
        spans = (SELECT count(*) FROM spans), open = (SELECT count(*) FROM spans WHERE state = 0),
        stalls = (SELECT count(*) FROM stalls), lost = (SELECT ifnull(sum(count), 0) FROM losses)`);
    db.prepare('UPDATE recording SET from_us = ?, to_us = ?').run(fromUs, toUs);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
}

/** As it was asked for, unless that is long before anything that is known: "from the beginning". */
function startOf(askedUs: number | null, firstUs: number | null): number | null {
  if (askedUs === null || firstUs === null) return askedUs ?? firstUs;
  return firstUs - askedUs > LONG_BEFORE_US ? firstUs : askedUs;
}

/** Latency and operations by the second, of everything that ended. */
function measure(db: Database): void {
  const rollups = new RollupWriter(db);
  // Nothing can be written while rows are being read.
  const spilled: RollupRow[] = [];
  const recorder = new LatencyRecorder({
    onSpill: (rows) => {
      for (const row of rows) spilled.push(row);
    },
    maxCells: MAX_CELLS,
  });
  const seconds = new Map<number, Second>();
  const put = db.prepare(
    `INSERT INTO seconds VALUES (?, ?, ?, 0, 0)
     ON CONFLICT (at_s) DO UPDATE SET ops = ops + excluded.ops, errors = errors + excluded.errors`,
  );
  const flush = () => {
    rollups.put(spilled.splice(0));
    rollups.put(recorder.takeFinished(0));
    for (const [atS, { ops, errors }] of seconds) put.run(atS, ops, errors);
    seconds.clear();
  };
  const rows = db
    .prepare(
      `SELECT mount_id, op, state, duration_ns, errno, (start_ns + ifnull(duration_ns, 0)) / 1000000000
       FROM spans WHERE state <> 0 AND id > ? ORDER BY id LIMIT ${FLUSH_EVERY}`,
    )
    .raw();
  const ids = db
    .prepare('SELECT id FROM spans WHERE state <> 0 AND id > ? ORDER BY id LIMIT 1 OFFSET ?')
    .pluck();
  for (let after: number | undefined = -1; after !== undefined; ) {
    // One by one: a list of so many rows would stay in memory until its thread ends.
    const some = rows.iterate(after) as Iterable<
      [number, number, number, number | null, number | null, number]
    >;
    for (const row of some) {
      const [mountId, op, state, durationNs, errno, endS] = row;
      if (state === 1 && durationNs !== null)
        recorder.record(mountId, opName(op), endS, durationNs, errno ?? 0);
      const second = seconds.get(endS) ?? { ops: 0, errors: 0 };
      second.ops++;
      if (errno !== null && errno !== 0 && !isOrdinaryErrno(errno)) second.errors++;
      seconds.set(endS, second);
    }
    flush();
    after = ids.get(after, FLUSH_EVERY - 1) as number | undefined;
  }
}

/** What was lost and how many stalls were open, by the second. */
function fillSeconds(db: Database): void {
  db.exec(`
    INSERT INTO seconds SELECT to_us / 1000000, 0, 0, sum(count), 0 FROM losses WHERE true GROUP BY 1
      ON CONFLICT (at_s) DO UPDATE SET lost = excluded.lost`);
  const put = db.prepare('UPDATE seconds SET stalls = ? WHERE at_s >= ? AND at_s < ?');
  for (const { fromS, toS, stalls } of db.prepare(STALLED).all() as Stalled[]) put.run(stalls, fromS, toS);
}

/** A stretch of time in which the same number of stalls was open. */
interface Stalled {
  fromS: number;
  toS: number;
  stalls: number;
}

/** By their ends, not by asking for each second: a log may tell of a year. */
const STALLED = `
  WITH lasting AS (
    SELECT raised_us / 1000000 AS from_s, ifnull(closed_us / 1000000, ${Number.MAX_SAFE_INTEGER}) AS to_s FROM stalls),
  ends AS (
    SELECT from_s AS at_s, 1 AS change FROM lasting WHERE to_s > from_s
    UNION ALL SELECT to_s, -1 FROM lasting WHERE to_s > from_s),
  stretches AS (
    SELECT at_s AS fromS, lead(at_s, 1, ${Number.MAX_SAFE_INTEGER}) OVER ends AS toS, sum(sum(change)) OVER ends AS stalls
    FROM ends GROUP BY at_s WINDOW ends AS (ORDER BY at_s))
  SELECT * FROM stretches WHERE stalls > 0`;
