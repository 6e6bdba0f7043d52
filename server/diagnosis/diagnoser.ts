// Looks into what hangs: at once when a stall is raised, then again and again while it lasts, less often the longer it
// does. One look at a time; it serves all stalls that are open.
import type { Logger } from 'pino';
import type { Diagnosis } from '../../shared/diagnosis.ts';
import type { Stall } from '../../shared/stall.ts';
import type { Store } from '../store/types.ts';
import type { Trace } from '../trace.ts';
import { diagnose } from './diagnose.ts';
import { gather, type Sources } from './gather.ts';
import { Keeper } from './keep.ts';
import type { Snapshot } from './snapshot.ts';

/** Stalls that are raised together are looked into together. */
const GATHER_MS = 30;
const FIRST_MS = 1_000;
const MAX_MS = 10_000;
/** Looks before the pauses grow. */
const STEADY = 10;
const PATIENTS_MAX = 500;

export class Diagnoser {
  readonly #sources: Sources;
  readonly #trace: Trace;
  readonly #store: Pick<Store, 'putSnapshot'>;
  readonly #log: Logger;
  readonly #keeper = new Keeper();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #again = false;
  #rounds = 0;
  #closed = false;

  constructor(sources: Sources, store: Pick<Store, 'putSnapshot'>, log: Logger) {
    this.#sources = sources;
    this.#trace = sources.trace;
    this.#store = store;
    this.#log = log;
    this.#trace.on('raised', () => this.#soon());
    if (this.#trace.stalls.open().length > 0) this.#soon();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#sources.examiner.close();
  }

  #soon(): void {
    this.#rounds = 0;
    if (this.#looking) this.#again = true;
    else this.#in(GATHER_MS);
  }

  #in(ms: number): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const patients = this.#trace.stalls.open().slice(0, PATIENTS_MAX);
    if (patients.length === 0 || this.#looking) return;
    this.#looking = true;
    this.#again = false;
    try {
      await this.#examine(patients);
    } catch (error) {
      this.#log.error({ err: error }, 'a stall could not be looked into');
    }
    this.#looking = false;
    this.#rounds++;
    const beyond = Math.max(0, this.#rounds - STEADY);
    this.#in(this.#again ? GATHER_MS : Math.min(MAX_MS, FIRST_MS * (1 + beyond / 2)));
  }

  async #examine(patients: readonly Stall[]): Promise<void> {
    const spans = new Set(patients.map((one) => one.span.id));
    const snapshot = await gather(this.#sources, spans);
    const found = diagnose(
      snapshot,
      patients.map((one) => ({ stallId: one.id, spanId: one.span.id })),
    );
    const groups = new Map<number, Diagnosis>();
    for (const stall of patients) {
      const diagnosis = found.get(stall.id);
      // Those that ended meanwhile keep what was known of them.
      if (!diagnosis || stall.state !== 'open') continue;
      const first = stall.examinedUs === null;
      const groupId = this.#groupOf(stall, diagnosis, found);
      groups.set(groupId, diagnosis);
      const changed = first || isNews(stall, diagnosis, groupId);
      Object.assign(stall, diagnosis, { groupId });
      learnPath(stall, snapshot);
      if (changed) this.#trace.diagnosed(stall);
    }
    for (const [groupId, diagnosis] of groups) {
      const kept = this.#keeper.keep(groupId, diagnosis, snapshot);
      if (kept) this.#store.putSnapshot(groupId, kept);
    }
  }

  /** A group keeps its number while one of it is open, also when the stall that it is called by has ended. */
  #groupOf(stall: Stall, diagnosis: Diagnosis, found: ReadonlyMap<number, Diagnosis>): number {
    const fresh = diagnosis.groupId ?? stall.id;
    if (stall.groupId === null || stall.cause?.key !== diagnosis.cause?.key) {
      for (const other of this.#trace.stalls.open()) {
        const same = found.get(other.id)?.groupId === fresh && other.cause?.key === diagnosis.cause?.key;
        if (same && other.groupId !== null) return other.groupId;
      }
      return fresh;
    }
    return stall.groupId;
  }
}

/** Of an operation from before anybody listened, its caller may have told the path. */
function learnPath({ span }: Stall, { operations }: Snapshot): void {
  if (span.path !== null && !span.path.startsWith('#')) return;
  span.path = operations.find((one) => one.spanId === span.id)?.path ?? span.path;
}

function isNews(stall: Stall, diagnosis: Diagnosis, groupId: number): boolean {
  return (
    stall.cause?.text !== diagnosis.cause?.text ||
    stall.cause?.kind !== diagnosis.cause?.kind ||
    stall.groupId !== groupId ||
    stall.waiting !== diagnosis.waiting ||
    stall.chain.length !== diagnosis.chain.length
  );
}
