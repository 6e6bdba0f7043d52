// The recordings of this server: files in a folder beside the database. Knows them all by number; what waits for a
// disk is done in threads (clerk, reader, writer).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Recording, RecordingDetails, RecordingSource } from '../../shared/recording.ts';
import type { Clock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { parseFilter } from '../filters.ts';
import type { Store, StoreReads } from '../store/types.ts';
import { askClerk } from './clerk-client.ts';
import type { NewRecording } from './file.ts';
import { LiveRecordings } from './live.ts';
import { OpenRecordings, RecordingReads } from './opened.ts';
import { fileOf } from './tasks.ts';
import { RecordingWriter } from './writer.ts';

export interface RecordingsOptions {
  /** Database beside which the folder lies, or `:memory:`. */
  db: string;
  host: string;
  clock: Clock;
  log: Logger;
  store: Store;
  /** Brings the store up to date with what is open. */
  flush: () => void;
}

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

export class Recordings {
  private readonly options: RecordingsOptions;
  private readonly folder: string;
  private readonly temporary: boolean;
  private readonly known = new Map<number, Recording>();
  private readonly opened = new OpenRecordings();
  private readonly live: LiveRecordings;
  /** Numbers of recordings that are being made at this time, by a copy or a writer. */
  private readonly making = new Set<number>();
  private ready: Promise<void> | null = null;
  private nextId = 1;

  constructor(options: RecordingsOptions) {
    this.options = options;
    this.temporary = options.db === ':memory:';
    this.folder = this.temporary
      ? mkdtempSync(join(tmpdir(), 'fusescope-recordings-'))
      : folderBeside(options.db);
    this.live = new LiveRecordings({
      flush: options.flush,
      grown: (recording) => this.known.set(recording.id, recording),
      failed: (recording, error) => {
        options.log.error({ recording: recording.id, error: error.message }, 'a recording ends early');
        void this.complete(recording.id, options.clock.wallUs()).catch(() => {});
      },
    });
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

  /** Those that grow, for who shows that something is being recorded. */
  growing(): Recording[] {
    return this.live.ids.map((id) => this.known.get(id)).filter((one) => one !== undefined);
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

  async details(id: number): Promise<RecordingDetails> {
    const recording = await this.get(id);
    if (recording.state === 'broken') return { ...recording, snapshot: null };
    const json = await askClerk<'snapshot'>({ kind: 'snapshot', file: this.file(id) });
    return { ...recording, snapshot: json === null ? null : JSON.parse(json) };
  }

  /** A recording to ask. @throws CodedError FUSESCOPE_NOT_FOUND, FUSESCOPE_CONFLICT while it grows */
  async reads(id: number): Promise<RecordingReads> {
    const { toUs } = await this.finished(id);
    return this.opened.get(id, () => RecordingReads.open(this.file(id), toUs ?? this.options.clock.wallUs()));
  }

  /** Makes a recording of spans from anywhere. */
  async create(about: About): Promise<RecordingWriter> {
    const { id, file } = await this.begin(about, null, null);
    this.making.add(id);
    const end = {
      finish: (endUs: number | null) => this.complete(id, endUs),
      abort: () => this.discard(id),
    };
    try {
      return await RecordingWriter.open(id, file, this.options.host, end);
    } catch (error) {
      await this.discard(id);
      throw error;
    }
  }

  /**
   * Keeps what is stored of a filter and range: what was in flight at some time in it. A range without an end ends now.
   * @param from another recording to keep a part of, else the live trace
   * @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_STORE
   */
  async keep(
    about: About,
    range: { fromUs: number | null; toUs: number | null },
    from?: number,
  ): Promise<Recording> {
    const filter = about.filter ?? '';
    parseFilter(filter);
    const toUs = range.toUs ?? (from === undefined ? this.options.clock.wallUs() : null);
    const source = from === undefined ? this.options.store : await this.reads(from);
    if (from === undefined) this.options.flush();
    const { id, file } = await this.begin(about, range.fromUs, toUs);
    this.making.add(id);
    try {
      await this.copy(source, { target: file, filter, fromUs: range.fromUs, toUs }, id);
      return await this.complete(id, toUs);
    } catch (error) {
      await this.discard(id);
      throw error;
    }
  }

  /** Begins a recording that grows until `stop`. @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_BUSY */
  async start(about: About): Promise<Recording> {
    const filter = about.filter ?? '';
    parseFilter(filter);
    const { id, file } = await this.begin(about, this.options.clock.wallUs(), null);
    try {
      const recording = await this.get(id);
      const pieces = this.options.store.job({ kind: 'follow', target: file, filter });
      await this.live.add({ recording, pieces });
      return recording;
    } catch (error) {
      await this.discard(id);
      throw error;
    }
  }

  /** @throws CodedError FUSESCOPE_CONFLICT where it does not grow */
  async stop(id: number): Promise<Recording> {
    await this.get(id);
    const endUs = this.options.clock.wallUs();
    if (!(await this.live.end(id)))
      throw new CodedError('FUSESCOPE_CONFLICT', `recording ${id} is not going on. Nothing to stop`);
    return this.complete(id, endUs);
  }

  /** Gives it another name or other notes; null leaves one as it is. */
  async describe(id: number, name: string | null, notes: string | null): Promise<Recording> {
    const before = await this.get(id);
    if (before.state === 'broken') throw unreadable(before);
    const after = await askClerk<'describe'>({ kind: 'describe', file: this.file(id), name, notes });
    const { spans, sizeBytes } = before.state === 'recording' ? before : after;
    // The object that grows stays the same one.
    return this.remember(Object.assign(before, after, { spans, sizeBytes }));
  }

  /** Removes it for good; one that grows is stopped first. */
  async remove(id: number): Promise<void> {
    await this.get(id);
    if (this.making.has(id)) throw busy(id);
    await this.live.end(id);
    await this.opened.drop(id);
    await this.discard(id);
  }

  /** The file of a finished recording, to be read and handed on. */
  async fileOf(id: number): Promise<{ file: string; recording: Recording }> {
    return { file: this.file(id), recording: await this.finished(id) };
  }

  /** Stops what grows, and closes what is open. */
  async close(): Promise<void> {
    const endUs = this.options.clock.wallUs();
    for (const id of this.live.ids) {
      try {
        await this.live.end(id);
        await this.complete(id, endUs);
      } catch (error) {
        // The next start completes it.
        this.options.log.error(
          { recording: id, error: (error as Error).message },
          'a recording was not completed',
        );
      }
    }
    await this.opened.close();
    if (this.temporary) rmSync(this.folder, { recursive: true, force: true });
  }

  private async scan(): Promise<void> {
    const nowUs = this.options.clock.wallUs();
    for (const one of await askClerk<'scan'>({ kind: 'scan', folder: this.folder, nowUs })) {
      this.known.set(one.id, one);
      this.nextId = Math.max(this.nextId, one.id + 1);
    }
  }

  /** An empty recording on disk. */
  private async begin(about: About, fromUs: number | null, toUs: number | null) {
    await this.load();
    const id = this.nextId++;
    const file = this.file(id);
    const made: NewRecording = {
      name: about.name,
      notes: about.notes ?? '',
      source: about.source,
      filter: about.filter ?? '',
      host: this.options.host,
      createdUs: this.options.clock.wallUs(),
      fromUs,
      toUs,
      stallId: about.stallId ?? null,
      snapshot: about.snapshot === undefined ? null : JSON.stringify(about.snapshot),
    };
    this.remember(await askClerk<'create'>({ kind: 'create', file, about: made }));
    return { id, file };
  }

  private async copy(
    source: StoreReads,
    what: { target: string; filter: string; fromUs: number | null; toUs: number | null },
    id: number,
  ): Promise<void> {
    for await (const facts of source.job({ kind: 'copy', ...what })) {
      const recording = this.known.get(id);
      if (recording) Object.assign(recording, { spans: facts.spans, sizeBytes: facts.sizeBytes });
    }
  }

  private async complete(id: number, endUs: number | null): Promise<Recording> {
    const done = await askClerk<'finish'>({ kind: 'finish', file: this.file(id), endUs });
    this.making.delete(id);
    return this.remember(done);
  }

  private async discard(id: number): Promise<void> {
    this.making.delete(id);
    this.known.delete(id);
    await askClerk<'remove'>({ kind: 'remove', file: this.file(id) });
  }

  private async finished(id: number): Promise<Recording> {
    const recording = await this.get(id);
    if (recording.state === 'broken') throw unreadable(recording);
    if (recording.state === 'recording') throw busy(id);
    return recording;
  }

  private remember(recording: Recording): Recording {
    this.known.set(recording.id, recording);
    return recording;
  }

  private file(id: number): string {
    return fileOf(this.folder, id);
  }
}

/** `fusescope.db` has its recordings in `fusescope-recordings`. */
function folderBeside(db: string): string {
  const file = resolve(db);
  return join(dirname(file), `${basename(file).replace(/\.db$/, '')}-recordings`);
}

function busy(id: number): CodedError {
  return new CodedError(
    'FUSESCOPE_CONFLICT',
    `recording ${id} is still being made. Stop it, or wait until it is done`,
  );
}

function unreadable(recording: Recording): CodedError {
  return new CodedError(
    'FUSESCOPE_STORE',
    `recording ${recording.id} cannot be read (${recording.problem}). Remove it, or put a good file in its place`,
  );
}
