// Writes marked files in one directory, looks for them in another that shall show the same, and measures how long that
// takes: until a file opens with all of its content, and until the listing of its directory has it.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FromProbe } from '../../shared/probe.ts';
import { ProbeChild } from './child.ts';

/** The message says which directory, and what to do. */
export class ProbeError extends Error {
  override name = 'ProbeError';
}

export interface ProbeOptions {
  write: string;
  read: string;
  count: number;
  intervalMs: number;
  /** A file that is not seen this long after it was written has never appeared. */
  timeoutMs: number;
}

export interface Sighting {
  name: string;
  wroteNs: bigint;
  /** Since it was written, ms; null: never. */
  openMs: number | null;
  listMs: number | null;
  vanished: number;
  reappeared: number;
}

/** A child that says nothing for so much longer than a file may take hangs. */
const PATIENCE_MS = 2_000;
const GRACE_MS = 500;

/**
 * Files in order of writing. They are removed at the end.
 * @throws ProbeError where a directory cannot be written, or does not answer
 */
export async function probeVisibility(options: ProbeOptions): Promise<Sighting[]> {
  const run = new Run(options);
  try {
    return await run.all();
  } finally {
    await run.end();
  }
}

class Run {
  readonly #options: ProbeOptions;
  readonly #sightings = new Map<string, Sighting>();
  readonly #writer: ProbeChild;
  readonly #looker: ProbeChild;
  #failure: ProbeError | null = null;
  #wake = () => {};
  #ready = 0;
  #removed = 0;

  constructor(options: ProbeOptions) {
    this.#options = options;
    const hear = (message: FromProbe) => this.#hear(message);
    const ended = () => this.#fail('a process of the probe has ended. Try again');
    this.#writer = new ProbeChild('write', options.write, hear, ended);
    this.#looker = new ProbeChild('look', options.read, hear, ended);
  }

  async all(): Promise<Sighting[]> {
    const { count, intervalMs, timeoutMs, write } = this.#options;
    const prefix = `.fusescope-probe-${randomBytes(4).toString('hex')}`;
    await this.#until(PATIENCE_MS * 5, () => this.#ready === 2, 'the processes of the probe do not start');
    for (let i = 0; i < count; i++) {
      const name = `${prefix}-${i + 1}`;
      this.#writer.tell({ do: 'write', name });
      await this.#until(
        timeoutMs + PATIENCE_MS,
        () => this.#sightings.has(name),
        `${write} does not take a file. Is its mount stuck? "fusescope stalls" tells`,
      );
      if (i + 1 < count) await delay(intervalMs);
    }
    const sightings = [...this.#sightings.values()];
    const isSettled = (one: Sighting) =>
      (one.openMs !== null && one.listMs !== null) ||
      Number(process.hrtime.bigint() - one.wroteNs) / 1e6 > timeoutMs;
    while (!sightings.every(isSettled)) await this.#next(50);
    if (this.#failure) throw this.#failure;
    // As they are now: a file that is taken away at the end has not vanished.
    return sightings.map((one) => ({ ...one }));
  }

  /** Takes the files away, as far as that goes. */
  async end(): Promise<void> {
    for (const name of this.#sightings.keys()) {
      this.#looker.tell({ do: 'forget', name });
      this.#writer.tell({ do: 'remove', name });
    }
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#removed < this.#sightings.size && performance.now() < deadline) await this.#next(50);
    await Promise.all([this.#writer.end(GRACE_MS), this.#looker.end(GRACE_MS)]);
  }

  #hear(message: FromProbe): void {
    this.#take(message);
    this.#wake();
  }

  #take(message: FromProbe): void {
    if (message.what === 'ready') {
      this.#ready++;
      return;
    }
    const { name } = message;
    if (message.what === 'failed') {
      const { read, write } = this.#options;
      this.#fail(
        name === ''
          ? `${read} cannot be read (${message.message})`
          : `${write} cannot be written (${message.message})`,
      );
      return;
    }
    if (message.what === 'removed') {
      this.#removed++;
      return;
    }
    const atNs = BigInt(message.atNs);
    if (message.what === 'wrote') {
      const blank = { openMs: null, listMs: null, vanished: 0, reappeared: 0 };
      this.#sightings.set(name, { name, wroteNs: atNs, ...blank });
      this.#looker.tell({ do: 'watch', name });
      return;
    }
    const sighting = this.#sightings.get(name);
    if (!sighting) return;
    const sinceMs = Number(atNs - sighting.wroteNs) / 1e6;
    if (message.what === 'opened') sighting.openMs = sinceMs;
    else if (message.what === 'listed') sighting.listMs = sinceMs;
    else sighting[message.what]++;
  }

  #fail(why: string): void {
    this.#failure ??= new ProbeError(why);
    this.#wake();
  }

  async #until(ms: number, isDone: () => boolean, otherwise: string): Promise<void> {
    const deadline = performance.now() + ms;
    while (!isDone()) {
      if (this.#failure) throw this.#failure;
      if (performance.now() > deadline) throw new ProbeError(otherwise);
      await this.#next(deadline - performance.now());
    }
  }

  /** Until something is heard, or so long. */
  #next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, ms));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
