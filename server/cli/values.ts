// Values of options that several commands read.
import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes from 500M, 2G, 2GiB. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text);
  const factor = UNITS[match?.[2]?.toUpperCase() ?? ''];
  if (!match || factor === undefined) throw new InvalidArgumentError('Give a size such as 500M or 2G.');
  return Math.round(Number(match[1]) * factor);
}
