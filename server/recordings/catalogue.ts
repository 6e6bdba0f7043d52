// Which recordings there are: files in a folder beside the database, by number. Making, finishing and removing one;
// where its spans come from is the manager's business.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Recording, RecordingSource } from '../../shared/recording.ts';
import type { Clock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { askClerk } from './clerk-client.ts';
import type { NewRecording } from './file.ts';
import { fileOf, glanceOf, partOf } from './tasks.ts';

/** What whoever makes a recording says of it. */
export interface About {
  name: string;
  notes?: string;
  source: RecordingSource;
  filter?: string;
  /** The stall that made it, and what was known of it then (kept as JSON). */
  stallId?: number;
  snapshot?: unknown;
}

export interface TimeRange {
  fromUs: number | null;
  toUs: number | null;
}

export class Catalogue {
  /** Numbers of recordings that are being made at this time, by a copy or a writer. */
  readonly making = new Set<number>();
  private readonly folder: string;
  private readonly temporary: boolean;
  private readonly host: string;
  private readonly clock: Clock;
  private readonly known = new Map<number, Recording>();
  private ready: Promise<void> | null = null;
  private nextId = 1;
  private glances = 0;

  /** @param db database beside which the folder lies, or `:memory:` */
  constructor(db: string, host: string, clock: Clock) {
    this.host = host;
    this.clock = clock;
    this.temporary = db === ':memory:';
    this.folder = this.temporary ? mkdtempSync(join(tmpdir(), 'fusescope-recordings-')) : folderBeside(db);
  }

  /** Reads the folder, once; a recording that was going on when its server ended is completed. */
  async load(): Promise<void> {
    this.ready ??= this.scan();
    await this.ready;
  }

  /** Newest first. */
  async list(): Promise<Recording[]> {
    await this.load();
    return [...this.known.values()].toSorted((a, b) => b.createdUs - a.createdUs || b.id - a.id);
  }

  /** One, where it is known; without waiting. */
  peek(id: number): Recording | undefined {
    return this.known.get(id);
  }

  /** @throws CodedError FUSESCOPE_NOT_FOUND */
  async get(id: number): Promise<Recording> {
    await this.load();
    const found = this.known.get(id);
    if (found) return found;
    throw new CodedError(
      'FUSESCOPE_NOT_FOUND',
      `there is no recording ${id}; GET /api/recordings lists them`,
    );
  }

  /** One that can be read. @throws CodedError FUSESCOPE_NOT_FOUND, FUSESCOPE_CONFLICT, FUSESCOPE_STORE */
  async finished(id: number): Promise<Recording> {
    const recording = await this.get(id);
    if (recording.state === 'broken') throw unreadable(recording);
    if (recording.state === 'recording') throw busy(id);
    return recording;
  }

  /** An empty recording on disk. */
  async begin(about: About, range: TimeRange): Promise<{ id: number; file: string }> {
    await this.load();
    const id = this.nextId++;
    const file = this.file(id);
    const made = this.describe(about, range);
    this.remember(await askClerk<'create'>({ kind: 'create', file, about: made }));
    return { id, file };
  }

  /** Works out what follows from its spans. @param endUs until when what is open is open; null: its last time */
  async complete(id: number, endUs: number | null): Promise<Recording> {
    const done = await askClerk<'finish'>({ kind: 'finish', file: this.file(id), endUs });
    this.making.delete(id);
    return this.remember(done);
  }

  async discard(id: number): Promise<void> {
    this.making.delete(id);
    this.known.delete(id);
    await askClerk<'remove'>({ kind: 'remove', file: this.file(id) });
  }

  remember(recording: Recording): Recording {
    this.known.set(recording.id, recording);
    return recording;
  }

  describe(about: About, { fromUs, toUs }: TimeRange): NewRecording {
    return {
      name: about.name,
      notes: about.notes ?? '',
      source: about.source,
      filter: about.filter ?? '',
      host: this.host,
      createdUs: this.clock.wallUs(),
      fromUs,
      toUs,
      stallId: about.stallId ?? null,
      snapshot: about.snapshot === undefined ? null : JSON.stringify(about.snapshot),
    };
  }

  file(id: number): string {
    return fileOf(this.folder, id);
  }

  /** A number that nothing has, and where a file for it is put together. */
  part(): { id: number; part: string } {
    const id = this.nextId++;
    return { id, part: partOf(this.folder, id) };
  }

  /** Where a copy of one that grows is put, to be looked at. */
  glance(id: number): string {
    return glanceOf(this.folder, id, ++this.glances);
  }

  close(): void {
    if (this.temporary) rmSync(this.folder, { recursive: true, force: true });
  }

  private async scan(): Promise<void> {
    const nowUs = this.clock.wallUs();
    for (const one of await askClerk<'scan'>({ kind: 'scan', folder: this.folder, nowUs })) {
      this.known.set(one.id, one);
      this.nextId = Math.max(this.nextId, one.id + 1);
    }
  }
}

/** `fusescope.db` has its recordings in `fusescope-recordings`. */
function folderBeside(db: string): string {
  const file = resolve(db);
  return join(dirname(file), `${basename(file).replace(/\.db$/, '')}-recordings`);
}

export function busy(id: number): CodedError {
  return new CodedError(
    'FUSESCOPE_CONFLICT',
    `recording ${id} is being made or changed. Wait until it is done`,
  );
}

export function unreadable(recording: Recording): CodedError {
  return new CodedError(
    'FUSESCOPE_STORE',
    `recording ${recording.id} cannot be read (${recording.problem}). Remove it, or put a good file in its place`,
  );
}
