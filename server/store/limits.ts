// How much the store keeps: as it was set at run time, else as the server was started.
import { Compile } from 'typebox/compile';
import { type Retention, RetentionSchema } from '../../shared/settings.ts';

/** Name in the table `settings`. */
export const LIMITS_SETTING = 'retention';
const checker = Compile(RetentionSchema);
const MAX_EPOCH_S = 3_600;
const MIN_EPOCH_S = 10;

/** What was set; null where nothing was, or what an older or newer version wrote and this one cannot read. */
export function readLimits(json: string | undefined): Retention | null {
  const value: unknown = JSON.parse(json ?? 'null');
  return checker.Check(value) ? value : null;
}

/** A stretch of the dictionaries, and the step in which old spans go, s. */
export const epochOf = ({ maxAgeS }: Pick<Retention, 'maxAgeS'>): number =>
  Math.max(MIN_EPOCH_S, Math.min(MAX_EPOCH_S, Math.floor(maxAgeS / 24)));
