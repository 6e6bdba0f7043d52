// Questions about stalls and ways out: one, a page of them, those of one cause, all causes; and the audit.
import type { Database } from 'better-sqlite3';
import { readStall, type Stall } from '../../shared/stall.ts';
import type { StallGroup } from '../../shared/stall-group.ts';
import type { Audit } from '../../shared/ways.ts';
import { badCursor } from './query-spans.ts';

/** Stalls that are looked at for groups: the last so many. */
const MAX_GROUPED = 20_000;

const KEY = `coalesce(json_extract(stall, '$.cause.key'),
  json_extract(stall, '$.span.mount') || ' ' || json_extract(stall, '$.span.op'))`;
const INCIDENT = "coalesce(json_extract(stall, '$.groupId'), id)";

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

type GroupRow = Omit<StallGroup, 'endings'> & { endings: string };

export class StallQueries {
  private readonly db: Database;

  constructor(db: Database) {
    this.db = db;
  }

  one(id: number): Stall | null {
    const json = this.db.prepare('SELECT stall FROM stalls WHERE id = ?').pluck().get(id) as
      | string
      | undefined;
    return json === undefined ? null : readStall(json);
  }

  /** Newest first. */
  list(state: 'open' | 'closed' | null, limit: number, cursor: string | null): Page<Stall> {
    const below = idBelow(cursor, 'stall');
    const rows = this.db
      .prepare(
        `SELECT stall FROM stalls WHERE id < ? ${state === null ? '' : 'AND state = ?'} ORDER BY id DESC LIMIT ?`,
      )
      .pluck()
      .all(...[below, ...(state === null ? [] : [state]), limit + 1]) as string[];
    const items = rows.slice(0, limit).map((json) => readStall(json));
    return { items, nextCursor: rows.length > limit ? `stall.${items.at(-1)?.id}` : null };
  }

  /** The longest of each incident of one cause that has ended, newest first. */
  incidents(key: string, limit: number): Stall[] {
    // With a bare max() SQLite takes the other columns from the row that has it.
    const rows = this.db
      .prepare(
        `SELECT stall, max(json_extract(stall, '$.ageMs')) FROM stalls
         WHERE state = 'closed' AND id > (SELECT max(id) FROM stalls) - ? AND ${KEY} = ?
         GROUP BY ${INCIDENT} ORDER BY id DESC LIMIT ?`,
      )
      .raw()
      .all(MAX_GROUPED, key, limit) as [string, number][];
    return rows.map(([json]) => readStall(json));
  }

  groups(limit: number): StallGroup[] {
    const rows = this.db
      .prepare(
        `WITH recent AS (
           SELECT id, state, mount_id, raised_us, stall, ${KEY} AS key, ${INCIDENT} AS incident FROM stalls
           WHERE id > (SELECT max(id) FROM stalls) - ?
         )
         SELECT key, mount_id AS mountId, json_extract(stall, '$.span.mount') AS mount,
           json_extract(stall, '$.cause.kind') AS kind, json_extract(stall, '$.cause.text') AS text,
           nullif(json_extract(stall, '$.cause.culprit.name'), '') AS culprit,
           count(DISTINCT incident) AS incidents, count(*) AS operations, sum(state = 'open') AS open,
           min(raised_us) AS firstUs, max(raised_us) AS lastUs,
           max(json_extract(stall, '$.ageMs')) AS longestMs, sum(json_extract(stall, '$.ageMs')) AS totalMs,
           max(id) AS lastStallId,
           (SELECT json_group_array(json_object('kind', kind, 'count', count)) FROM (
              SELECT json_extract(r.stall, '$.endedBy.kind') AS kind, count(*) AS count FROM recent r
              WHERE r.key = recent.key AND json_extract(r.stall, '$.endedBy.kind') IS NOT NULL
              GROUP BY 1 ORDER BY 2 DESC)) AS endings
         FROM recent GROUP BY key ORDER BY lastUs DESC LIMIT ?`,
      )
      .all(MAX_GROUPED, limit) as GroupRow[];
    return rows.map((row) => {
      const last = this.one(row.lastStallId);
      return {
        ...row,
        kind: last?.cause?.kind ?? row.kind,
        text: last?.cause?.text ?? row.text,
        endings: JSON.parse(row.endings) as StallGroup['endings'],
      };
    });
  }

  /** Newest first. */
  audit(limit: number, cursor: string | null): Page<Audit> {
    const rows = this.db
      .prepare(
        `SELECT id, at_us AS atUs, action, mount_id AS mountId, mount, connection, target, uid, via, address, outcome,
           text FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?`,
      )
      .all(idBelow(cursor, 'audit'), limit + 1) as Audit[];
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? `audit.${items.at(-1)?.id}` : null };
  }
}

/** @throws CodedError FUSESCOPE_CURSOR */
function idBelow(cursor: string | null, kind: string): number {
  if (cursor === null) return Number.MAX_SAFE_INTEGER;
  const [name, digits = ''] = cursor.split('.');
  if (name !== kind || !/^\d{1,15}$/.test(digits)) throw badCursor();
  return Number(digits);
}
