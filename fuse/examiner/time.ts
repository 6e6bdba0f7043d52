// When a process was started and when a thread last ran, in wall time. The scheduler's clock is read through our own
// entry in it; it runs a little slower than the wall (time taken by interrupts and by the host is not in it), so what
// comes of it is "about".
import { readProc } from '../kernel/discovery/proc.ts';

/** Of /proc/PID/stat, on every Linux (USER_HZ). */
const TICKS_PER_S = 100;

export class Moment {
  readonly takenUs: number;
  readonly #bootUs: number;
  readonly #schedMs: number | null;

  constructor() {
    this.#schedMs = ranAtMs(readProc('/proc/self/sched') ?? '');
    this.takenUs = Date.now() * 1_000;
    const uptimeS = Number((readProc('/proc/uptime') ?? '0').split(' ')[0]);
    this.#bootUs = this.takenUs - uptimeS * 1e6;
  }

  /** µs since the epoch of a number of clock ticks since boot. */
  sinceBoot(ticks: number): number {
    return Math.round(this.#bootUs + (ticks / TICKS_PER_S) * 1e6);
  }

  /** µs since the epoch when a thread last ran, by the text of its /proc/PID/sched; null where the kernel does not tell. */
  sinceRan(sched: string): number | null {
    const ranMs = ranAtMs(sched);
    if (ranMs === null || this.#schedMs === null) return null;
    return Math.round(Math.min(this.takenUs, this.takenUs - (this.#schedMs - ranMs) * 1_000));
  }
}

/** Null too where it was moved to another processor and has not run there yet (migrate_task_rq_fair in kernel/sched). */
function ranAtMs(sched: string): number | null {
  const ms = Number(/^se\.exec_start\s*:\s*([\d.]+)/m.exec(sched)?.[1] ?? 0);
  return ms === 0 ? null : ms;
}
