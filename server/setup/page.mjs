// The page: built by vite into dist/web when its sources are not those of the last build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedNode } from './packages.mjs';
import { SetupError, say } from './say.mjs';

const SOURCES = ['web', 'shared'];
/** Pictures for the README are no part of the page. */
const LEFT_OUT = ['web/pictures'];

/** @type {(root: string, force: boolean) => void} */
export function providePage(root, force) {
  const stamp = join(root, 'dist/page.sha256');
  const wanted = sourceHash(root);
  if (
    !force &&
    existsSync(join(root, 'dist/web/index.html')) &&
    existsSync(join(root, 'dist/report/report.js')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === wanted
  )
    return;
  say('building the page …');
  rmSync(stamp, { force: true });
  const args = [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'web', '--logLevel', 'error'];
  const { status } = spawnSync(pinnedNode(root), args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new SetupError('the page could not be built (vite says why above).');
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** One hash over the names and bytes of everything the page is made of.  @type {(root: string) => string} */
export function sourceHash(root) {
  const hash = createHash('sha256');
  /** @param {string} at */
  const walk = (at) => {
    for (const entry of readdirSync(join(root, at), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = `${at}/${entry.name}`;
      if (LEFT_OUT.includes(path)) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) add(path);
    }
  };
  /** @param {string} path */
  const add = (path) =>
    hash.update(`${path}\0`).update(
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest(),
    );
  for (const source of SOURCES) walk(source);
  add('package-lock.json');
  return hash.digest('hex');
}
