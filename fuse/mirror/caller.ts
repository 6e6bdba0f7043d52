// Who made a request: FUSE tells a thread id, people want the process and its name. Read from /proc, kept for a
// short time in a bounded table; the caller waits for our answer, so its entry exists while we look.
import { closeSync, openSync, readSync } from 'node:fs';

export interface Caller {
  pid: number;
  comm: string;
}

interface Known extends Caller {
  firstMs: number;
  untilMs: number;
}

/**
 * How long an answer counts. A process that forks runs another program soon and changes its name by that, so a
 * thread new to us is looked at again after a moment, and ever more rarely as it proves to stay what it is.
 */
const KEEP_MS = { first: 1, most: 100 };
const MAX_KNOWN = 1024;
const NOBODY: Caller = { pid: 0, comm: '' };

export class Callers {
  readonly #known = new Map<number, Known>();
  /** Name and Tgid come within the first lines of /proc/TID/status. */
  readonly #buffer = Buffer.alloc(256);

  /**
   * The process of a thread. Synchronous on purpose: about 10 µs when not known, and /proc/TID/status and comm take
   * no lock that a stuck process holds (cmdline would).
   * @param nowMs a monotonic clock.
   */
  of(tid: number, nowMs: number): Caller {
    if (tid === 0) return NOBODY;
    const known = this.#known.get(tid);
    if (known && known.untilMs > nowMs) return known;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const firstMs = known?.firstMs ?? nowMs;
    const keepMs = Math.min(KEEP_MS.most, Math.max(KEEP_MS.first, (nowMs - firstMs) / 4));
    const caller = { ...this.#look(tid), firstMs, untilMs: nowMs + keepMs };
    this.#known.set(tid, caller);
    return caller;
  }

  #look(tid: number): Caller {
    const status = this.#read(`/proc/${tid}/status`);
    const pid = Number(/^Tgid:\t(\d+)$/m.exec(status)?.[1] ?? tid);
    const comm = this.#read(`/proc/${pid}/comm`).trimEnd();
    return { pid, comm };
  }

  /** Beginning of a /proc file; empty where the process is gone or in another pid namespace. */
  #read(path: string): string {
    let fd: number;
    try {
      fd = openSync(path, 'r');
    } catch {
      return '';
    }
    try {
      return this.#buffer.toString('utf8', 0, readSync(fd, this.#buffer, 0, this.#buffer.length, 0));
    } catch {
      return '';
    } finally {
      closeSync(fd);
    }
  }
}
