// Faults by the names that MusicFS's plan for a fault-injecting file system gives them. Healthy is none of them: it is a
// mirror without rules.
import type { FaultEffect, FaultMatch } from './fault.ts';

interface Mode {
  match?: FaultMatch;
  effect: FaultEffect;
}

export const FAULT_MODES = {
  FailEveryNth: (every: number): Mode => ({ match: { every }, effect: { errno: 'EIO' } }),
  FailAfterN: (after: number): Mode => ({ match: { after }, effect: { errno: 'EIO' } }),
  TimeoutMs: (ms: number): Mode => ({ effect: { delay: { kind: 'fixed', ms }, errno: 'ETIMEDOUT' } }),
  PartialRead: (maxBytes: number): Mode => ({ match: { op: ['read'] }, effect: { partial: { maxBytes } } }),
  ReturnError: (errno: string): Mode => ({ effect: { errno } }),
} as const;
