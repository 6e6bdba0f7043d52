// The file of a recording: the tables of the store, and one more with what the recording is. Runs in threads that
// may wait for a disk; never in the main one.
import Sqlite, { type Database } from 'better-sqlite3';
import { RECORDING_VERSION, type Recording, type RecordingSource } from '../../shared/recording.ts';
import { openDatabase, releaseOwner } from '../store/open.ts';

/** What is known when a recording begins. */
export interface NewRecording {
  name: string;
  notes: string;
  source: RecordingSource;
  host: string;
  createdUs: number;
  filter: string;
  fromUs: number | null;
  toUs: number | null;
  stallId: number | null;
  /** JSON of the stall that made it, or null. */
  snapshot: string | null;
}

export const TABLE = `
CREATE TABLE recording (
  version INTEGER NOT NULL, name TEXT NOT NULL, notes TEXT NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL,
  host TEXT NOT NULL, created_us INTEGER NOT NULL, filter TEXT NOT NULL, from_us INTEGER, to_us INTEGER,
  spans INTEGER NOT NULL, open INTEGER NOT NULL, stalls INTEGER NOT NULL, lost INTEGER NOT NULL, stall_id INTEGER,
  snapshot TEXT
) STRICT`;

/** Makes an empty recording. @throws CodedError FUSESCOPE_STORE */
export function createFile(file: string, about: NewRecording): void {
  const { db } = openDatabase(file);
  try {
    db.transaction(() => {
      db.exec(TABLE);
      db.prepare('INSERT INTO recording VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?)').run(
        RECORDING_VERSION,
        about.name,
        about.notes,
        'recording',
        about.source,
        about.host,
        Math.round(about.createdUs),
        about.filter,
        about.fromUs === null ? null : Math.floor(about.fromUs),
        about.toUs === null ? null : Math.ceil(about.toUs),
        about.stallId,
        about.snapshot,
      );
      releaseOwner(db);
    })();
  } finally {
    db.close();
  }
}

/** A connection that may change the file; brings an older one up to date. @throws CodedError FUSESCOPE_STORE */
export function openFile(file: string): Database {
  const { db } = openDatabase(file);
  releaseOwner(db);
  return db;
}

/** What a file says of itself; its number and size are the caller's to add. @throws SqliteError */
export function readAbout(db: Database): Omit<Recording, 'id' | 'sizeBytes'> {
  const row = db
    .prepare(
      `SELECT name, notes, state, NULL AS problem, source, version, host, created_us AS createdUs, filter,
         from_us AS fromUs, to_us AS toUs, spans, open, stalls, lost, stall_id AS stallId FROM recording`,
    )
    .get() as Omit<Recording, 'id' | 'sizeBytes' | 'mounts'>;
  const mounts = db
    .prepare('SELECT DISTINCT mount FROM mounts ORDER BY mount LIMIT 100')
    .pluck()
    .all() as string[];
  return { ...row, mounts };
}

/** JSON of the stall for which it was kept. */
export function readSnapshot(file: string): string | null {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2_000 });
  try {
    return db.prepare('SELECT snapshot FROM recording').pluck().get() as string | null;
  } finally {
    db.close();
  }
}
