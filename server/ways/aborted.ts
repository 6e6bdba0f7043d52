// Connections that we have aborted: such a mount is dead, though its daemon may live. Forgotten once it is unmounted, or
// has another daemon: then it is another mount.
import type { MountRecord } from '../mounts/registry.ts';
import type { Trace } from '../trace.ts';

export class Aborted {
  readonly #daemons = new Map<number, number | null>();

  constructor(trace: Trace) {
    trace.on('mount', (mount) => {
      if (!mount.present) this.#daemons.delete(mount.id);
    });
  }

  add(mount: MountRecord): void {
    this.#daemons.set(mount.id, mount.daemon?.pid ?? null);
  }

  has(mount: MountRecord): boolean {
    const daemon = this.#daemons.get(mount.id);
    return daemon !== undefined && (mount.daemon === null || mount.daemon.pid === daemon);
  }
}
