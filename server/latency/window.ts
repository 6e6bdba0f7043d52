// The last 60 seconds of one mount: operations and errors by second, percentiles, and its commonest error. Whole
// seconds are added when they are over and subtracted when they leave, so that reading costs nothing.
import { errnoName, isOrdinaryErrno } from '../../shared/errno.ts';
import { BUCKETS, percentileOf, type SparseBuckets } from '../../shared/histogram.ts';

export const WINDOW_S = 60;

/** One second of one mount, all its operations together. */
export interface MountSecond extends SparseBuckets {
  count: number;
  errors: number;
  /** How often each errno that is not 0. */
  errnos: ReadonlyMap<number, number>;
}

export interface MountView {
  p50Ns: number | null;
  p99Ns: number | null;
  /** Operations that ended in each of the last 60 whole seconds, oldest first. */
  opsHistory: number[];
  errorsHistory: number[];
  /** Commonest errno of these seconds; ENOENT and ENODATA only where there is no other. */
  topError: string | null;
}

export class MountWindow {
  private readonly counts = new Float64Array(BUCKETS);
  private readonly errnos = new Map<number, number>();
  private readonly seconds = new Map<number, MountSecond[]>();
  private count = 0;

  /** Adds a second that is over; a second part of the same second adds up. Ignores what is out of the window. */
  add(atS: number, second: MountSecond, nowS: number): void {
    if (atS < nowS - WINDOW_S || atS >= nowS) return;
    const there = this.seconds.get(atS);
    if (there) there.push(second);
    else this.seconds.set(atS, [second]);
    this.apply(second, 1);
  }

  /** Lets go of what is older than 60 s. True while anything is left. */
  advance(nowS: number): boolean {
    for (const [atS, parts] of this.seconds) {
      if (atS >= nowS - WINDOW_S && atS < nowS) continue;
      for (const part of parts) this.apply(part, -1);
      this.seconds.delete(atS);
    }
    return this.seconds.size > 0;
  }

  view(nowS: number): MountView {
    const opsHistory: number[] = [];
    const errorsHistory: number[] = [];
    for (let atS = nowS - WINDOW_S; atS < nowS; atS++) {
      let ops = 0;
      let errors = 0;
      for (const part of this.seconds.get(atS) ?? []) {
        ops += part.count;
        errors += part.errors;
      }
      opsHistory.push(ops);
      errorsHistory.push(errors);
    }
    return {
      p50Ns: percentileOf(this.counts, this.count, 0.5),
      p99Ns: percentileOf(this.counts, this.count, 0.99),
      opsHistory,
      errorsHistory,
      topError: this.topError(),
    };
  }

  private topError(): string | null {
    let best = 0;
    let most = 0;
    for (const [errno, count] of this.errnos) {
      const better = isOrdinaryErrno(errno) === isOrdinaryErrno(best) ? count > most : isOrdinaryErrno(best);
      if (best !== 0 && !better) continue;
      best = errno;
      most = count;
    }
    return errnoName(best);
  }

  private apply(part: MountSecond, sign: 1 | -1): void {
    for (let i = 0; i < part.buckets.length; i++) {
      const bucket = part.buckets[i] ?? 0;
      const times = part.counts[i] ?? 0;
      this.counts[bucket] = (this.counts[bucket] ?? 0) + sign * times;
      this.count += sign * times;
    }
    for (const [errno, times] of part.errnos) {
      const left = (this.errnos.get(errno) ?? 0) + sign * times;
      if (left > 0) this.errnos.set(errno, left);
      else this.errnos.delete(errno);
    }
  }
}
