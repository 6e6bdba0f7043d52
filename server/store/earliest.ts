// Where a look at a range has to begin, so that nothing is missed that began before it and reached into it.
import type { Database } from 'better-sqlite3';

/** Latency of the last seconds is not in the tiers yet. */
const RECENT_NS = 10_000_000_000n;

/** The earliest start, ns, of what ended after a moment: the longest operation since then tells. */
export function earliestEnded(db: Database, endUs: number): bigint {
  const longest = db
    .prepare('SELECT max(max_ns) FROM rollups WHERE step_s = 3600 AND at_s >= ?')
    .pluck()
    .get(Math.floor(endUs / 3_600e6) * 3_600) as number | null;
  return BigInt(Math.floor(endUs)) * 1_000n - BigInt(longest ?? 0) - RECENT_NS;
}

/** The same of what ended after it or has not ended. */
export function earliestAlive(db: Database, endUs: number): bigint {
  const open = db.prepare('SELECT min(start_ns) FROM spans WHERE state = 0').pluck().safeIntegers().get() as
    | bigint
    | null;
  const ended = earliestEnded(db, endUs);
  return open !== null && open < ended ? open : ended;
}
