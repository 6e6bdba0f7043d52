// The flight recorder: when a stall is raised, what its mount did in the 30 s before is kept as a recording with what is
// known of the cause, whatever retention does later. At most one a mount in 30 s; the oldest go when they become many.
import type { Logger } from 'pino';
import { quoteLiteral } from '../../shared/filter/print.ts';
import type { Recording } from '../../shared/recording.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Trace } from '../trace.ts';
import type { Recordings } from './manager.ts';

const BEFORE_US = 30e6;
const APART_US = 30e6;
/** So long the diagnosis is given before what is known is written down. */
const DIAGNOSIS_MS = 2_500;
/** Recordings that wait to be made; a disk that is slow must not gather them without bound. */
const MAX_WAITING = 8;
const MAX_KEPT = 50;
const MAX_BYTES = 1024 ** 3;
const NAME_LENGTH = 200;

export interface FlightOptions {
  trace: Trace;
  recordings: Recordings;
  log: Logger;
  diagnosisMs?: number;
}

export class FlightRecorder {
  readonly #options: FlightOptions;
  /** When the last one of a mount was made. */
  readonly #lastUs = new Map<number, number>();
  readonly #waiting = new Map<Stall, NodeJS.Timeout>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.trace.on('raised', this.#raised);
    this.#options.trace.on('closed', this.#closed);
  }

  async close(): Promise<void> {
    this.#options.trace.off('raised', this.#raised);
    this.#options.trace.off('closed', this.#closed);
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    await this.#work;
  }

  readonly #raised = (stall: Stall) => {
    const { mountId } = stall.span;
    const last = this.#lastUs.get(mountId);
    if (last !== undefined && stall.raisedUs - last < APART_US) return;
    if (this.#waiting.size >= MAX_WAITING) return;
    this.#lastUs.set(mountId, stall.raisedUs);
    const { diagnosisMs = DIAGNOSIS_MS } = this.#options;
    this.#waiting.set(
      stall,
      setTimeout(() => this.#keep(stall), diagnosisMs),
    );
  };

  /** It did not last until its cause was known. */
  readonly #closed = (stall: Stall) => {
    for (const waiting of this.#waiting.keys()) if (waiting.id === stall.id) this.#keep(waiting);
  };

  #keep(stall: Stall): void {
    clearTimeout(this.#waiting.get(stall));
    this.#waiting.delete(stall);
    const snapshot = structuredClone(stall);
    this.#work = this.#work
      .then(() => this.#write(snapshot))
      .catch((error: Error) => {
        this.#options.log.error({ stall: stall.id, error: error.message }, 'a stall was not recorded');
      });
  }

  async #write(stall: Stall): Promise<void> {
    const { recordings } = this.#options;
    const { op, path, mount } = stall.span;
    const name = `Stall ${stall.id}: ${op}${path === null ? '' : ` of ${path}`} on ${mount}`;
    await recordings.keep(
      {
        name: name.slice(0, NAME_LENGTH),
        source: 'flight',
        filter: `mount:${quoteLiteral(mount)}`,
        stallId: stall.id,
        snapshot: stall,
      },
      { fromUs: Math.min(stall.raisedUs, stall.span.startUs) - BEFORE_US, toUs: null },
    );
    await this.#tidy();
  }

  /** Those that somebody has written notes to stay. */
  async #tidy(): Promise<void> {
    const { recordings } = this.#options;
    const own = (await recordings.list()).filter((one) => one.source === 'flight' && one.notes === '');
    for (const { id } of surplus(own)) await recordings.remove(id);
  }
}

/** The oldest, where there are too many or they take too much. @param newestFirst */
export function surplus<R extends Pick<Recording, 'sizeBytes'>>(newestFirst: readonly R[]): R[] {
  let bytes = 0;
  return newestFirst.filter(({ sizeBytes }, i) => {
    bytes += sizeBytes;
    return i >= MAX_KEPT || (bytes > MAX_BYTES && i > 0);
  });
}
