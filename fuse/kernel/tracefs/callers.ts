// Whose thread an id is: /proc where it still lives, else the tables that the kernel keeps for its own trace output.
// Ids of a trace are those of the first pid namespace; in another one /proc has none of them, and they mean nothing.
import { join } from 'node:path';
import { readLink, readProc } from '../discovery/proc.ts';

export interface Caller {
  tid: number | null;
  pid: number | null;
  uid: number | null;
  gid: number | null;
  comm: string | null;
}

/** Inode number of the first pid namespace (PROC_PID_INIT_INO). */
const FIRST_NAMESPACE = 'pid:[4026531836]';
const NOBODY: Caller = { tid: null, pid: null, uid: null, gid: null, comm: null };
/** Threads remembered for when they have ended. */
const KEPT = 4096;

export class Callers {
  readonly #tracefs: string;
  /** Whether ids of a trace are ids of our /proc. */
  readonly #sharesIds = readLink('/proc/self/ns/pid') === FIRST_NAMESPACE;
  readonly #known = new Map<number, { caller: Caller; round: number }>();
  #tables: { comms: Map<number, string>; groups: Map<number, number> } | null = null;
  #round = 0;

  constructor(tracefs: string) {
    this.#tracefs = tracefs;
  }

  /** The thread's number in our pid namespace, or null. */
  numberOf(tid: number): number | null {
    return this.#sharesIds ? tid : null;
  }

  /** From now on everything is looked up anew: a process has another name once it has called exec. */
  nextRound(): void {
    this.#round++;
    this.#tables = null;
    if (this.#known.size > KEPT) this.#known.clear();
  }

  of(tid: number): Caller {
    const known = this.#known.get(tid);
    if (known?.round === this.#round) return known.caller;
    const caller = this.#sharesIds
      ? (alive(tid) ?? this.#ended(tid) ?? known?.caller ?? { ...NOBODY, tid })
      : { ...NOBODY, comm: this.#ended(tid)?.comm ?? null };
    this.#known.set(tid, { caller, round: this.#round });
    return caller;
  }

  #ended(tid: number): Caller | null {
    this.#tables ??= {
      comms: new Map(this.#lines('saved_cmdlines').map(([id, comm]) => [id, comm])),
      groups: new Map(this.#lines('saved_tgids').map(([id, group]) => [id, Number(group)])),
    };
    const comm = this.#tables.comms.get(tid) ?? null;
    const pid = this.#tables.groups.get(tid) ?? null;
    return comm === null && pid === null ? null : { ...NOBODY, tid, pid, comm };
  }

  #lines(file: string): [number, string][] {
    const text = readProc(join(this.#tracefs, file)) ?? '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const space = line.indexOf(' ');
        return [Number(line.slice(0, space)), line.slice(space + 1)];
      });
  }
}

function alive(tid: number): Caller | null {
  const status = readProc(`/proc/${tid}/status`);
  if (status === null) return null;
  const field = (name: string) => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1];
  // Four ids each: real, effective, saved, file system; the last is what FUSE sends.
  const id = (name: string) => Number(field(name)?.split('\t')[3]);
  return { tid, pid: Number(field('Tgid')), uid: id('Uid'), gid: id('Gid'), comm: field('Name') ?? null };
}
