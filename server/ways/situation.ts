// What is known of a mount when somebody wants a way out of it: its record, the connection behind it, its open
// operations, and what a look at /proc and fusectl gives.
import { hostname } from 'node:os';
import type { Span } from '../../shared/span.ts';
import type { ProcessFact } from '../../shared/ways.ts';
import { CodedError } from '../errors.ts';
import type { MountRecord } from '../mounts/registry.ts';
import type { Trace } from '../trace.ts';
import type { Aborted } from './aborted.ts';
import type { Situation } from './offers.ts';
import type { WayRunner } from './runner.ts';

const CALLERS = 50;

/** Whoever can hold operations back on purpose, and let them go. */
export interface Holding {
  /** What is held back on a mount, in words; null: nothing. */
  held(mount: MountRecord): string | null;
  release(mount: MountRecord): Promise<void>;
}

export interface Seen {
  /** The record of the kernel's collector, where there is one. */
  kernel: MountRecord;
  record: MountRecord;
  /** Every record of the same connection. */
  ids: ReadonlySet<number>;
  situation: Situation;
  /** Processes that could not be looked at. */
  skipped: number[];
}

export interface Watching {
  trace: Trace;
  runner: WayRunner;
  holding: Holding;
  aborted: Aborted;
}

/** @throws CodedError FUSESCOPE_NOT_FOUND for a mount that there is not, FUSESCOPE_BUSY where /proc hangs */
export async function lookAt(mountId: number, watching: Watching): Promise<Seen> {
  const { trace, runner, holding, aborted } = watching;
  const record = trace.mounts.get(mountId);
  if (!record)
    throw new CodedError('FUSESCOPE_NOT_FOUND', `there is no mount ${mountId}; GET /api/mounts lists them`);
  const kernel = record.kind === 'kernel' ? record : (trace.mounts.inKernel(record) ?? record);
  const local = record.host === hostname();
  const here = local && record.present;
  const connection = here ? kernel.connection : null;
  const ids = new Set([record.id, kernel.id]);
  const open = openOf(trace, record, ids);
  const daemon = kernel.daemon ?? record.daemon;
  const stopped = stoppedFor(trace, ids).filter((pid) => pid !== daemon?.pid);
  const looked = connection === null ? null : await lookClosely();
  const isCaller = ({ pid }: ProcessFact) => callers().includes(pid);

  return {
    record,
    kernel,
    ids,
    skipped: looked?.skipped ?? [],
    situation: {
      mount: record.mount,
      kind: record.kind,
      here,
      connection,
      dead: kernel.dead,
      aborted: aborted.has(kernel),
      daemon,
      options: kernel.options,
      facts: looked ? { ...looked.found, callers: looked.found.callers.filter(isCaller) } : null,
      helpers: looked?.found.callers.filter((one) => stopped.includes(one.pid)) ?? [],
      open,
      held: here ? holding.held(record) : null,
      uid: process.geteuid?.() ?? 0,
    },
  };

  function callers(): number[] {
    const pids = open.map(({ span }) => span.pid).filter((pid) => pid !== null);
    return [...new Set([...pids, ...kernel.blocked.map(({ pid }) => pid)])].slice(0, CALLERS);
  }

  function lookClosely() {
    const pids = [...new Set([...callers(), ...stopped])];
    return runner.facts(connection ?? 0, daemon?.pid ?? null, pids);
  }
}

/** Stopped processes that the daemon waits for, by what is known of the causes of its stalls. */
function stoppedFor(trace: Trace, ids: ReadonlySet<number>): number[] {
  const stalls = trace.stalls.open().filter(({ span }) => ids.has(span.mountId));
  const hints = stalls.flatMap((one) => one.hints).filter((one) => one.action === 'continue');
  return [...new Set(hints.flatMap((one) => one.pid ?? []))].slice(0, CALLERS);
}

/** Open operations of a mount, oldest first; of one that mirror and tap both tell of, the mirror's. */
export function openOf(
  trace: Trace,
  record: MountRecord,
  ids: ReadonlySet<number>,
): { span: Span; ageMs: number }[] {
  const open = trace.inflight().filter(({ span }) => ids.has(span.mountId));
  const own = open.filter(({ span }) => span.mountId === record.id);
  return own.length > 0 ? own : open;
}
