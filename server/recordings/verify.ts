// Looks at a file that is said to be a recording before anything of it is believed. It may come from anyone: its
// tables must be exactly ours, so that no trigger, view or generated column of somebody else's ever runs.
import { closeSync, openSync, readSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { Compile } from 'typebox/compile';
import { RECORDING_VERSION, RecordingSourceSchema } from '../../shared/recording.ts';
import { SourceKindSchema } from '../../shared/span.ts';
import { readStall, StallSchema } from '../../shared/stall.ts';
import { CodedError } from '../errors.ts';
import { APPLICATION_ID, MIGRATIONS } from '../store/schema.ts';
import { TABLE } from './file.ts';

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
const checkStall = Compile(StallSchema);
const checkSource = Compile(RecordingSourceSchema);
const checkKind = Compile(SourceKindSchema);

/** @throws CodedError FUSESCOPE_INVALID with what is wrong with it */
export function verifyFile(file: string): void {
  const version = readHeader(file);
  let db: Database;
  try {
    db = new Sqlite(file, { fileMustExist: true, timeout: 2_000 });
  } catch (error) {
    throw refused((error as Error).message);
  }
  try {
    db.pragma('trusted_schema = OFF');
    db.pragma('cell_size_check = ON');
    compareTables(db, version);
    const [first] = db.pragma('quick_check(1)') as { quick_check: string }[];
    if (first?.quick_check !== 'ok') throw refused(`it is damaged: ${first?.quick_check}`);
    readContents(db);
  } catch (error) {
    throw error instanceof CodedError ? error : refused((error as Error).message);
  } finally {
    db.close();
  }
}

/** The schema's number, from the first bytes, before SQLite reads anything. */
function readHeader(file: string): number {
  const header = Buffer.alloc(HEADER_BYTES);
  const fd = openSync(file, 'r');
  try {
    const length = readSync(fd, header, 0, HEADER_BYTES, 0);
    if (length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC)
      throw refused('it is no SQLite file');
  } finally {
    closeSync(fd);
  }
  if (header.readUInt32BE(68) !== APPLICATION_ID) throw refused('it is a database of another program');
  const version = header.readUInt32BE(60);
  if (version > MIGRATIONS.length) {
    throw refused(
      `it was written by a newer FuseScope: schema ${version}, this one knows ${MIGRATIONS.length}; update it`,
    );
  }
  return version;
}

/** Every table, index and view must be, to the letter, what a FuseScope of that version makes. */
function compareTables(db: Database, version: number): void {
  const expected = new Sqlite(':memory:');
  try {
    for (const sql of MIGRATIONS.slice(0, version)) expected.exec(sql);
    expected.exec(TABLE);
    const parts = (of: Database) =>
      (
        of.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema').raw().all() as (string | null)[][]
      ).map((row) => JSON.stringify(row));
    const ours = new Set(parts(expected));
    const theirs = parts(db);
    const foreign = theirs.find((part) => !ours.has(part));
    if (foreign !== undefined) throw refused(`it holds what no recording has: ${foreign.slice(0, 80)}`);
    if (theirs.length !== ours.size) {
      throw refused('it holds no recording; a database of the server is opened with "fusescope serve --db"');
    }
  } finally {
    expected.close();
  }
}

function readContents(db: Database): void {
  const rows = db
    .prepare('SELECT version, source, length(name), length(notes) FROM recording')
    .raw()
    .all() as [number, string, number, number][];
  const [about] = rows;
  if (!about || rows.length > 1) throw refused('it describes no recording, or more than one');
  if (about[0] > RECORDING_VERSION) {
    throw refused(`its version is ${about[0]}, this FuseScope knows ${RECORDING_VERSION}; update it`);
  }
  if (!checkSource.Check(about[1])) throw refused('its source is none that there is');
  if (about[2] > 200 || about[3] > 20_000) throw refused('its name or its notes are too long');
  for (const kind of db.prepare('SELECT DISTINCT kind FROM mounts').pluck().all())
    if (!checkKind.Check(kind)) throw refused('a mount in it is of no kind that there is');
  for (const json of db.prepare('SELECT stall FROM stalls').pluck().iterate() as IterableIterator<string>)
    if (!isStall(json)) throw refused('a stall in it is none');
  const wrong = db
    .prepare("SELECT count(*) FROM arguments WHERE NOT json_valid(json) OR json_type(json) <> 'object'")
    .pluck()
    .get() as number;
  if (wrong > 0) throw refused('arguments of an operation in it cannot be read');
  const snapshot = db
    .prepare('SELECT count(*) FROM recording WHERE snapshot IS NOT NULL AND NOT json_valid(snapshot)')
    .pluck()
    .get();
  if (snapshot !== 0) throw refused('the stall that it was kept for cannot be read');
}

function isStall(json: string): boolean {
  try {
    return checkStall.Check(readStall(json));
  } catch {
    return false;
  }
}

function refused(why: string): CodedError {
  return new CodedError(
    'FUSESCOPE_INVALID',
    `this file is no recording that can be opened (${why}). Choose one that FuseScope made, or import logs with "fusescope import"`,
  );
}
