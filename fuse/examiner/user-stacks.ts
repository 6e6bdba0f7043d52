// What the threads of a process do in their own code, as far as one examination has time for it. The threads go on
// meanwhile: a stack counts only where its thread is at the same place after it was read.
import type { UserFrame } from '../../shared/user-frame.ts';
import { readProc } from '../kernel/discovery/proc.ts';
import type { Memory } from './memory.ts';
import type { Modules } from './modules.ts';
import { ProcessSpace } from './process-space.ts';
import type { ScannedThread } from './scan.ts';
import { type StackFrame, unwind } from './user-stack.ts';

/** Of one process. */
const THREADS_MAX = 64;
/** For one process, and for all of them: the server waits 1.5 s for each. */
const PROCESS_MS = 200;
const ALL_MS = 600;
/** A daemon's thread that waits for requests has the least to tell. */
const IDLE = /^fuse_dev_/;
/** Programs of 32 bits have no address beyond. */
const ADDRESSES_32 = 2 ** 32;

export class UserStacks {
  readonly #modules: Modules;
  #leftMs = ALL_MS;
  #late = 0;
  #denied = false;

  /** @param modules kept from one examination to the next. */
  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** Of the threads of one process, by thread; those that run are left out. */
  of(pid: number, threads: readonly ScannedThread[], memory: Memory): Map<number, UserFrame[]> {
    const found = new Map<number, UserFrame[]>();
    if (process.arch !== 'x64') return found;
    const wanted = [...threads]
      .sort((a, b) => Number(IDLE.test(a.wchan ?? '')) - Number(IDLE.test(b.wchan ?? '')))
      .slice(0, THREADS_MAX);
    const begun = performance.now();
    const timeMs = Math.min(PROCESS_MS, this.#leftMs);
    let space: ProcessSpace | null = null;
    const stacks = new Map<number, StackFrame[]>();
    try {
      for (const { tid } of wanted) {
        if (performance.now() - begun > timeMs) {
          this.#late++;
          continue;
        }
        const path = `/proc/${pid}/task/${tid}/syscall`;
        const before = readProc(path);
        const at = before === null ? null : placeOf(before);
        if (!at || (memory.areas.at(-1)?.to ?? 0) <= ADDRESSES_32) continue;
        space ??= new ProcessSpace(pid, memory, this.#modules);
        const stack = unwind(space, at);
        if (stack.length > 0 && readProc(path) === before) stacks.set(tid, stack);
      }
      space?.learn([...stacks.values()].flat());
      for (const [tid, frames] of stacks)
        found.set(
          tid,
          frames.map((frame) => ({ text: space?.textOf(frame) ?? '', guessed: frame.guessed })),
        );
      if (space?.denied) this.#denied = true;
    } finally {
      space?.close();
    }
    this.#leftMs -= performance.now() - begun;
    return found;
  }

  /** What was left out, in words. */
  left(): string[] {
    const left: string[] = [];
    if (process.arch !== 'x64') left.push('user stacks: they are read on x86_64 only');
    if (this.#late > 0) left.push(`user stacks of ${this.#late} threads: there was no time for them`);
    if (this.#denied) left.push('names in user stacks: they are for root to read');
    return left;
  }
}

/** Of a thread that sleeps, from /proc/PID/task/TID/syscall (proc(5)): stack pointer and program counter come last. */
export function placeOf(text: string): { sp: number; pc: number } | null {
  const [sp, pc] = text.trim().split(' ').slice(-2).map(Number);
  return sp !== undefined && pc !== undefined && sp > 0 && pc > 0 ? { sp, pc } : null;
}
