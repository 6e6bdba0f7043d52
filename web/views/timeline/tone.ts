// Slow, stalled and in trouble, by the thresholds of the contract, for what the timeline draws.
import { isOrdinaryErrno } from '../../../shared/errno.ts';
import { DEFAULT_THRESHOLDS, READ_THRESHOLDS } from '../../../shared/stall.ts';
import type { Bar } from './picture.ts';

export type BarTone = 'plain' | 'slow' | 'stalled' | 'error';

const thresholds = (op: string) => (op === 'read' ? READ_THRESHOLDS : DEFAULT_THRESHOLDS);

/** Of a bar that has ended: the strongest thing that is true of it. */
export function toneOfBar(bar: Bar): BarTone {
  if (bar.state === 'aborted' || (bar.errno > 0 && !isOrdinaryErrno(bar.errno))) return 'error';
  const { slowMs, stalledMs } = thresholds(bar.op);
  const ms = (bar.durationNs ?? 0) / 1e6;
  return ms > stalledMs ? 'stalled' : ms > slowMs ? 'slow' : 'plain';
}

/** When an open bar became, or will become, a stall: µs. A stall that was raised knows its own threshold. */
export function stalledFromUs(bar: Bar, known: ReadonlyMap<number, number>): number {
  return bar.startUs + (known.get(bar.id) ?? thresholds(bar.op).stalledMs) * 1e3;
}

export const isStalled = (bar: Bar, nowUs: number, known: ReadonlyMap<number, number>): boolean =>
  bar.state === 'open' && nowUs >= stalledFromUs(bar, known);
