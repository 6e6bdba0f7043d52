// Times in queries: µs since the Unix epoch, or RFC 3339.
import { CodedError } from './errors.ts';

/**
 * Reads a time of a query; undefined stays undefined.
 * @throws CodedError FUSESCOPE_TIME
 */
export function parseTimeUs(text: string | undefined, field: string): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  const date = Date.parse(text);
  if (!Number.isNaN(date)) return date * 1_000;
  throw new CodedError(
    'FUSESCOPE_TIME',
    `${field}: "${text}" is no time. Use µs since the epoch or RFC 3339, such as 2026-01-31T14:00:00Z`,
  );
}

/** µs as ns; exact as the store has it. */
export function toNs(us: number): bigint {
  const whole = Math.floor(us);
  return BigInt(whole) * 1_000n + BigInt(Math.round((us - whole) * 1_000));
}
