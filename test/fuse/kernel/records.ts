// Records for tests, as a tap would give them.
import type { TapRecord } from '../../../fuse/kernel/tap.ts';

/** A finished record of the root directory, without error, but for what `fields` say. */
export function record(fields: Partial<TapRecord> & { opcode: number }): TapRecord {
  return {
    kind: 'done',
    connection: 1,
    unique: 2,
    nodeid: 1,
    startNs: 1,
    durationNs: 1,
    queueNs: null,
    errno: 0,
    bytes: null,
    pid: 1,
    tid: 1,
    uid: 0,
    gid: 0,
    comm: 'test',
    daemonTid: 1,
    fh: null,
    offset: null,
    size: null,
    name: null,
    newParent: null,
    newName: null,
    replyNodeid: null,
    args: null,
    ...fields,
  };
}
