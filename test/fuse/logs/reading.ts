// A log read in this process, for tests: what came out as plain objects, and the report.

import { LogPipeline } from '../../../fuse/logs/read-log.ts';
import { opName } from '../../../shared/ops.ts';
import type { Problem } from '../../../shared/patterns/problem.ts';
import type { Span } from '../../../shared/span.ts';
import { ENTER, LOST, type WireEvent } from '../../../shared/wire/frames.ts';

export interface Operation extends Omit<WireEvent, 'op' | 'kind' | 'mount'> {
  op: string;
  state: 'open' | 'done' | 'lost';
  mount: string;
}

/** The day that times without a date are of. */
const BASE_US = Date.UTC(2026, 4, 1) * 1_000;

/** @param pieces bytes, or text, as they come. */
export function readLog(
  pieces: (string | Buffer)[] | string,
  options: { format?: string; mount?: string } = {},
) {
  const operations: Operation[] = [];
  const spans: { mount: string; span: Span }[] = [];
  const problems: Problem[] = [];
  const mounts = ['log'];
  const log = new LogPipeline({
    format: options.format ?? 'auto',
    mount: options.mount ?? null,
    clock: { baseUs: BASE_US },
    output: {
      event: (event) => {
        const state = event.kind === ENTER ? 'open' : event.kind === LOST ? 'lost' : 'done';
        operations.push({ ...event, op: opName(event.op), state, mount: mounts[event.mount] ?? '?' });
      },
      span: (span, mount) => spans.push({ span, mount: mounts[mount] ?? '?' }),
      problem: (problem) => problems.push(problem),
      mount: (name) => mounts.push(name) - 1,
    },
  });
  for (const piece of typeof pieces === 'string' ? [pieces] : pieces)
    log.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  const report = log.end();
  return { operations, spans, problems, report, mounts };
}

/** Paths of all operations of one name, each once. */
export function pathsOf(log: ReturnType<typeof readLog>, op: string): (string | null)[] {
  return [...new Set(log.operations.filter((one) => one.op === op).map((one) => one.path))];
}

/** Lines of a template, without the blanks that set it in. */
export function lines(text: string): string {
  const all = text.replace(/^\n/, '').split('\n');
  const margin = Math.min(...all.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return all.map((line) => line.slice(margin)).join('\n');
}

/** A time as a log has it, in µs since the epoch: of UTC, and of this machine's zone. */
export const utc = (text: string) => Date.parse(text) * 1_000;
export const local = (text: string) => new Date(text).getTime() * 1_000;
