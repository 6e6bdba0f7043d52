// A mark in the stream of a mount's operations: a child asks the mount for a name that nobody else uses, and once that is
// heard of, so is everything before it.
import { randomUUID } from 'node:crypto';
import { look } from './look.ts';
import { MARK, type MountTrace } from './trace.ts';

/** A mark that is not heard of by then was lost; where operations carry no paths, what was done is known by then, ms. */
const MARK_MS = 5_000;
const UNMARKED_MS = 1_000;

/** @returns when the mark was made, in µs on the clock of the operations; null where the mount did not tell. */
export async function heardMark(trace: MountTrace, mountpoint: string): Promise<number | null> {
  const name = MARK + randomUUID();
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const stop = trace.onSpan((span) => {
    if (span.path?.endsWith(name)) resolve(span.startUs);
  });
  const timer = setTimeout(() => resolve(null), trace.hasPaths ? MARK_MS : UNMARKED_MS);
  try {
    // A mount that hangs tells no mark; what is known then is all there is to know.
    return (await look(`${mountpoint}/${name}`)) === 'no answer' ? null : await promise;
  } finally {
    clearTimeout(timer);
    stop();
  }
}
