// What is known to be missing in a range.
import type { Database } from 'better-sqlite3';
import type { Gap } from '../../shared/live.ts';

/** Gaps that reach into a range of µs, oldest first, at most 10,000. */
export function gapsIn(db: Database, fromUs: number, toUs: number): Gap[] {
  return db
    .prepare(
      `SELECT mount_id AS mountId, cause, count, from_us AS fromUs, to_us AS toUs FROM losses
       WHERE to_us >= ? AND from_us <= ? ORDER BY from_us, id LIMIT 10000`,
    )
    .all(Math.floor(fromUs), Math.ceil(toUs)) as Gap[];
}
