// A snapshot with indexes: who is who. Pure.
import type { ProcessFacts, ThreadFacts } from '../../shared/examination.ts';
import type { MountFacts, Operation, Snapshot } from './snapshot.ts';

export class View {
  readonly snapshot: Snapshot;
  readonly #processes: ReadonlyMap<number, ProcessFacts>;
  readonly #mounts: ReadonlyMap<number, MountFacts>;
  readonly #byCaller = new Map<number, Operation[]>();

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.#processes = new Map(snapshot.processes.map((one) => [one.pid, one]));
    this.#mounts = new Map(snapshot.mounts.map((one) => [one.mountId, one]));
    for (const operation of snapshot.operations) {
      if (operation.tid === null) continue;
      this.#byCaller.set(operation.tid, [...(this.#byCaller.get(operation.tid) ?? []), operation]);
    }
  }

  process(pid: number | null): ProcessFacts | undefined {
    return pid === null ? undefined : this.#processes.get(pid);
  }

  mount(id: number): MountFacts | undefined {
    return this.#mounts.get(id);
  }

  /** Operations that a thread waits in; it can be one of a mirror's and the kernel's of the same request. */
  ofCaller(tid: number): readonly Operation[] {
    return this.#byCaller.get(tid) ?? [];
  }

  /** The thread with this id, and its process. */
  thread(tid: number | null): { process: ProcessFacts; thread: ThreadFacts } | undefined {
    if (tid === null) return undefined;
    for (const process of this.#processes.values()) {
      const thread = process.threads.find((one) => one.tid === tid);
      if (thread) return { process, thread };
    }
    return undefined;
  }

  /** The process that answers for a mount, where it is there to see. */
  daemon(mount: MountFacts): ProcessFacts | undefined {
    const known = this.process(mount.daemon?.pid ?? null);
    if (known || mount.connection === null) return known;
    // Its kernel record knows the daemon where a mirror's or a log's does not.
    const twin = this.snapshot.mounts.find((one) => one.connection === mount.connection && one.daemon);
    return this.process(twin?.daemon?.pid ?? null);
  }

  /** Two records of one mount: the kernel's and a mirror's. */
  same(a: MountFacts, b: MountFacts): boolean {
    return a.mountId === b.mountId || (a.connection !== null && a.connection === b.connection);
  }

  /** The innermost FUSE mount on the way to an absolute path. */
  mountOf(path: string): MountFacts | null {
    let best: MountFacts | null = null;
    let length = 0;
    for (const mount of this.snapshot.mounts) {
      for (const point of mount.points) {
        const below = path === point || path.startsWith(point === '/' ? '/' : `${point}/`);
        if (below && point.length > length) {
          best = mount;
          length = point.length;
        }
      }
    }
    return best;
  }

  /** Children of a process and theirs. */
  descendants(pid: number): ProcessFacts[] {
    const found: ProcessFacts[] = [];
    const parents = new Set([pid]);
    for (let grown = true; grown; ) {
      grown = false;
      for (const one of this.#processes.values()) {
        if (parents.has(one.pid) || !parents.has(one.ppid)) continue;
        parents.add(one.pid);
        found.push(one);
        grown = true;
      }
    }
    return found;
  }

  /** Operations of a mount, and of its twin record, the longest open first. */
  operationsOf(mount: MountFacts): Operation[] {
    return this.snapshot.operations
      .filter((one) => {
        const its = this.mount(one.mountId);
        return its !== undefined && this.same(its, mount);
      })
      .sort((a, b) => a.startUs - b.startUs);
  }
}
