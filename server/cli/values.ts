// Values of options that several commands read.
import { InvalidArgumentError } from 'commander';
import { parseRange } from '../../shared/filter/values.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes from 500M, 2G, 2GiB. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text);
  const factor = UNITS[match?.[2]?.toUpperCase() ?? ''];
  if (!match || factor === undefined) throw new InvalidArgumentError('Give a size such as 500M or 2G.');
  return Math.round(Number(match[1]) * factor);
}

/** Milliseconds from 5s, 200ms, 1.5m: the durations of the filter language. */
export function parseMs(text: string): number {
  // Alone it would be a filter for an exact duration, which there is none of.
  const parsed = /^\d[^.]*(?:\.\d+)?\w*$/.test(text) ? parseRange('dur', `>=${text}`) : null;
  if (!parsed?.ok) throw new InvalidArgumentError('Give a time such as 5s or 200ms.');
  return parsed.range.min / 1e6;
}
