// Questions about stalls and ways out: one, a page of them, those of one cause, all causes; and the audit.
import type { Database } from 'better-sqlite3';
import { listed, readStall, type Stall, type StallSnapshot } from '../../shared/stall.ts';
import type { StallGroup } from '../../shared/stall-group.ts';
import type { Audit } from '../../shared/ways.ts';
import { badCursor } from './query-spans.ts';
import { STALL_KEYS } from './schema.ts';

const { cause: KEY, incident: INCIDENT, ageMs: AGE, ended: ENDED } = STALL_KEYS;

/** From the index alone, which SQLite only does before it groups. */
const ALL = `WITH all_stalls AS MATERIALIZED (
  SELECT ${KEY} AS key, ${INCIDENT} AS incident, state, raised_us, ${AGE} AS age, ${ENDED} AS ended, id FROM stalls)`;
export const GROUPS = `${ALL}
  SELECT key, count(DISTINCT incident) AS incidents, count(*) AS operations, sum(state = 'open') AS open,
    min(raised_us) AS firstUs, max(raised_us) AS lastUs, max(age) AS longestMs, sum(age) AS totalMs,
    max(id) AS lastStallId
  FROM all_stalls GROUP BY key ORDER BY lastUs DESC LIMIT ?`;
const ENDINGS = `${ALL}
  SELECT key, ended AS kind, count(*) AS count FROM all_stalls WHERE ended IS NOT NULL
  GROUP BY key, ended ORDER BY count DESC`;

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

type GroupRow = Omit<StallGroup, 'mountId' | 'mount' | 'kind' | 'text' | 'culprit' | 'endings'>;

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
    const items = rows.slice(0, limit).map((json) => listed(readStall(json)));
    return { items, nextCursor: rows.length > limit ? `stall.${items.at(-1)?.id}` : null };
  }

  /** What was seen while a group of stalls lasted, oldest first. */
  snapshots(groupId: number): StallSnapshot[] {
    const rows = this.db
      .prepare('SELECT json FROM snapshots WHERE group_id = ? ORDER BY id')
      .pluck()
      .all(groupId) as string[];
    return rows.map((json) => JSON.parse(json) as StallSnapshot);
  }

  /** The longest of each incident of one cause that has ended, newest first. */
  incidents(key: string, limit: number): Stall[] {
    // With a bare max() SQLite takes the other columns from the row that has it.
    const rows = this.db
      .prepare(
        `WITH own AS MATERIALIZED (
           SELECT id, ${INCIDENT} AS incident, ${AGE} AS age FROM stalls WHERE ${KEY} = ? AND state = 'closed')
         SELECT id, max(age) FROM own GROUP BY incident ORDER BY id DESC LIMIT ?`,
      )
      .raw()
      .all(key, limit) as [number, number][];
    return rows.map(([id]) => this.one(id)).filter((stall) => stall !== null);
  }

  groups(limit: number): StallGroup[] {
    const rows = this.db.prepare(GROUPS).all(limit) as GroupRow[];
    const endings = this.db.prepare(ENDINGS).all() as { key: string; kind: string; count: number }[];
    return rows.map((row) => {
      const last = this.one(row.lastStallId);
      return {
        ...row,
        mountId: last?.span.mountId ?? 0,
        mount: last?.span.mount ?? '',
        kind: last?.cause?.kind ?? null,
        text: last?.cause?.text ?? null,
        culprit: last?.cause?.culprit.name || null,
        endings: endings.filter((one) => one.key === row.key).map(({ kind, count }) => ({ kind, count })),
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
