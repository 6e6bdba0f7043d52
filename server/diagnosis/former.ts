// Who answered for each mount before: when a daemon ends, and a process that inherited its device is found in its place,
// that one need not be a daemon at all.
import type { MountRecord } from '../mounts/registry.ts';
import { isRunning } from '../process/alive.ts';

type Daemon = NonNullable<MountRecord['daemon']>;

export class FormerDaemons {
  readonly #seen = new Map<number, { connection: number | null; last: Daemon; former: Daemon | null }>();

  /** A collector has told of the mount. */
  note({ id, connection, daemon, present }: MountRecord): void {
    const known = this.#seen.get(id);
    if (!present) this.#seen.delete(id);
    if (!present || !daemon) return;
    if (!known || known.connection !== connection)
      this.#seen.set(id, { connection, last: daemon, former: null });
    else if (known.last.pid !== daemon.pid)
      this.#seen.set(id, { connection, last: daemon, former: known.last });
  }

  /** The daemon before the present one, where it has ended. */
  of(mountId: number): Daemon | null {
    const former = this.#seen.get(mountId)?.former ?? null;
    return former && !isRunning(former.pid) ? former : null;
  }
}
