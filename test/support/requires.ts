// What a test needs of the machine. Where it is not there, the tests are skipped with the reason in their name; as
// root in CI, where set-up installs everything, that is an error, because there a skip would go unseen.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** `root`, `fuse` (a usable /dev/fuse), or the name of a program. */
export type Need = 'root' | 'fuse' | (string & {});

/** Why a need is not met, or null. */
function missing(need: Need): string | null {
  if (need === 'root') return process.geteuid?.() === 0 ? null : 'needs root';
  if (need === 'fuse') return usable('/dev/fuse', constants.R_OK | constants.W_OK) ? null : 'needs /dev/fuse';
  const dirs = (process.env.PATH ?? '').split(delimiter);
  return dirs.some((dir) => usable(join(dir, need), constants.X_OK)) ? null : `needs ${need}`;
}

/** Like describe, for tests that need these. @throws as root in CI where one is missing. */
export function describeWith(needs: readonly Need[], name: string, body: () => void): void {
  const reasons = needs.map(missing).filter((reason) => reason !== null);
  if (reasons.length === 0) return void describe(name, body);
  if (process.env.CI && missing('root') === null) throw new Error(`${name}: ${reasons.join(', ')}`);
  describe.skip(`${name} (skipped: ${reasons.join(', ')})`, body);
}

function usable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
