// Makes a folder and those above it, for our own user only. Not Node's recursive mkdir: where a folder can never be
// made (below /proc, or in a root that was removed under us) that one tries for ever.
import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @returns the folders that were made, outermost first.
 * @throws what mkdir(2) says of the first folder that cannot be made.
 */
export function makeFolder(path: string): string[] {
  const made: string[] = [];
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder, { mode: 0o700 });
      made.push(folder);
    } catch (error) {
      // Another process may have made it in between.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw new Error(`ENOTDIR: ${path} is no folder`);
  return made;
}

/** Takes folders away that `makeFolder` made, those that somebody uses by now excepted. */
export function removeFolders(made: readonly string[]): void {
  for (const folder of made.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      // Not empty, or gone.
      return;
    }
  }
}
