// How many operations of each mount were in flight, as a counter for trace viewers: the most within each of ten
// thousand parts of the range, so that a counter costs less than the operations it counts.
import type { Span } from '../../shared/span.ts';
import { MinHeap } from './min-heap.ts';

const PARTS = 10_000;

export interface Count {
  mountId: number;
  atUs: number;
  value: number;
}

interface Counter {
  ends: MinHeap;
  /** Start of the part that is being looked at. */
  partUs: number;
  most: number;
  told: number;
}

export class InFlight {
  readonly #counters = new Map<number, Counter>();
  readonly #partUs: number;
  readonly #fromUs: number;

  constructor(fromUs: number, untilUs: number) {
    this.#fromUs = fromUs;
    this.#partUs = Math.max(1, (untilUs - fromUs) / PARTS);
  }

  /** Takes the next span in order of start; answers what can be told of the time before it. */
  add(span: Span): Count[] {
    const { mountId, startUs } = span;
    const out: Count[] = [];
    const counter = this.#of(mountId);
    this.#advance(mountId, counter, startUs, out);
    const endUs =
      span.durationNs === null ? Number.POSITIVE_INFINITY : span.startUs + span.durationNs / 1_000;
    counter.ends.push(endUs);
    counter.most = Math.max(counter.most, counter.ends.size);
    return out;
  }

  /** What is left, up to the end of the range. */
  end(untilUs: number): Count[] {
    const out: Count[] = [];
    for (const [mountId, counter] of this.#counters) {
      this.#advance(mountId, counter, untilUs, out);
      this.#tell(mountId, counter, counter.partUs, counter.most, out);
      this.#tell(mountId, counter, untilUs, counter.ends.size, out);
    }
    return out;
  }

  #of(mountId: number): Counter {
    let counter = this.#counters.get(mountId);
    if (!counter) {
      counter = { ends: new MinHeap(), partUs: this.#fromUs, most: 0, told: 0 };
      this.#counters.set(mountId, counter);
    }
    return counter;
  }

  /** Goes on to a moment: operations end one by one, and each part that is over is told. */
  #advance(mountId: number, counter: Counter, toUs: number, out: Count[]): void {
    for (let endUs = counter.ends.least(); endUs <= toUs; endUs = counter.ends.least()) {
      this.#enter(mountId, counter, endUs, out);
      counter.ends.pop();
    }
    this.#enter(mountId, counter, toUs, out);
  }

  /** Makes the part of a moment the current one. */
  #enter(mountId: number, counter: Counter, atUs: number, out: Count[]): void {
    const nextUs = counter.partUs + this.#partUs;
    if (atUs < nextUs) return;
    this.#tell(mountId, counter, counter.partUs, counter.most, out);
    counter.partUs = this.#fromUs + Math.floor((atUs - this.#fromUs) / this.#partUs) * this.#partUs;
    counter.most = counter.ends.size;
    // Nothing began or ended in the parts between the two.
    if (counter.partUs > nextUs) this.#tell(mountId, counter, nextUs, counter.most, out);
  }

  #tell(mountId: number, counter: Counter, atUs: number, value: number, out: Count[]): void {
    if (value === counter.told) return;
    out.push({ mountId, atUs, value });
    counter.told = value;
  }
}
