// Size and age of what is kept, as texts that are typed and as numbers. Pure.
import { LEAST_AGE_S, LEAST_BYTES, type Retention } from '../../../shared/settings.ts';
import { formatBytes, formatRound } from '../../../shared/units.ts';

export interface RetentionTexts {
  size: string;
  age: string;
}

export type RetentionErrors = Partial<RetentionTexts>;

const SIZES: Readonly<Record<string, number>> = { M: 1_024 ** 2, G: 1_024 ** 3, T: 1_024 ** 4 };
const AGES: Readonly<Record<string, number>> = { h: 3_600, d: 86_400 };

export const retentionTexts = ({ maxBytes, maxAgeS }: Retention): RetentionTexts => ({
  size: inUnits(maxBytes, SIZES, 'iB'),
  age: inUnits(maxAgeS, AGES, ''),
});

/** In the largest unit of which it is a whole number, else with two digits after the point. */
function inUnits(value: number, units: Readonly<Record<string, number>>, tail: string): string {
  const sizes = Object.entries(units).toReversed();
  const whole = sizes.find(([, unit]) => value % unit === 0);
  const [name, unit] = whole ?? sizes.find(([, one]) => value >= one) ?? sizes.at(-1) ?? ['', 1];
  return `${Number((value / unit).toFixed(2))} ${name}${tail}`;
}

/** What was typed, or what is wrong with it. */
export function readRetention({ size, age }: RetentionTexts): {
  retention: Retention | null;
  errors: RetentionErrors;
} {
  const [, bytes, sizeUnit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([MGT])(?:i?B)?\s*$/i.exec(size) ?? [];
  const [, time, ageUnit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(h|d)(?:ours?|ays?)?\s*$/i.exec(age) ?? [];
  const maxBytes = Math.round(Number(bytes) * (SIZES[sizeUnit.toUpperCase()] ?? Number.NaN));
  const maxAgeS = Math.round(Number(time) * (AGES[ageUnit.toLowerCase()] ?? Number.NaN));
  const errors: RetentionErrors = {};
  if (!(maxBytes >= LEAST_BYTES && maxBytes <= 2 ** 50))
    errors.size = `Give a size from ${formatBytes(LEAST_BYTES).text} on, such as 500 MiB or 8 GiB`;
  if (!(maxAgeS >= LEAST_AGE_S && maxAgeS <= 100 * 366 * 86_400))
    errors.age = 'Give a time from 1 h on, such as 12 h or 30 d';
  return { retention: errors.size || errors.age ? null : { maxBytes, maxAgeS }, errors };
}

/** What goes at once with these limits, in words; null where nothing does. */
export function goesAtOnce(
  { maxBytes, maxAgeS }: Retention,
  held: { sizeBytes: number; ageS: number | null },
): string | null {
  const parts = [];
  if (held.ageS !== null && held.ageS > maxAgeS)
    parts.push(`what is older than ${formatRound(maxAgeS * 1e9).text}`);
  if (held.sizeBytes > maxBytes)
    parts.push(
      `the oldest ${formatBytes(held.sizeBytes - maxBytes).text} of ${formatBytes(held.sizeBytes).text}`,
    );
  return parts.length === 0 ? null : parts.join(', and ');
}
