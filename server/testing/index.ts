// fusescope/testing: tests that wait for the trace instead of sleeping. What is public of the testing kit.
export { FAULT_MODES } from '../../shared/fault-modes.ts';
export { Capture, type WaitOptions } from './capture.ts';
export { TraceError, WaitTimeout } from './error.ts';
export type { BaselineOptions, Expected, ExpectedOperation, LatencyBudget } from './expectations.ts';
export type { Faults } from './faults.ts';
export {
  type CaptureOptions,
  captureByLooking,
  connectFuseScope,
  FuseScope,
  type MirrorOptions,
  type StartOptions,
  startFuseScope,
} from './scope.ts';
