// A file that grows, read from its beginning: through rotation (another file under its name) and truncation. It need
// not be there yet. Looks only when asked; touches nothing but this file.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const CHUNK_BYTES = 256 * 1024;

export class Tail {
  readonly #file: string;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #fd: number | null = null;
  #at = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** What has come since; valid until the next call. `replaced`: it is of another file than what came before. */
  read(): { bytes: Buffer | null; replaced: boolean } {
    let replaced = false;
    if (this.#fd === null && !this.#open()) return { bytes: null, replaced };
    let count = this.#take();
    if (count === 0 && this.#isOver()) {
      replaced = true;
      count = this.#fd === null ? 0 : this.#take();
    }
    return { bytes: count === 0 ? null : this.#buffer.subarray(0, count), replaced };
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #take(): number {
    if (this.#fd === null) return 0;
    const count = readSync(this.#fd, this.#buffer, 0, CHUNK_BYTES, this.#at);
    this.#at += count;
    return count;
  }

  #open(): boolean {
    try {
      this.#fd = openSync(this.#file, 'r');
      this.#at = 0;
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Whether all of this file was read and another one is under its name, or it was emptied; begins anew then. */
  #isOver(): boolean {
    if (this.#fd === null) return false;
    const held = fstatSync(this.#fd);
    const named = statSync(this.#file, { throwIfNoEntry: false });
    if (named && named.ino === held.ino && named.dev === held.dev) {
      if (held.size >= this.#at) return false;
      this.#at = 0;
      return true;
    }
    if (!named) return false;
    this.close();
    return this.#open();
  }
}
