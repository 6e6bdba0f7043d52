// What a wait or an expectation throws: what was waited for, what was seen instead, and the mount's last operations.
import type { Span } from '../../shared/span.ts';
import { operationsTable } from './report.ts';

/** Operations that a message shows. */
const SHOWN = 20;

export class TraceError extends Error {
  override name = 'TraceError';
  /** The last operations before it, oldest first. */
  readonly operations: readonly Span[];

  /** @param traced false: there is no trace, and the message says so instead of an empty table. */
  constructor(message: string, mount: string, operations: readonly Span[], traced = true) {
    const last = operations.slice(-SHOWN);
    const table = traced
      ? `Last operations on ${mount}:\n${operationsTable(last)}`
      : `${mount} is not traced (FUSE_TRACE=1 turns tracing on), so no operations can be shown.\n`;
    super(`${message}\n\n${table}`);
    this.operations = last;
  }
}

/** A wait that ran out of time. */
export class WaitTimeout extends TraceError {
  override name = 'WaitTimeout';
}
