// Waiting for a proof: the trace wakes us; looks are for what happens without an operation on this mount, and grow rare.
import { TraceError, WaitTimeout } from './error.ts';
import type { MountTrace } from './trace.ts';

/** Between two looks, where no operation tells: at first, and at most, ms. */
const FIRST_LOOK_MS = 50;
const MAX_LOOK_MS = 1_000;

export interface Wanted {
  /** What is waited for, as a message says it. */
  what: string;
  mountpoint: string;
  /** null: the mount is not traced. */
  trace: MountTrace | null;
  /** Whether the trace proves it. */
  proved: () => boolean;
  /** Whether a look at the mount shows it; null: nothing may look. */
  shown: (() => Promise<boolean>) | null;
  timeoutMs: number;
}

/** Resolves when the trace proves it or a look shows it. @throws WaitTimeout, TraceError where the trace has ended */
export async function untilProved({
  what,
  mountpoint,
  trace,
  proved,
  shown,
  timeoutMs,
}: Wanted): Promise<void> {
  if (trace === null && shown === null)
    throw new TraceError(`cannot wait for ${what} (no trace, and no look is allowed)`, mountpoint, [], false);
  if (proved()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = trace?.onChange(() => {
    if (proved()) resolve();
    else if (trace.over !== null)
      reject(new TraceError(`cannot wait for ${what} (${trace.over})`, mountpoint, trace.recent()));
  });
  const timer = setTimeout(() => reject(inVain(what, timeoutMs, mountpoint, trace)), timeoutMs);
  let lookTimer: NodeJS.Timeout | undefined;
  let over = false;
  const lookAgain = async (look: () => Promise<boolean>, pauseMs: number): Promise<void> => {
    const found = await look();
    if (found) resolve();
    else if (!over)
      lookTimer = setTimeout(() => {
        lookAgain(look, Math.min(MAX_LOOK_MS, pauseMs * 2)).catch(reject);
      }, pauseMs);
  };
  if (shown !== null) lookAgain(shown, FIRST_LOOK_MS).catch(reject);
  try {
    await promise;
  } finally {
    over = true;
    clearTimeout(timer);
    clearTimeout(lookTimer);
    stop?.();
  }
}

/** The time is over; with what was done instead. */
export function inVain(
  what: string,
  timeoutMs: number,
  mountpoint: string,
  trace: MountTrace | null,
): WaitTimeout {
  const message = `waited ${timeoutMs} ms in vain for ${what}`;
  return new WaitTimeout(message, mountpoint, trace?.recent() ?? [], trace !== null);
}
