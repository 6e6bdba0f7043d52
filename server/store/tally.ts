// Sums of operations by some key, in bounded memory.

import { isOrdinaryErrno } from '../../shared/errno.ts';

/** More keys than this are not told apart. */
const MAX_KEYS = 50_000;

export interface Tally {
  count: number;
  errors: number;
  bytes: number;
  sumNs: number;
  maxNs: number | null;
}

export const noTally = (): Tally => ({ count: 0, errors: 0, bytes: 0, sumNs: 0, maxNs: null });

/** Counts one operation; ENOENT and ENODATA are everyday answers and no errors. @param durationNs null: it is not known */
export function addTo(
  tally: Tally,
  durationNs: number | null,
  errno: number | null,
  bytes: number | null,
): void {
  tally.count++;
  tally.bytes += bytes ?? 0;
  if (errno !== null && errno !== 0 && !isOrdinaryErrno(errno)) tally.errors++;
  if (durationNs === null) return;
  tally.sumNs += durationNs;
  if (tally.maxNs === null || durationNs > tally.maxNs) tally.maxNs = durationNs;
}

/** Groups by key, made on first sight; null for what would be one too many. */
export class Keyed<T> {
  readonly all = new Map<string, T>();
  private readonly make: () => T;

  constructor(make: () => T) {
    this.make = make;
  }

  get(key: string): T | null {
    let found = this.all.get(key);
    if (found === undefined) {
      if (this.all.size >= MAX_KEYS) return null;
      found = this.make();
      this.all.set(key, found);
    }
    return found;
  }
}
