// The npm packages: installed when what is there is not what package-lock.json says. Scripts of packages are not
// run, whatever npm's version thinks of them, but the one that brings the pinned Node.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { SetupError, say } from './say.mjs';

/** The pinned Node of a checkout.  @type {(root: string) => string} */
export const pinnedNode = (root) => join(root, 'node_modules/node/bin/node');

/** @type {(root: string) => void} */
export function providePackages(root) {
  if (!installed(root)) {
    say('installing npm packages (once, about 20 s) …');
    npm(root, ['ci', '--ignore-scripts', '--loglevel=error']);
  }
  if (!existsSync(pinnedNode(root))) npm(root, ['rebuild', 'node', '--loglevel=error']);
  linkCommand(root);
}

/** Puts `fusescope` where npx finds it at once; npm links the commands of dependencies only.  @type {(root: string) => void} */
export function linkCommand(root) {
  const link = join(root, 'node_modules/.bin/fusescope');
  if (!existsSync(link)) symlinkSync('../../server/setup/launcher.mjs', link);
}

/** Is every locked package there in its locked version? npm keeps what it installed in node_modules/.package-lock.json. */
export function installed(/** @type {string} */ root) {
  const wanted = read(join(root, 'package-lock.json'));
  const there = read(join(root, 'node_modules/.package-lock.json'));
  if (!wanted)
    throw new SetupError(
      'package-lock.json is missing or not JSON (it names the versions). Restore it from the repository.',
    );
  if (!there) return false;
  return Object.entries(wanted.packages).every(
    ([path, entry]) =>
      path === '' ||
      (there.packages[path]?.version ?? (entry.optional ? entry.version : null)) === entry.version,
  );
}

/** @type {(file: string) => {packages: Record<string, {version: string, optional?: boolean}>} | null} */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Runs npm on the machine's own Node, because the pinned one is among what gets replaced.  @type {(root: string, args: string[]) => void} */
function npm(root, args) {
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => !dir.endsWith('node_modules/.bin'));
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PATH: path.join(delimiter) };
  if (!writable(process.env.npm_config_cache ?? join(homedir(), '.npm')))
    env.npm_config_cache = join(root, '.tmp/npm');
  const borrowed = join(root, '.tmp/node');
  if (isTooOld(env)) {
    // An old Node would silently leave out optional packages that say they need a newer one, vite's among them.
    const node = read(join(root, 'package-lock.json'))?.packages['node_modules/node']?.version;
    run(
      root,
      ['install', '--prefix', borrowed, '--loglevel=error', `node-linux-${process.arch}@${node}`],
      env,
    );
    env.PATH = [join(borrowed, 'node_modules/.bin'), ...path].join(delimiter);
  }
  try {
    run(root, args, env);
  } finally {
    rmSync(borrowed, { recursive: true, force: true });
  }
}

/** Is the Node that npm runs on older than the packages ask for?  @param {NodeJS.ProcessEnv} env */
function isTooOld(env) {
  const version = spawnSync('node', ['--version'], { env, encoding: 'utf8' }).stdout ?? '';
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  return major < 20 || (major === 20 && minor < 19);
}

/** @type {(root: string, args: string[], env: NodeJS.ProcessEnv) => void} */
function run(root, args, env) {
  const { status, error } = spawnSync('npm', args, { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  const why = error?.message ?? `exit ${status}`;
  throw new SetupError(
    `npm ${args[0]} failed (${why}). See its message above; npm ${args.join(' ')} tries again.`,
  );
}

/** @param {string} dir */
function writable(dir) {
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
