// Opens the database file: rights, version, owner. A file that cannot be read as a database is set aside under a
// name with the time in it, and a new one is begun; somebody else's database and a newer version are refused.
import { readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { CodedError } from '../errors.ts';
import { makeFolder } from '../folder.ts';
import { APPLICATION_ID, MIGRATIONS, NAMES } from './schema.ts';

const PAGE_CACHE_KIB = 32_000;
const COPY_CACHE_KIB = 4_000;
/** Pages of WAL before it is copied into the database: fewer and larger fsyncs than by default. */
const CHECKPOINT_PAGES = 8_000;
const WAL_LIMIT_BYTES = 128 * 1024 * 1024;

export interface Opened {
  db: Database;
  setAside: string | null;
}

/** @throws CodedError FUSESCOPE_STORE, FUSESCOPE_CONFLICT */
export function openDatabase(file: string): Opened {
  try {
    makeFolder(dirname(file));
  } catch (error) {
    throw storeError(file, error);
  }
  try {
    return { db: openOnce(file), setAside: null };
  } catch (error) {
    if (!isBroken(error)) throw error instanceof CodedError ? error : storeError(file, error);
    const setAside = setAsideFile(file);
    try {
      return { db: openOnce(file), setAside };
    } catch (again) {
      throw storeError(file, again);
    }
  }
}

/** For the reader: the same file, without the right to change it. */
export function openReadonly(file: string, cacheKiB = PAGE_CACHE_KIB): Database {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2_000 });
  db.pragma(`cache_size = -${cacheKiB}`);
  db.pragma('temp_store = MEMORY');
  // Opens the WAL now, so that the file may be unlinked afterwards.
  db.prepare('SELECT count(*) FROM meta').get();
  return db;
}

/** For copies into other files, which are attached to it: SQLite attaches to a connection with its own rights. */
export function openForCopies(file: string): Database {
  const db = new Sqlite(file, { fileMustExist: true, timeout: 2_000 });
  db.pragma(`cache_size = -${COPY_CACHE_KIB}`);
  db.pragma('temp_store = MEMORY');
  db.prepare('SELECT count(*) FROM meta').get();
  return db;
}

/** Renames the file and what belongs to it; answers the new name. */
export function setAsideFile(file: string): string {
  const name = `${file}.unreadable-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      renameSync(file + suffix, name + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw storeError(file, error);
    }
  }
  return name;
}

/** True for errors that say the file is no usable database, rather than that it cannot be written now. */
export function isBroken(error: unknown): boolean {
  const code = sqliteCode(error);
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** SQLite's name of an error, such as SQLITE_FULL; '' for others. */
export function sqliteCode(error: unknown): string {
  return error instanceof Sqlite.SqliteError ? error.code : '';
}

/** Number of the file behind a path; null where there is none. */
export function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

/** Number of the file system that a path lies on. */
export function deviceOf(path: string): number {
  return statSync(path).dev;
}

/** Marks the database as no longer in use by this process. */
export function releaseOwner(db: Database): void {
  db.prepare("DELETE FROM meta WHERE key = 'owner'").run();
}

function openOnce(file: string): Database {
  const db = new Sqlite(file, { timeout: 2_000 });
  try {
    const version = db.pragma('user_version', { simple: true }) as number;
    const application = db.pragma('application_id', { simple: true }) as number;
    const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
    if (tables > 0 && application !== APPLICATION_ID) {
      throw new CodedError(
        'FUSESCOPE_STORE',
        `${file} is a database of another program. Choose another file with --db`,
      );
    }
    if (version > MIGRATIONS.length) {
      throw new CodedError(
        'FUSESCOPE_STORE',
        `${file} was written by a newer FuseScope (schema ${version}, this one knows ${MIGRATIONS.length}). ` +
          'Update FuseScope, or choose another file with --db',
      );
    }
    if (version > 0) refuseSecondOwner(db, file);
    // Takes effect only in a file that is still empty.
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    db.pragma('temp_store = MEMORY');
    migrate(db, version);
    lookAround(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: Database, version: number): void {
  db.transaction(() => {
    for (const [i, sql] of MIGRATIONS.entries()) if (i >= version) db.exec(sql);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    const op = db.prepare('REPLACE INTO ops VALUES (?, ?)');
    const errno = db.prepare('REPLACE INTO errnos VALUES (?, ?)');
    for (const row of NAMES.ops) op.run(...row);
    for (const row of NAMES.errnos) errno.run(...row);
    db.prepare("REPLACE INTO meta VALUES ('owner', ?)").run(`${process.pid} ${startTicks(process.pid)}`);
  })();
}

/** Reads both ends of every table: finds most broken files at once, and never reads a large one whole. */
function lookAround(db: Database): void {
  const names = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'")
    .pluck()
    .all() as string[];
  for (const name of names) {
    for (const order of ['ASC', 'DESC'])
      db.prepare(`SELECT * FROM "${name}" ORDER BY rowid ${order} LIMIT 1`).get();
  }
  db.prepare('SELECT * FROM spans ORDER BY start_ns LIMIT 1').get();
}

/** Two servers on one file would write over each other's spans. */
function refuseSecondOwner(db: Database, file: string): void {
  const owner = db.prepare("SELECT value FROM meta WHERE key = 'owner'").pluck().get() as string | undefined;
  const [pid, ticks] = (owner ?? '').split(' ');
  if (!pid || !ticks || Number(pid) === process.pid || startTicks(Number(pid)) !== ticks) return;
  throw new CodedError(
    'FUSESCOPE_CONFLICT',
    `${file} is in use by process ${pid}. Stop it, or choose another file with --db`,
  );
}

/** When a process began, in clock ticks: with the pid, it names a process for good. '' where there is none. */
function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    // No such process, or no /proc: nothing can be said.
    return '';
  }
}

function storeError(file: string, error: unknown): CodedError {
  const why = error instanceof Error ? error.message : String(error);
  return new CodedError(
    'FUSESCOPE_STORE',
    `the database ${file} cannot be opened (${why}). Choose another with --db`,
    {
      cause: error,
    },
  );
}
