// Where the database lies. `:memory:` is a private file on tmpfs, since two connections cannot share SQLite's own
// memory databases; its name is removed as soon as both have opened it, so that nothing is ever left behind.
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Place {
  file: string;
  /** Removes the name of a file that is to leave nothing behind. */
  unlink(): void;
  /** False where the name was removed. */
  named: boolean;
}

export function placeOf(file: string): Place {
  if (file !== ':memory:') return { file: resolve(file), unlink: () => {}, named: true };
  const dir = mkdtempSync(join(tmpfs(), `fusescope-${process.pid}-`));
  return {
    file: join(dir, 'memory.db'),
    unlink: () => rmSync(dir, { recursive: true, force: true }),
    named: false,
  };
}

function tmpfs(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    // Not there, or not ours: the next best place.
    return tmpdir();
  }
}
