// Trace viewers draw nested bars on a track but no overlapping ones. A caller thread may have several operations
// in flight (readahead, async writes), so each thread gets as many lanes as overlap. Spans come in order of start.
import type { Span } from '../../shared/span.ts';

export interface Lane {
  /** Unique over the whole export. */
  number: number;
  /** Whether `laneOf` has just made it. */
  fresh: boolean;
  mountId: number;
  tid: number;
  /** 0 for a thread's first lane. */
  depth: number;
  comm: string | null;
}

/** Threads whose lanes are remembered; a thread idle for longer starts again on new lanes. */
const MAX_THREADS = 50_000;

export class Lanes {
  readonly #threads = new Map<string, { lane: Lane; endUs: number }[]>();
  #next = 1;

  /** Lane of a span, with `fresh` true where its track must be described first. */
  laneOf(span: Span): Lane {
    const tid = span.tid ?? span.pid ?? 0;
    const key = `${span.mountId} ${tid}`;
    const lanes = this.#threads.get(key) ?? [];
    // Seen again: moved to the end, so that the map's first is the longest unused.
    this.#threads.delete(key);
    this.#threads.set(key, lanes);
    if (this.#threads.size > MAX_THREADS) {
      const [oldest] = this.#threads.keys();
      if (oldest !== undefined) this.#threads.delete(oldest);
    }
    const endUs =
      span.durationNs === null ? Number.POSITIVE_INFINITY : span.startUs + span.durationNs / 1_000;
    const free = lanes.find((one) => one.endUs <= span.startUs);
    if (free) {
      free.endUs = endUs;
      free.lane.fresh = false;
      return free.lane;
    }
    const lane = {
      number: this.#next++,
      fresh: true,
      mountId: span.mountId,
      tid,
      depth: lanes.length,
      comm: span.comm,
    };
    lanes.push({ lane, endUs });
    return lane;
  }
}
