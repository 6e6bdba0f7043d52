// Makes a recording of a log: read by a process of its own (reading.ts), written as it comes. A few at a time; what is
// given up, by whoever sends it or by the end of the server, leaves nothing.
import type { ImportAnswer } from '../../shared/import.ts';
import type { Span } from '../../shared/span.ts';
import { CodedError } from '../errors.ts';
import type { Launch } from '../launch/launch.ts';
import type { Recordings } from '../recordings/manager.ts';
import { LogReading } from './reading.ts';

export interface ImportRequest {
  format: string;
  mount: string | null;
  /** Of the file; the recording is called after it. */
  name: string;
  modifiedUs: number | null;
}

/** Names under which a recording keeps what was read beside its spans (table `settings`). */
export const LOG_PATTERNS = 'log-patterns';
const LOG_REPORT = 'log-report';

const MAX_AT_ONCE = 4;

export class Importer {
  readonly #program: string;
  readonly #launch: Launch;
  readonly #recordings: Recordings;
  readonly #running = new Set<LogReading>();
  readonly #busy = new Set<Promise<ImportAnswer>>();

  /** @param program entry file of the reading process. */
  constructor(program: string, launch: Launch, recordings: Recordings) {
    this.#program = program;
    this.#launch = launch;
    this.#recordings = recordings;
  }

  /** @throws CodedError FUSESCOPE_FORMAT, FUSESCOPE_BUSY, FUSESCOPE_STORE */
  async import(bytes: AsyncIterable<Uint8Array>, request: ImportRequest): Promise<ImportAnswer> {
    if (this.#running.size >= MAX_AT_ONCE) {
      throw new CodedError(
        'FUSESCOPE_BUSY',
        `${MAX_AT_ONCE} logs are being read. Try again when one is done`,
      );
    }
    const answer = this.#run(bytes, request);
    this.#busy.add(answer);
    try {
      return await answer;
    } finally {
      this.#busy.delete(answer);
    }
  }

  /** Ends what is being read. */
  async close(): Promise<void> {
    for (const reading of this.#running) reading.stop();
    await Promise.allSettled(this.#busy);
  }

  async #run(bytes: AsyncIterable<Uint8Array>, request: ImportRequest): Promise<ImportAnswer> {
    const { name } = request;
    const reading = new LogReading({ program: this.#program, ...request }, this.#launch);
    this.#running.add(reading);
    try {
      const writer = await this.#recordings.create({ name, source: 'log' });
      try {
        const { patterns, report } = await reading.read(bytes, {
          mount: (mount, kind) => writer.mount({ mount, kind }),
          spans: (spans: Span[]) => writer.write(spans),
        });
        writer.keep(LOG_PATTERNS, patterns);
        writer.keep(LOG_REPORT, report);
        const recording = await writer.finish();
        return {
          file: name,
          recording: recording.id,
          stalls: recording.stalls,
          patterns: patterns.length,
          ...report,
        };
      } catch (error) {
        await writer.abort();
        throw error;
      }
    } finally {
      reading.stop();
      this.#running.delete(reading);
    }
  }
}
