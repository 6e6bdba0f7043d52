// How a mirror ends: unmount first, so that no new operation comes, give what is in flight a bounded time, send the
// rest of the trace, exit. Whatever asks a second time gets an immediate end, unmounted all the same.
import { unlinkSync } from 'node:fs';
import { fsName } from './names.ts';
import type { Session } from './session.ts';
import { unmount, unmountNow } from './unmount.ts';

/** How long operations in flight may take after the unmount. */
const GRACE_MS = 2000;
const POLL_MS = 10;

export interface Ending {
  mountpoint: string;
  /** Operations not yet answered. */
  inflight: () => number;
  /** Source paths in bytes of unlinked files still open; nobody can reach them after us. */
  hidden: ReadonlySet<string>;
  /** Null until mounted. */
  session: () => Session | null;
  /** Called once, before anything else. */
  begins: () => void;
  closeTrace: () => Promise<void>;
  exit: (status: number) => void;
}

export class Shutdown {
  readonly #ending: Ending;
  #begun = false;
  /** True once the mount is known to be gone. */
  #unmounted = false;

  constructor(ending: Ending) {
    this.#ending = ending;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Ends in good order with exit status 0. @param gone the mount was already taken away. */
  async end(gone = false): Promise<void> {
    if (this.#begun) return;
    this.#begin();
    this.#unmounted = gone;
    const session = this.#ending.session();
    if (session && !gone) await this.#unmount();
    await this.#settle(session);
    this.#unlinkHidden();
    await this.#ending.closeTrace();
    this.#ending.exit(0);
  }

  /** Ends at once. */
  endNow(status: number): void {
    this.#begin();
    if (this.#ending.session() && !this.#unmounted) unmountNow(this.#ending.mountpoint);
    this.#unlinkHidden();
    this.#ending.exit(status);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#ending.begins();
  }

  async #unmount(): Promise<void> {
    const busy = await unmount(this.#ending.mountpoint, false);
    const refusal = busy === null ? null : await unmount(this.#ending.mountpoint, true);
    this.#unmounted = refusal === null;
  }

  /** The session ends by itself when nobody has a file open on it any more; else the calls in flight decide. */
  #settle(session: Session | null): Promise<void> {
    const untilMs = performance.now() + GRACE_MS;
    return new Promise((resolve) => {
      const look = () => {
        const done = session === null || session.ended || this.#ending.inflight() === 0;
        if (done || performance.now() >= untilMs) return resolve();
        setTimeout(look, POLL_MS);
      };
      look();
    });
  }

  #unlinkHidden(): void {
    for (const path of this.#ending.hidden) {
      try {
        unlinkSync(fsName(path));
      } catch {
        // Released and unlinked in the meantime.
      }
    }
  }
}
