// Whose thread an id is: /proc where it still lives, else the tables that the kernel keeps for its own trace output.
import { join } from 'node:path';
import { readProc } from '../discovery/proc.ts';

export interface Caller {
  pid: number | null;
  uid: number | null;
  gid: number | null;
  comm: string | null;
}

const NOBODY: Caller = { pid: null, uid: null, gid: null, comm: null };
/** Threads remembered for when they have ended. */
const KEPT = 4096;

export class Callers {
  readonly #tracefs: string;
  readonly #known = new Map<number, { caller: Caller; round: number }>();
  #tables: { comms: Map<number, string>; groups: Map<number, number> } | null = null;
  #round = 0;

  constructor(tracefs: string) {
    this.#tracefs = tracefs;
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
    const caller = alive(tid) ?? this.#ended(tid) ?? known?.caller ?? NOBODY;
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
    return comm === null && pid === null ? null : { pid, uid: null, gid: null, comm };
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
  return { pid: Number(field('Tgid')), uid: id('Uid'), gid: id('Gid'), comm: field('Name') ?? null };
}
