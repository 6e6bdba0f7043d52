// A dictionary of the database (ids to names, for paths or programs) as filters need it: names by their ids, and the ids
// of all names that a filter means, as long as there are few enough of both. While someone types there is a new filter
// with each letter, so names are not read again for it. Ids are given in rising order, and never twice.
import type { Database, Statement } from 'better-sqlite3';
import type { Matcher } from '../../shared/filter/glob.ts';

/** Bound of one cache: about 8 MB with what a Map takes. */
const MAX_NAMES = 40_000;
const MAX_CHARS = 4_000_000;
/** Where more names are meant, rows that match are found soon in any way. */
const MAX_LISTED = 2_000;

/** Ids that are meant, of those up to `upTo`. */
export interface Listed {
  ids: number[];
  upTo: number;
}

export class NameCache {
  private readonly known = new Map<number, string>();
  private chars = 0;
  /** All names up to this id were read into `known` once. */
  private readTo = 0;
  /** All of them together are too long to be kept. */
  private tooLong = false;
  private readonly one: Statement<[number], string>;
  private readonly last: Statement<[], number | null>;
  private readonly newer: Statement<[number], [number, string]>;

  constructor(db: Database, table: 'paths' | 'comms', column: 'path' | 'comm') {
    this.one = db.prepare(`SELECT ${column} FROM ${table} WHERE id = ?`).pluck() as Statement<
      [number],
      string
    >;
    this.last = db.prepare(`SELECT max(id) FROM ${table}`).pluck() as Statement<[], number | null>;
    this.newer = db.prepare(`SELECT id, ${column} FROM ${table} WHERE id > ? ORDER BY id`).raw() as Statement<
      [number],
      [number, string]
    >;
  }

  /** The name; undefined where the dictionary has none. */
  readonly of = (id: number): string | undefined => {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const name = this.one.get(id);
    if (name !== undefined) this.keep(id, name);
    return name;
  };

  /**
   * The names that `matches` means; null where there are too many, of all or of these.
   * @param before what the same matcher was answered the last time; it is continued.
   */
  meant(matches: Matcher, before: Listed | null): Listed | null {
    const upTo = this.last.get() ?? 0;
    if (before?.upTo === upTo) return before;
    if (upTo > MAX_NAMES || this.tooLong) return null;
    if (!this.readAll(upTo)) {
      this.tooLong = true;
      return null;
    }
    const ids = before ? [...before.ids] : [];
    for (const [id, name] of this.known) {
      if (id <= (before?.upTo ?? 0) || id > upTo || !matches(name)) continue;
      if (ids.push(id) > MAX_LISTED) return null;
    }
    return { ids, upTo };
  }

  /** @returns false where they are too long to be kept. */
  private readAll(upTo: number): boolean {
    if (this.readTo < upTo) {
      for (const [id, name] of this.newer.iterate(this.readTo)) {
        if (id <= upTo && !this.known.has(id) && !this.keep(id, name)) return false;
      }
      this.readTo = upTo;
    }
    return true;
  }

  /** @returns false where all others had to be forgotten for it. */
  private keep(id: number, name: string): boolean {
    const full = this.known.size >= MAX_NAMES || this.chars + name.length > MAX_CHARS;
    if (full) {
      this.known.clear();
      this.chars = 0;
      this.readTo = 0;
    }
    this.known.set(id, name);
    this.chars += name.length;
    return !full;
  }
}
