// Callers that stay blocked, as open operations, for machines where no tap can be had and /proc is all there is. One that
// is in the same wait at two looks is told of as open since the first; when it is so no more, as lost, since nobody saw
// how it ended. Which request it waits for is not known: the operation is what its system call asks for. Pure.
import { opCode } from '../../shared/ops.ts';
import type { Waiter } from './discovery/blocked.ts';
import type { TapRecord } from './tap.ts';

/** By system call. Those with a path that are not here begin with looking it up. */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  open: ['open', 'openat', 'openat2', 'creat'],
  read: ['read', 'pread64', 'readv', 'preadv', 'preadv2', 'sendfile', 'splice'],
  write: ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2'],
  readdir: ['getdents', 'getdents64'],
  getattr: ['fstat'],
  setattr: ['chmod', 'fchmodat', 'chown', 'utimensat', 'truncate', 'ftruncate'],
  flush: ['close'],
  fsync: ['fsync', 'fdatasync', 'sync_file_range'],
  syncfs: ['sync', 'syncfs'],
  statfs: ['statfs', 'fstatfs'],
  mkdir: ['mkdir', 'mkdirat'],
  rmdir: ['rmdir'],
  unlink: ['unlink', 'unlinkat'],
  rename: ['rename', 'renameat', 'renameat2'],
  link: ['link', 'linkat'],
  symlink: ['symlink', 'symlinkat'],
  readlink: ['readlink', 'readlinkat'],
  getxattr: ['getxattr', 'lgetxattr', 'fgetxattr'],
  setxattr: ['setxattr'],
  listxattr: ['listxattr'],
  fallocate: ['fallocate'],
  copy_file_range: ['copy_file_range'],
  ioctl: ['ioctl'],
  poll: ['poll', 'ppoll'],
};
const OPERATION_OF = new Map(
  Object.entries(OPERATIONS).flatMap(([op, calls]) => calls.map((call) => [call, op] as const)),
);
/** Of one mount. */
const TOLD_MAX = 500;

interface Seen {
  record: TapRecord;
  told: boolean;
}

export class BlockedCallers {
  readonly #mounts = new Map<number, Map<string, Seen>>();

  forget(connection: number): void {
    this.#mounts.delete(connection);
  }

  /** @param waiters all that wait for a connection now. @returns what is to be told, in order. */
  look(connection: number, waiters: readonly Waiter[], nowNs: number): TapRecord[] {
    const before = this.#mounts.get(connection);
    const now = new Map<string, Seen>();
    const records: TapRecord[] = [];
    for (const waiter of waiters.slice(0, TOLD_MAX)) {
      // A thread that got its answer and waits for the next one has slept once more.
      const unique = `proc:${waiter.tid}:${waiter.switches}`;
      const known = before?.get(unique);
      const seen = known ?? { record: recordOf(connection, unique, waiter, nowNs), told: false };
      if (known && !known.told) {
        seen.told = true;
        records.push(seen.record);
      }
      now.set(unique, seen);
    }
    for (const [unique, seen] of before ?? [])
      if (seen.told && !now.has(unique)) records.push({ ...seen.record, kind: 'lost' });
    if (now.size > 0) this.#mounts.set(connection, now);
    else this.#mounts.delete(connection);
    return records;
  }
}

function recordOf(connection: number, unique: string, waiter: Waiter, nowNs: number): TapRecord {
  const { pid, tid, comm, call } = waiter;
  return {
    kind: 'open',
    connection,
    unique,
    opcode: opCode(OPERATION_OF.get(call ?? '') ?? 'lookup'),
    startNs: nowNs,
    pid,
    tid,
    comm,
    args: { startedBefore: true, seenIn: '/proc', call },
    nodeid: null,
    durationNs: null,
    queueNs: null,
    errno: null,
    bytes: null,
    uid: null,
    gid: null,
    daemonTid: null,
    fh: null,
    offset: null,
    size: null,
    name: null,
    newParent: null,
    newName: null,
    replyNodeid: null,
  };
}
