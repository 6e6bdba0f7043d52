// Slow and in trouble, by the rules of the contract: what may colour a row.
import { isOrdinaryErrno } from '../../../shared/errno.ts';
import type { Span } from '../../../shared/span.ts';
import { DEFAULT_THRESHOLDS, READ_THRESHOLDS } from '../../../shared/stall.ts';

export type RowTone = 'plain' | 'slow' | 'error' | 'open';

/** Over its slow threshold, finished or not. */
export function isSlow(op: string, durationNs: number | null): boolean {
  const { slowMs } = op === 'read' ? READ_THRESHOLDS : DEFAULT_THRESHOLDS;
  return durationNs !== null && durationNs > slowMs * 1e6;
}

/** Ended with an errno that is not part of everyday use, or did not end well. */
export function isTrouble(span: Span): boolean {
  if (span.state === 'aborted') return true;
  return span.errno !== null && span.errno !== 0 && !isOrdinaryErrno(span.errno);
}

/** The one mark at the left of a row: the strongest wins. */
export function toneOf(span: Span): RowTone {
  if (span.state === 'open') return 'open';
  if (isTrouble(span)) return 'error';
  return isSlow(span.op, span.durationNs) ? 'slow' : 'plain';
}
