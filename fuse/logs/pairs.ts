// Joins the ENTER and EXIT of a log into whole operations, so that only what has not ended is held. What comes out is
// one event each: SPAN for one that ended, LOST for one of which an end is missing, ENTER for one that is open.
// Bounded: of more than MAX_OPEN the oldest is lost, and an EXIT waits for an ENTER that it overtook among few others.
import { ENTER, EXIT, LOST, SPAN, type WireEvent } from '../../shared/wire/frames.ts';

const MAX_OPEN = 100_000;
const MAX_HELD = 1_000;

type Table = Map<number | string, WireEvent>;

export class Pairs {
  spans = 0;
  unpaired = 0;
  readonly #out: (event: WireEvent) => void;
  /** By mount, then by id, in order of ENTER. */
  readonly #open = new Map<number, Table>();
  readonly #held = new Map<number, Table>();
  #openCount = 0;
  #heldCount = 0;

  constructor(out: (event: WireEvent) => void) {
    this.#out = out;
  }

  get openCount(): number {
    return this.#openCount;
  }

  push(event: WireEvent): void {
    if (event.kind === ENTER) this.#enter(event);
    else if (event.kind === EXIT) this.#exit(event);
    else if (event.kind === LOST) this.#lose(event);
    else {
      const open = this.#take(event);
      this.#whole(open ? filled(open, event) : event, SPAN);
    }
  }

  /** Operations that are open, for who wants to tell of them before they end. */
  *open(): Generator<WireEvent> {
    for (const table of this.#open.values()) yield* table.values();
  }

  /** The log is over: what is open is told as open, EXITs that wait will find nothing. */
  end(): void {
    for (const table of this.#held.values()) for (const exit of table.values()) this.#orphan(exit);
    this.#held.clear();
    for (const event of this.open()) {
      this.spans++;
      this.#out(event);
    }
  }

  #enter(event: WireEvent): void {
    const held = this.#heldCount === 0 ? undefined : this.#held.get(event.mount)?.get(event.id);
    if (held) {
      this.#held.get(event.mount)?.delete(event.id);
      this.#heldCount--;
      if (held.tsUs >= event.tsUs) {
        this.#finish(event, held);
        return;
      }
      this.#orphan(held);
    }
    let table = this.#open.get(event.mount);
    if (!table) {
      table = new Map();
      this.#open.set(event.mount, table);
    }
    const before = table.get(event.id);
    if (before) this.#giveUp(table, before);
    table.set(event.id, event);
    this.#openCount++;
    if (this.#openCount > MAX_OPEN) {
      const oldest = table.values().next().value;
      if (oldest) this.#giveUp(table, oldest);
    }
  }

  #exit(event: WireEvent): void {
    const open = this.#take(event);
    if (open) {
      this.#finish(open, event);
      return;
    }
    let table = this.#held.get(event.mount);
    if (!table) {
      table = new Map();
      this.#held.set(event.mount, table);
    }
    const before = table.get(event.id);
    if (before) {
      this.#orphan(before);
      this.#heldCount--;
    }
    table.set(event.id, event);
    this.#heldCount++;
    if (this.#heldCount <= MAX_HELD) return;
    for (const other of this.#held.values()) {
      const [oldest] = other;
      if (!oldest) continue;
      other.delete(oldest[0]);
      this.#heldCount--;
      this.#orphan(oldest[1]);
      return;
    }
  }

  #finish(open: WireEvent, exit: WireEvent): void {
    const durNs = exit.durNs ?? Math.max(0, Math.round((exit.tsUs - open.tsUs) * 1_000));
    this.#whole({ ...filled(open, exit), durNs }, SPAN);
  }

  /** Its end is not told; that is how such a log is, and no loss of ours. */
  #lose(event: WireEvent): void {
    const open = this.#take(event);
    if (open) this.#whole({ ...filled(open, event), durNs: null }, LOST);
  }

  #giveUp(table: Table, event: WireEvent): void {
    table.delete(event.id);
    this.#openCount--;
    this.unpaired++;
    this.#whole(event, LOST);
  }

  #orphan(exit: WireEvent): void {
    this.unpaired++;
    const startUs = exit.durNs === null ? exit.tsUs : exit.tsUs - exit.durNs / 1_000;
    this.#whole({ ...exit, tsUs: startUs }, LOST);
  }

  #whole(event: WireEvent, kind: typeof SPAN | typeof LOST): void {
    this.spans++;
    event.kind = kind;
    this.#out(event);
  }

  #take(event: WireEvent): WireEvent | undefined {
    const table = this.#open.get(event.mount);
    const open = table?.get(event.id);
    if (!table || !open) return undefined;
    table.delete(event.id);
    this.#openCount--;
    return open;
  }
}

/** What both ends tell: the ENTER's word stands, results are the EXIT's. */
function filled(open: WireEvent, exit: WireEvent): WireEvent {
  return {
    ...open,
    durNs: exit.durNs,
    queueNs: exit.queueNs ?? open.queueNs,
    errno: exit.errno,
    path: open.path ?? exit.path,
    newPath: open.newPath ?? exit.newPath,
    nodeid: open.nodeid ?? exit.nodeid,
    fh: open.fh ?? exit.fh,
    offset: open.offset ?? exit.offset,
    size: open.size ?? exit.size,
    bytes: exit.bytes ?? open.bytes,
    pid: open.pid ?? exit.pid,
    tid: open.tid ?? exit.tid,
    uid: open.uid ?? exit.uid,
    gid: open.gid ?? exit.gid,
    comm: open.comm ?? exit.comm,
    daemonTid: exit.daemonTid ?? open.daemonTid,
    args: exit.args === null ? open.args : { ...exit.args, ...open.args },
  };
}
