// How many operations of a mount are in flight, over time. Spans come in order of start; ends are kept in a heap, so
// memory is what is in flight at once, not the length of the trace.

/** Changes closer together than this are told as one, the last. */
const STEP_NS = 100_000n;

interface Mount {
  /** A binary heap of ends, earliest first. */
  ends: bigint[];
  value: number;
  toldNs: bigint;
  pendingNs: bigint | null;
}

export class InFlight {
  readonly #mounts = new Map<number, Mount>();
  readonly #tell: (mountId: number, atNs: bigint, value: number) => void;

  constructor(tell: (mountId: number, atNs: bigint, value: number) => void) {
    this.#tell = tell;
  }

  /** @param endNs null: it is open and stays counted. */
  add(mountId: number, startNs: bigint, endNs: bigint | null): void {
    let mount = this.#mounts.get(mountId);
    if (!mount) {
      mount = { ends: [], value: 0, toldNs: -(2n ** 63n), pendingNs: null };
      this.#mounts.set(mountId, mount);
    }
    this.#endUntil(mountId, mount, startNs);
    this.#change(mountId, mount, startNs, 1);
    if (endNs !== null) push(mount.ends, endNs);
  }

  /** The trace is over: what is still to end ends. */
  end(): void {
    for (const [mountId, mount] of this.#mounts) {
      this.#endUntil(mountId, mount, 2n ** 63n);
      if (mount.pendingNs !== null) this.#tell(mountId, mount.pendingNs, mount.value);
      mount.pendingNs = null;
    }
  }

  #endUntil(mountId: number, mount: Mount, untilNs: bigint): void {
    for (let first = mount.ends[0]; first !== undefined && first <= untilNs; first = mount.ends[0]) {
      pop(mount.ends);
      this.#change(mountId, mount, first, -1);
    }
  }

  #change(mountId: number, mount: Mount, atNs: bigint, by: number): void {
    if (mount.pendingNs !== null && atNs - mount.pendingNs >= STEP_NS) {
      this.#tell(mountId, mount.pendingNs, mount.value);
      mount.toldNs = mount.pendingNs;
      mount.pendingNs = null;
    }
    mount.value += by;
    if (mount.pendingNs === null && atNs - mount.toldNs >= STEP_NS) {
      this.#tell(mountId, atNs, mount.value);
      mount.toldNs = atNs;
    } else mount.pendingNs = atNs;
  }
}

function push(heap: bigint[], value: bigint): void {
  let at = heap.push(value) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const other = heap[above] as bigint;
    if (other <= value) break;
    heap[at] = other;
    at = above;
  }
  heap[at] = value;
}

function pop(heap: bigint[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && (heap[below + 1] as bigint) < (heap[below] as bigint)) below++;
    const other = heap[below] as bigint;
    if (other >= last) break;
    heap[at] = other;
    at = below;
  }
  heap[at] = last;
}
