// Who answered for each mount before: when a daemon ends, and a process that inherited its device is found in its place,
// that one need not be a daemon at all. It is one once it has answered something.
import type { Span } from '../../shared/span.ts';
import type { MountRecord } from '../mounts/registry.ts';
import { isRunning } from '../process/alive.ts';
import type { Trace } from '../trace.ts';

type Daemon = NonNullable<MountRecord['daemon']>;

interface Seen {
  connection: number | null;
  last: Daemon;
  /** The one before, while nothing has been answered since. */
  former: Daemon | null;
  sinceUs: number;
}

export class FormerDaemons {
  readonly #seen = new Map<number, Seen>();
  readonly #trace: Pick<Trace, 'on' | 'off'>;
  readonly #nowUs: () => number;
  /** Mounts whose present daemon has not answered yet. */
  readonly #unproven = new Set<number>();

  constructor(trace: Pick<Trace, 'on' | 'off'>, nowUs: () => number) {
    this.#trace = trace;
    this.#nowUs = nowUs;
    trace.on('mount', (mount) => this.#note(mount));
  }

  /** The daemon before the present one, where it has ended and nobody has answered since. */
  of(mountId: number): Daemon | null {
    const former = this.#seen.get(mountId)?.former ?? null;
    return former && !isRunning(former.pid) ? former : null;
  }

  /** A collector has told of the mount. */
  #note({ id, connection, daemon, present }: MountRecord): void {
    const known = this.#seen.get(id);
    if (!present) {
      this.#seen.delete(id);
      this.#prove(id);
    }
    if (!present || !daemon) return;
    if (known && known.connection === connection && known.last.pid === daemon.pid) return;
    const former = known?.connection === connection ? known.last : null;
    this.#seen.set(id, { connection, last: daemon, former, sinceUs: this.#nowUs() });
    if (!former) return;
    // Spans are many: they are looked at only while there is something to learn.
    if (this.#unproven.size === 0) this.#trace.on('ended', this.#ended);
    this.#unproven.add(id);
  }

  readonly #ended = ({ mountId, state, startUs, durationNs }: Span) => {
    const seen = this.#seen.get(mountId);
    if (!this.#unproven.has(mountId) || !seen || state !== 'done' || durationNs === null) return;
    if (startUs + durationNs / 1_000 <= seen.sinceUs) return;
    seen.former = null;
    this.#prove(mountId);
  };

  #prove(id: number): void {
    if (this.#unproven.delete(id) && this.#unproven.size === 0) this.#trace.off('ended', this.#ended);
  }
}
