// What the clerk does with files of recordings: one function a task. Runs in a thread of its own (clerk.ts), since
// each of them waits for a disk.
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { RECORDING_EXTENSION, type Recording } from '../../shared/recording.ts';
import { CodedError } from '../errors.ts';
import { makeFolder } from '../folder.ts';
import { createFile, type NewRecording, openFile, readAbout, readSnapshot } from './file.ts';
import { finishFile } from './finish.ts';
import { verifyFile } from './verify.ts';

export type Task =
  | { kind: 'scan'; folder: string; nowUs: number }
  | { kind: 'create'; file: string; about: NewRecording }
  | { kind: 'finish'; file: string; endUs: number | null }
  | { kind: 'describe'; file: string; name: string | null; notes: string | null }
  | { kind: 'snapshot'; file: string }
  /** Copies what is in a file that grows, and completes the copy. */
  | { kind: 'glance'; file: string; copy: string; endUs: number }
  /** Looks at a file that came from elsewhere, and gives it its place. */
  | { kind: 'adopt'; file: string; from: string; name: string | null }
  /** Puts a finished file in the place of another one, with what people wrote about that one. */
  | { kind: 'replace'; file: string; by: string }
  | { kind: 'remove'; file: string };

/** What a task answers. */
export interface TaskAnswers {
  scan: Recording[];
  create: Recording;
  finish: Recording;
  describe: Recording;
  snapshot: string | null;
  glance: null;
  adopt: Recording;
  replace: Recording;
  remove: null;
}

const NAME = new RegExp(`^([1-9]\\d{0,14})\\.${RECORDING_EXTENSION}$`);

/** What an upload, a trim or a look at one that grows leaves that did not come to its end. */
const UNFINISHED = /^\d+(\.\d+)?\.part(-wal|-shm|-journal)?$/;

/** Where a recording lies. */
export function fileOf(folder: string, id: number): string {
  return join(folder, `${id}.${RECORDING_EXTENSION}`);
}

/** Where one is put together that is not whole yet. */
export function partOf(folder: string, id: number): string {
  return join(folder, `${id}.part`);
}

/** A copy of one that grows, the `turn`th. */
export function glanceOf(folder: string, id: number, turn: number): string {
  return join(folder, `${id}.${turn}.part`);
}

export const TASKS: { [K in Task['kind']]: (task: Extract<Task, { kind: K }>) => TaskAnswers[K] } = {
  scan: ({ folder, nowUs }) => {
    makeFolder(folder);
    const names = readdirSync(folder);
    for (const name of names) if (UNFINISHED.test(name)) rmSync(join(folder, name), { force: true });
    const files = names.filter((name) => NAME.test(name));
    return files.map((name) => found(join(folder, name), nowUs)).toSorted((a, b) => a.id - b.id);
  },
  create: ({ file, about }) => {
    createFile(file, about);
    return look(file);
  },
  finish: ({ file, endUs }) => {
    change(file, (db) => finishFile(db, endUs));
    return look(file);
  },
  describe: ({ file, name, notes }) => {
    change(file, (db) => {
      if (name !== null) db.prepare('UPDATE recording SET name = ?').run(name);
      if (notes !== null) db.prepare('UPDATE recording SET notes = ?').run(notes);
    });
    return look(file);
  },
  snapshot: ({ file }) => readSnapshot(file),
  glance: ({ file, copy, endUs }) => {
    const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2_000 });
    try {
      // One moment of it, whatever is written meanwhile.
      db.prepare('VACUUM INTO ?').run(copy);
    } finally {
      db.close();
    }
    change(copy, (db) => finishFile(db, endUs));
    return null;
  },
  adopt: ({ file, from, name }) => {
    verifyFile(from);
    // Latency and counts are worked out anew: they follow from the spans, whatever the file says of them.
    change(from, (db) => {
      if (name !== null) db.prepare('UPDATE recording SET name = ?').run(name);
      finishFile(db, null);
    });
    renameSync(from, file);
    return look(file);
  },
  replace: ({ file, by }) => {
    carryOver(file, by);
    renameSync(by, file);
    removeAll(file, ['-wal', '-shm', '-journal']);
    return look(file);
  },
  remove: ({ file }) => {
    removeAll(file, ['', '-wal', '-shm', '-journal']);
    return null;
  },
};

/** What a file in the folder is; one that was being recorded when its server ended is finished now. */
function found(file: string, nowUs: number): Recording {
  try {
    const recording = look(file);
    if (recording.state !== 'recording') return recording;
    // It ends where its last operation does: nobody saw what came after.
    change(file, (db) => finishFile(db, null));
    return look(file);
  } catch (error) {
    return broken(file, nowUs, error instanceof Error ? error.message : String(error));
  }
}

function look(file: string): Recording {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2_000 });
  try {
    return { id: idOf(file), ...readAbout(db), sizeBytes: statSync(file).size };
  } finally {
    db.close();
  }
}

function change(file: string, work: (db: ReturnType<typeof openFile>) => void): void {
  if (!statSync(file, { throwIfNoEntry: false })) {
    throw new CodedError(
      'FUSESCOPE_NOT_FOUND',
      `the file ${file} is gone. Remove the recording from the list`,
    );
  }
  const db = openFile(file);
  try {
    work(db);
    // A file at rest is one file, whatever was done to it.
    const growing = db.prepare("SELECT state = 'recording' FROM recording").pluck().get() === 1;
    if (!growing) db.pragma('journal_mode = DELETE');
  } finally {
    db.close();
  }
}

/** Gives a file what people wrote about another one, and where that one came from. */
function carryOver(from: string, to: string): void {
  const old = new Sqlite(from, { readonly: true, fileMustExist: true, timeout: 2_000 });
  try {
    const row = old
      .prepare('SELECT name, notes, source, host, created_us, stall_id, snapshot FROM recording')
      .raw()
      .get() as (string | number | null)[];
    change(to, (db) => {
      db.prepare(
        'UPDATE recording SET name = ?, notes = ?, source = ?, host = ?, created_us = ?, stall_id = ?, snapshot = ?',
      ).run(...row);
    });
  } finally {
    old.close();
  }
}

function removeAll(file: string, suffixes: readonly string[]): void {
  for (const suffix of suffixes) rmSync(file + suffix, { force: true });
}

function idOf(file: string): number {
  return Number(NAME.exec(basename(file))?.[1] ?? 0);
}

function broken(file: string, nowUs: number, problem: string): Recording {
  return {
    id: idOf(file),
    name: basename(file),
    notes: '',
    state: 'broken',
    problem,
    source: 'kept',
    version: 0,
    host: '',
    createdUs: nowUs,
    filter: '',
    fromUs: null,
    toUs: null,
    spans: 0,
    open: 0,
    stalls: 0,
    lost: 0,
    mounts: [],
    stallId: null,
    sizeBytes: statSync(file, { throwIfNoEntry: false })?.size ?? 0,
  };
}
