// The flight recorder: when a stall is raised, what its mount did in the 30 s before is kept as a recording with what is
// known of the cause, whatever retention does later. So are the last operations of a daemon that died with operations in
// hand. At most one a mount in 30 s; the oldest go when they become many.
import type { Logger } from 'pino';
import { quoteLiteral } from '../../shared/filter/print.ts';
import type { Recording } from '../../shared/recording.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { MountRecord } from '../mounts/registry.ts';
import type { Trace } from '../trace.ts';
import type { Recordings } from './manager.ts';

const BEFORE_US = 30e6;
const APART_US = 30e6;
/** So long the diagnosis is given before what is known is written down. */
const DIAGNOSIS_MS = 2_500;
/** What was aborted so long before a mount is known to be dead or gone was aborted by that. */
const DEATH_US = 15e6;
/** Recordings that wait to be made; a disk that is slow must not gather them without bound. */
const MAX_WAITING = 8;
const MAX_KEPT = 50;
const MAX_BYTES = 1024 ** 3;
const NAME_LENGTH = 200;

export interface FlightOptions {
  trace: Trace;
  recordings: Recordings;
  nowUs: () => number;
  log: Logger;
  diagnosisMs?: number;
}

export class FlightRecorder {
  readonly #options: FlightOptions;
  /** When the last one of a mount was made. */
  readonly #lastUs = new Map<number, number>();
  readonly #waiting = new Map<Stall, NodeJS.Timeout>();
  /** When an operation of a mount was last aborted; taken away once that is explained. */
  readonly #abortedUs = new Map<number, number>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.trace.on('raised', this.#raised);
    this.#options.trace.on('closed', this.#closed);
    this.#options.trace.on('ended', this.#ended);
    this.#options.trace.on('mount', this.#mount);
  }

  async close(): Promise<void> {
    this.#options.trace.off('raised', this.#raised);
    this.#options.trace.off('closed', this.#closed);
    this.#options.trace.off('ended', this.#ended);
    this.#options.trace.off('mount', this.#mount);
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

  readonly #ended = ({ state, mountId }: Span) => {
    if (state === 'aborted') this.#abortedUs.set(mountId, this.#options.nowUs());
  };

  /** Its daemon has died, or it went away, while operations were in hand. */
  readonly #mount = ({ id, mount, dead, present }: MountRecord) => {
    const abortedUs = this.#abortedUs.get(id);
    if (abortedUs === undefined || (!dead && present)) return;
    this.#abortedUs.delete(id);
    const nowUs = this.#options.nowUs();
    const last = this.#lastUs.get(id);
    if (nowUs - abortedUs > DEATH_US || (last !== undefined && nowUs - last < APART_US)) return;
    this.#lastUs.set(id, nowUs);
    const name = `${dead ? 'The daemon died' : 'It went away with operations in hand'}: ${mount}`;
    this.#write(mount, { name }, abortedUs - BEFORE_US);
  };

  #keep(stall: Stall): void {
    clearTimeout(this.#waiting.get(stall));
    this.#waiting.delete(stall);
    const { op, path, mount } = stall.span;
    const name = `Stall ${stall.id}: ${op}${path === null ? '' : ` of ${path}`} on ${mount}`;
    const about = { name, stallId: stall.id, snapshot: structuredClone(stall) };
    this.#write(mount, about, Math.min(stall.raisedUs, stall.span.startUs) - BEFORE_US);
  }

  /** One after the other. */
  #write(mount: string, about: { name: string; stallId?: number; snapshot?: Stall }, fromUs: number): void {
    const { recordings, log } = this.#options;
    const filter = `mount:${quoteLiteral(mount)}`;
    const whole = { ...about, name: about.name.slice(0, NAME_LENGTH), source: 'flight' as const, filter };
    this.#work = this.#work
      .then(() => recordings.keep(whole, { fromUs, toUs: null }))
      .then(() => this.#tidy())
      .catch((error: Error) => {
        log.error({ recording: about.name, error: error.message }, 'what happened was not recorded');
      });
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
