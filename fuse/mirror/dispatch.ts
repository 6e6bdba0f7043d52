// Turns the table into the handlers that the C half calls: trace, do, answer. The library hangs an operation for
// ever on a missing or wrong answer, and corrupts the next on a second one, so all of that is excluded here.
import { applyFault, type Surroundings } from '../faults/effects.ts';
import type { Rule } from '../faults/rule.ts';
import { type Backing, errnoFrom } from './backing.ts';
import { Call, type Raw, type Reply } from './call.ts';
import { Callers } from './caller.ts';
import { messageOf } from './failure.ts';
import { traceName } from './names.ts';
import type { Binding, OpKey, Request } from './native.ts';
import type { Operation } from './operations.ts';
import { nullTracer, type Tracer } from './tracer.ts';

export type Handler = (request: Request, op: number, ...raw: unknown[]) => void;

/** What is shared by all handlers of a mount. */
export interface Dispatch {
  binding: Binding;
  tracer: Tracer;
  /** Calls not yet answered. */
  inflight: Set<Call>;
  /** Thread, uid, gid and flags of the request at hand; valid while its handler is being called. */
  caller: Uint32Array;
  /** What rules do to operations, and around them. */
  faults: Surroundings;
  /** Told about failures of our own; must not throw. */
  warn: (sentence: string) => void;
}

const callers = new Callers();

/** The handler of one operation: its row of the table joined with what does it. */
export function handlerOf<K extends Exclude<OpKey, 'init'>>(
  shared: Dispatch,
  operation: Operation<K>,
  run: Backing[K],
): Handler {
  const { binding, inflight, caller } = shared;
  const { op, describe, answer, counts } = operation;
  return (request, _op, ...args) => {
    const raw = args as Raw[K];
    const call = new Call(op);
    call.startedMs = performance.now();
    call.tid = caller[0] ?? 0;
    call.uid = caller[1] ?? 0;
    call.gid = caller[2] ?? 0;
    call.flags = caller[3] ?? 0;
    call.path = traceName(raw[0] as string);
    const tracing = shared.tracer !== nullTracer;
    const rules = shared.faults.faults;
    const mayFail = rules.ops.has(op);
    if (tracing || mayFail) identify(shared, call, raw, describe);
    const rule = mayFail ? rules.decide(call) : null;
    // Whoever reads the trace must not take it for the file system's own doing.
    if (rule) call.args = { ...call.args, fault: rule.id };
    const traceId = tracing ? enter(shared, call) : 0;
    inflight.add(call);
    let answered = false;
    const reply: Reply = (result, fh = 0) => {
      if (answered) return shared.warn(`a second answer to ${op} was dropped`);
      answered = true;
      inflight.delete(call);
      const checked = Number.isInteger(result) ? result : -5;
      if (answer) answer(binding, request, checked, fh, raw as never);
      else binding.fuse_native_reply(request, checked);
      if (tracing) exit(shared, traceId, checked, counts === true, fh);
    };
    try {
      if (rule) fail(shared.faults, rule, request, raw, call, run, reply);
      else run(request, raw, call, reply);
    } catch (error) {
      if (!answered) reply(errnoFrom(error));
      else shared.warn(`after the answer to ${op}: ${messageOf(error)}`);
    }
  };
}

function fail<K extends Exclude<OpKey, 'init'>>(
  around: Surroundings,
  rule: Rule,
  request: Request,
  raw: Raw[K],
  call: Call,
  run: Backing[K],
  reply: Reply,
): void {
  applyFault(around, rule, { request, raw, call, run: (done) => run(request, raw, call, done), reply });
}

/** Who asks, and for what. */
function identify<K extends OpKey>(
  shared: Dispatch,
  call: Call,
  raw: Raw[K],
  describe: ((call: Call, raw: Raw[K]) => void) | undefined,
): void {
  try {
    const who = callers.of(call.tid, call.startedMs);
    call.pid = who.pid;
    call.comm = who.comm;
    describe?.(call, raw);
  } catch (error) {
    takeOff(shared, error);
  }
}

/** Law 2: whatever happens in the tracer, the operation goes on; a tracer that throws is taken off. */
function enter(shared: Dispatch, call: Call): number {
  try {
    return shared.tracer.enter(call);
  } catch (error) {
    takeOff(shared, error);
    return 0;
  }
}

function exit(shared: Dispatch, id: number, result: number, counts: boolean, fh: number): void {
  try {
    shared.tracer.exit(
      id,
      result < 0 ? -result : 0,
      counts && result >= 0 ? result : null,
      fh === 0 ? undefined : { fh },
    );
  } catch (error) {
    takeOff(shared, error);
  }
}

function takeOff(shared: Dispatch, error: unknown): void {
  shared.tracer = nullTracer;
  shared.warn(`tracing stopped: ${messageOf(error)}`);
}
