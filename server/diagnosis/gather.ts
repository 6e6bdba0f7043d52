// Makes a snapshot: asks the tap what each daemon has taken, the examiner what processes do, and joins it with what
// the server knows of mounts and operations. What does not answer in time is left out, and said.

import type { OpenRequest } from '../../shared/open-request.ts';
import { opName } from '../../shared/ops.ts';
import type { Span } from '../../shared/span.ts';
import type { FaultBoard } from '../faults/board.ts';
import type { KernelCollector } from '../kernel/collector.ts';
import { isTapped, type MountRecord } from '../mounts/registry.ts';
import type { Trace } from '../trace.ts';
import type { Examiner } from './examiner.ts';
import type { FormerDaemons } from './former.ts';
import { heldBack } from './held-back.ts';
import { sharpened } from './sharpen.ts';
import type { MountFacts, Operation, Snapshot } from './snapshot.ts';

/** Younger operations are no part of it: on a busy mount they come and go by the thousand. */
const YOUNG_MS = 100;
const OPERATIONS_MAX = 2_000;
const CALLERS_MAX = 300;
const CONNECTIONS_MAX = 32;
/** The tap answers within some 30 ms; a snapshot does not wait for one that does not. */
const TAP_MS = 700;

export interface Sources {
  trace: Trace;
  kernel: Pick<KernelCollector, 'inflight'>;
  examiner: Examiner;
  faults: Pick<FaultBoard, 'listAt'>;
  former: Pick<FormerDaemons, 'of'>;
  nowUs: () => number;
}

type Picked = Map<number, Map<number | string, OpenRequest>>;

/** @param stalled spans that are looked into whatever their number. */
export async function gather(sources: Sources, stalled: ReadonlySet<number>): Promise<Snapshot> {
  const { trace, examiner, faults, former, nowUs } = sources;
  const records = trace.mounts.all().filter((one) => one.present || trace.stalls.openOf(one.id) > 0);
  const open = trace
    .inflight()
    .filter(({ span, ageMs }) => ageMs >= YOUNG_MS || stalled.has(span.id))
    .slice(0, OPERATIONS_MAX);
  const busy = new Set(open.map(({ span }) => span.mountId));
  const left: string[] = [];
  const askedTap = askTap(sources, records, busy, left);
  const answer = await examiner
    .examine({
      mounts: records.map((one) => ({
        connection: one.connection,
        points: [one.mount, ...one.alsoAt],
        daemon: one.daemon?.pid ?? null,
        look: busy.has(one.id) || (one.waiting ?? 0) > 0,
      })),
      callers: open.flatMap(({ span }) => span.tid ?? span.pid ?? []).slice(0, CALLERS_MAX),
    })
    .catch((error: Error) => {
      left.push(`what processes do: ${error.message}`);
      return null;
    });
  const picked = await askedTap;
  return {
    takenUs: answer?.takenUs ?? nowUs(),
    mounts: records.map((record) => mountFacts(record, trace.mounts.isHidden(record), former)),
    operations: open
      .map(({ span, ageMs }) => operationOf(span, ageMs, trace.mounts.get(span.mountId), picked, faults))
      .map((operation) => sharpened(operation, trace.mounts.get(operation.mountId), answer?.processes ?? [])),
    processes: answer?.processes ?? [],
    unread: answer?.unread ?? [],
    left: [...(answer?.left ?? []), ...left],
  };
}

async function askTap(
  { kernel }: Sources,
  records: readonly MountRecord[],
  busy: ReadonlySet<number>,
  left: string[],
): Promise<Picked> {
  const picked: Picked = new Map();
  const asked = records
    .filter((one) => one.kind === 'kernel' && isTapped(one) && busy.has(one.id))
    .flatMap((one) => one.connection ?? [])
    .slice(0, CONNECTIONS_MAX);
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), TAP_MS).unref());
  await Promise.all(
    asked.map(async (connection) => {
      const list = await Promise.race([kernel.inflight(connection).catch(() => null), late]);
      if (list) picked.set(connection, new Map(list.map((one) => [one.unique, one])));
      else left.push(`what the daemon of connection ${connection} has taken: the tap did not answer`);
    }),
  );
  return picked;
}

function mountFacts(record: MountRecord, hidden: boolean, former: Sources['former']): MountFacts {
  const seen = record.kind !== 'kernel' || isTapped(record) || hidden;
  return {
    mountId: record.id,
    mount: record.mount,
    points: record.present ? [record.mount, ...record.alsoAt] : [],
    kind: record.kind,
    connection: record.connection,
    fsType: record.fsType,
    source: record.source,
    daemon: record.daemon,
    former: former.of(record.id),
    dead: record.dead,
    waiting: record.waiting,
    maxBackground: record.maxBackground,
    unseen: seen ? null : (record.tierReason ?? 'nobody listens to it'),
  };
}

function operationOf(
  span: Span,
  ageMs: number,
  mount: MountRecord | undefined,
  picked: Picked,
  faults: Sources['faults'],
): Operation {
  const request = picked.get(mount?.connection ?? -1)?.get(span.unique ?? '');
  const same = request && opName(request.opcode) === span.op ? request : undefined;
  const mark = span.args?.fault;
  return {
    key: `span ${span.id}`,
    spanId: span.id,
    mountId: span.mountId,
    op: span.op,
    path: span.path,
    pid: span.pid,
    tid: span.tid ?? span.pid,
    comm: span.comm,
    startUs: span.startUs,
    ageMs,
    // A mirror tells of an operation when it has it.
    picked: span.source === 'mirror' ? true : (same?.picked ?? null),
    fault: mark && mount ? heldBack(mark, ageMs, faults.listAt(mount)) : null,
    before: span.args?.startedBefore === true,
    seenInProc: span.args?.seenIn === '/proc',
  };
}
