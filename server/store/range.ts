// Time ranges of queries.
import { CodedError } from '../errors.ts';
import { parseTimeUs } from '../times.ts';

/** Both ends included; null is without end. */
export interface Range {
  fromUs: number | null;
  toUs: number | null;
}

/** @throws CodedError FUSESCOPE_TIME */
export function rangeOf(from: string | undefined, to: string | undefined): Range {
  const range = { fromUs: parseTimeUs(from, 'from') ?? null, toUs: parseTimeUs(to, 'to') ?? null };
  if (range.fromUs !== null && range.toUs !== null && range.fromUs > range.toUs) {
    throw new CodedError('FUSESCOPE_TIME', `from (${from}) is after to (${to}). Swap them`);
  }
  return range;
}
