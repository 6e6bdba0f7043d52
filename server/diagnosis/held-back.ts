// Whether a rule of a mirror keeps an operation waiting on purpose. Every operation that a rule touched carries its
// name; most rules do not make anything wait, and one whose delay is over waits for something else. Pure.
import type { Delay, FaultState } from '../../shared/fault.ts';
import { describeEffect } from '../../shared/fault-text.ts';
import type { HeldBack } from './snapshot.ts';

/** A delay is over a little later than it says. */
const LATE_MS = 1_000;
/** Of a normal distribution, nothing beyond so many deviations is worth a word. */
const DEVIATIONS = 6;

/** @param rules those of the operation's mirror; @param ageMs of the operation. */
export function heldBack(mark: unknown, ageMs: number, rules: readonly FaultState[]): HeldBack | null {
  const rule = rules.find((one) => one.id === mark);
  if (!rule?.enabled) return null;
  const { delay, hang, replay, listing } = rule.effect;
  const hangs = hang !== undefined && rule.held > 0;
  const waits = (delay && ageMs <= longest(delay) + LATE_MS) || replay || listing;
  return hangs || waits ? { rule: rule.id, effect: describeEffect(rule.effect), releasable: hangs } : null;
}

/** Of a delay, in ms. */
function longest(delay: Delay): number {
  switch (delay.kind) {
    case 'fixed':
      return delay.ms;
    case 'uniform':
      return delay.maxMs;
    case 'normal':
      return delay.meanMs + DEVIATIONS * delay.deviationMs;
    case 'long-tail':
      return Number.POSITIVE_INFINITY;
  }
}
