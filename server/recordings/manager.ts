// The recordings of this server: kept, started and stopped, written, opened, trimmed. What waits for a disk is done in
// threads (clerk, reader, writer).
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import type { Recording, RecordingDetails } from '../../shared/recording.ts';
import type { Clock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { parseFilter } from '../filters.ts';
import type { Store, StoreReads } from '../store/types.ts';
import { type About, busy, Catalogue, type TimeRange, unreadable } from './catalogue.ts';
import { askClerk } from './clerk-client.ts';
import { LiveRecordings } from './live.ts';
import { OpenRecordings, RecordingReads } from './opened.ts';
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

export class Recordings {
  private readonly options: RecordingsOptions;
  private readonly catalogue: Catalogue;
  private readonly opened = new OpenRecordings();
  private readonly live: LiveRecordings;

  constructor(options: RecordingsOptions) {
    this.options = options;
    this.catalogue = new Catalogue(options.db, options.host, options.clock);
    this.live = new LiveRecordings({
      flush: options.flush,
      failed: (recording, error) => {
        options.log.error({ recording: recording.id, error: error.message }, 'a recording ends early');
        this.catalogue.complete(recording.id, options.clock.wallUs()).catch((again: Error) => {
          options.log.error({ recording: recording.id, error: again.message }, 'it was not completed');
        });
      },
    });
  }

  /** Reads the folder, once; a recording that was going on when its server ended is completed. */
  load(): Promise<void> {
    return this.catalogue.load();
  }

  /** Newest first. */
  list(): Promise<Recording[]> {
    return this.catalogue.list();
  }

  /** Those that grow, for who shows that something is being recorded. */
  growing(): Recording[] {
    return this.live.recordings;
  }

  /** @throws CodedError FUSESCOPE_NOT_FOUND */
  get(id: number): Promise<Recording> {
    return this.catalogue.get(id);
  }

  async details(id: number): Promise<RecordingDetails> {
    const recording = await this.get(id);
    if (recording.state === 'broken') return { ...recording, snapshot: null };
    const json = await askClerk<'snapshot'>({ kind: 'snapshot', file: this.catalogue.file(id) });
    return { ...recording, snapshot: json === null ? null : JSON.parse(json) };
  }

  /**
   * A recording to ask; of one that grows, what was in it when somebody last looked at it (`lookAgain`).
   * @throws CodedError FUSESCOPE_NOT_FOUND, FUSESCOPE_CONFLICT while it is being copied
   */
  async reads(id: number): Promise<RecordingReads> {
    await this.get(id);
    if (this.live.has(id)) return this.opened.get(id, () => this.soFar(id));
    const { toUs } = await this.catalogue.finished(id);
    const file = this.catalogue.file(id);
    return this.opened.get(id, () => RecordingReads.open(file, toUs ?? this.options.clock.wallUs()));
  }

  /** Forgets what was seen of one that grows: the next question sees all that is in it by then. */
  async lookAgain(id: number): Promise<void> {
    if (this.live.has(id)) await this.opened.drop(id);
  }

  /** A copy of one that grows, completed as if it ended now; it goes when nobody looks at it any more. */
  private async soFar(id: number): Promise<RecordingReads> {
    const endUs = this.options.clock.wallUs();
    const copy = this.catalogue.glance(id);
    const remove = () => askClerk<'remove'>({ kind: 'remove', file: copy });
    try {
      await askClerk<'glance'>({ kind: 'glance', file: this.catalogue.file(id), copy, endUs });
      return await RecordingReads.open(copy, endUs, remove);
    } catch (error) {
      await remove();
      throw error;
    }
  }

  /** The file of a finished recording, to be read and handed on. */
  async fileOf(id: number): Promise<{ file: string; recording: Recording }> {
    return { file: this.catalogue.file(id), recording: await this.catalogue.finished(id) };
  }

  /** Makes a recording of spans from anywhere. */
  async create(about: About): Promise<RecordingWriter> {
    const { id, file } = await this.catalogue.begin(about, { fromUs: null, toUs: null });
    this.catalogue.making.add(id);
    const end = {
      finish: (endUs: number | null) => this.catalogue.complete(id, endUs),
      abort: () => this.catalogue.discard(id),
    };
    try {
      return await RecordingWriter.open(id, file, this.options.host, end);
    } catch (error) {
      await this.catalogue.discard(id);
      throw error;
    }
  }

  /**
   * Keeps what is stored of a filter and range: what was in flight at some time in it. A range without an end ends now.
   * @param from another recording to keep a part of, else the live trace
   * @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_STORE
   */
  async keep(about: About, range: TimeRange, from?: number): Promise<Recording> {
    const filter = about.filter ?? '';
    parseFilter(filter);
    const source = from === undefined ? this.options.store : await this.reads(from);
    const toUs = range.toUs ?? (from === undefined ? this.options.clock.wallUs() : null);
    if (from === undefined) this.options.flush();
    const { id, file } = await this.catalogue.begin(about, { fromUs: range.fromUs, toUs });
    this.catalogue.making.add(id);
    try {
      await this.copy(source, { target: file, filter, fromUs: range.fromUs, toUs }, id);
      return await this.catalogue.complete(id, toUs);
    } catch (error) {
      await this.catalogue.discard(id);
      throw error;
    }
  }

  /** Begins a recording that grows until `stop`. @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_BUSY */
  async start(about: About): Promise<Recording> {
    const filter = about.filter ?? '';
    parseFilter(filter);
    const range = { fromUs: this.options.clock.wallUs(), toUs: null };
    const { id, file } = await this.catalogue.begin(about, range);
    try {
      const recording = await this.get(id);
      const pieces = this.options.store.copy({ kind: 'follow', target: file, filter });
      await this.live.add({ recording, pieces });
      return recording;
    } catch (error) {
      await this.catalogue.discard(id);
      throw error;
    }
  }

  /** @throws CodedError FUSESCOPE_CONFLICT where it does not grow */
  async stop(id: number): Promise<Recording> {
    await this.get(id);
    const endUs = this.options.clock.wallUs();
    if (!(await this.live.end(id)))
      throw new CodedError('FUSESCOPE_CONFLICT', `recording ${id} is not going on. Nothing to stop`);
    const done = await this.catalogue.complete(id, endUs);
    await this.opened.drop(id);
    return done;
  }

  /** Gives it another name or other notes; null leaves one as it is. */
  async describe(id: number, name: string | null, notes: string | null): Promise<Recording> {
    const before = await this.get(id);
    if (before.state === 'broken') throw unreadable(before);
    const file = this.catalogue.file(id);
    const after = await askClerk<'describe'>({ kind: 'describe', file, name, notes });
    const { spans, sizeBytes } = before.state === 'recording' ? before : after;
    // The object that grows stays the same one.
    return this.catalogue.remember(Object.assign(before, after, { spans, sizeBytes }));
  }

  /** Leaves of a recording only what a range and filter take. @throws CodedError as `keep` */
  async trim(id: number, filter: string, range: TimeRange): Promise<Recording> {
    parseFilter(filter);
    const recording = await this.catalogue.finished(id);
    const reads = await this.reads(id);
    // The file that the first one replaces would be read by the second.
    if (this.catalogue.making.has(id)) throw busy(id);
    const { part } = this.catalogue.part();
    const fromUs = laterOf(range.fromUs, recording.fromUs);
    const toUs =
      range.toUs === null ? recording.toUs : Math.min(range.toUs, recording.toUs ?? Number.POSITIVE_INFINITY);
    const filters = [recording.filter, filter].filter((one) => one !== '').join(' ');
    const about = this.catalogue.describe({ ...recording, filter: filters, stallId: 0 }, { fromUs, toUs });
    this.catalogue.making.add(id);
    try {
      await askClerk<'create'>({ kind: 'create', file: part, about });
      await this.copy(reads, { target: part, filter, fromUs, toUs }, null);
      await askClerk<'finish'>({ kind: 'finish', file: part, endUs: toUs });
      await this.opened.drop(id);
      const file = this.catalogue.file(id);
      return this.catalogue.remember(await askClerk<'replace'>({ kind: 'replace', file, by: part }));
    } finally {
      this.catalogue.making.delete(id);
      await askClerk<'remove'>({ kind: 'remove', file: part });
    }
  }

  /**
   * Takes a file of a recording from elsewhere, as it comes.
   * @param name null: its own
   * @throws CodedError FUSESCOPE_INVALID with what is wrong with it, FUSESCOPE_STORE where the disk is full
   */
  async adopt(bytes: AsyncIterable<Uint8Array>, name: string | null): Promise<Recording> {
    await this.load();
    const { id, part } = this.catalogue.part();
    const file = this.catalogue.file(id);
    try {
      await pipeline(bytes, createWriteStream(part, { flags: 'wx', mode: 0o600 }));
      return this.catalogue.remember(await askClerk<'adopt'>({ kind: 'adopt', file, from: part, name }));
    } catch (error) {
      await askClerk<'remove'>({ kind: 'remove', file: part });
      if (error instanceof CodedError) throw error;
      const why = (error as Error).message;
      throw new CodedError('FUSESCOPE_STORE', `the file did not arrive (${why}). Try again`);
    }
  }

  /** Removes it for good; one that grows is stopped first. */
  async remove(id: number): Promise<void> {
    await this.get(id);
    if (this.catalogue.making.has(id)) throw busy(id);
    await this.live.end(id);
    await this.opened.drop(id);
    await this.catalogue.discard(id);
  }

  /** Stops what grows, and closes what is open. */
  async close(): Promise<void> {
    const endUs = this.options.clock.wallUs();
    for (const { id } of this.live.recordings) {
      try {
        await this.live.end(id);
        await this.catalogue.complete(id, endUs);
      } catch (error) {
        // The next start completes it.
        this.options.log.error({ recording: id, error: (error as Error).message }, 'it was not completed');
      }
    }
    await this.opened.close();
    this.catalogue.close();
  }

  private async copy(
    source: StoreReads,
    what: { target: string; filter: string; fromUs: number | null; toUs: number | null },
    id: number | null,
  ): Promise<void> {
    for await (const { spans, sizeBytes } of source.copy({ kind: 'copy', ...what })) {
      const recording = id === null ? undefined : this.catalogue.peek(id);
      if (recording) Object.assign(recording, { spans, sizeBytes });
    }
  }
}

function laterOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
