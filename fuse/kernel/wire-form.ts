// A mount and a record as the wire has them.
import type { Tier } from '../../shared/mount.ts';
import { ENTER, LOST, SPAN, type WireEvent, type WireMount } from '../../shared/wire/frames.ts';
import type { WallClock } from './clock.ts';
import type { FuseMount } from './discovery/discovery.ts';
import type { TapRecord } from './tap.ts';

const KIND = { open: ENTER, done: SPAN, lost: LOST } as const;

/** @param index number under which events name the mount. @param tier what captures it, and why nothing better does */
export function wireMount(
  index: number,
  mount: FuseMount,
  { tier, tierReason }: { tier: Tier; tierReason: string | null },
): WireMount {
  const { daemon } = mount;
  return {
    index,
    mount: mount.mount,
    alsoAt: mount.alsoAt,
    fsType: mount.fsType,
    source: mount.source,
    connection: mount.connection,
    daemon: daemon ? { pid: daemon.pid, comm: daemon.comm } : null,
    tier,
    tierReason,
    waiting: mount.waiting,
    maxBackground: mount.maxBackground,
    options: mount.options,
    namespace: mount.namespace,
    blocked: mount.blocked,
    dead: mount.dead,
  };
}

/** @param names paths inside the mount, as far as they are known. @param clock tells the wall time of the record's start */
export function wireEvent(
  index: number,
  record: TapRecord,
  names: { path: string | null; newPath: string | null },
  clock: WallClock,
): WireEvent {
  return {
    kind: KIND[record.kind],
    mount: index,
    op: record.opcode,
    id: record.unique,
    monoNs: record.startNs,
    tsUs: clock.us(record.startNs),
    durNs: record.durationNs,
    queueNs: record.queueNs,
    errno: record.errno,
    path: names.path,
    newPath: names.newPath,
    nodeid: record.nodeid,
    fh: record.fh,
    offset: record.offset,
    size: record.size,
    bytes: record.bytes,
    pid: record.pid,
    tid: record.tid,
    uid: record.uid,
    gid: record.gid,
    comm: record.comm,
    daemonTid: record.daemonTid,
    args: record.args,
  };
}
