// Trace viewers draw nested bars on a track but no overlapping ones. A thread may have several operations in flight
// (readahead, async writes), so each thread gets as many lanes as overlap. Bars come in order of start.

/** Threads whose lanes are remembered; one that was idle for longer starts again on new lanes. */
const MAX_THREADS = 50_000;

interface Lane {
  number: number;
  endUs: number;
}

export class Lanes {
  readonly #threads = new Map<string, Lane[]>();

  /**
   * The number of a lane of the thread that is free at the start of a bar.
   * @param endUs infinite where it has not ended
   * @param make gives a new lane its number; depth 0 is a thread's first
   */
  laneOf(thread: string, startUs: number, endUs: number, make: (depth: number) => number): number {
    const lanes = this.#threads.get(thread) ?? [];
    // Seen again: moved to the end, so that the map's first is the longest unused.
    this.#threads.delete(thread);
    this.#threads.set(thread, lanes);
    if (this.#threads.size > MAX_THREADS) {
      const [oldest] = this.#threads.keys();
      if (oldest !== undefined) this.#threads.delete(oldest);
    }
    const free = lanes.find((one) => one.endUs <= startUs);
    if (free) {
      free.endUs = endUs;
      return free.number;
    }
    const lane = { number: make(lanes.length), endUs };
    lanes.push(lane);
    return lane.number;
  }
}
