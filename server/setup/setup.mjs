// Set-up of a checkout: node server/setup/setup.mjs start|test|build|check|package|prepare. Each step looks first and does
// nothing when nothing is missing. Plain JavaScript for Node >= 18.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDevice } from './device.mjs';
import { emitPackage } from './emit.mjs';
import { linkCommand, providePackages } from './packages.mjs';
import { providePage } from './page.mjs';
import { SetupError, say } from './say.mjs';
import { BUILD_NEEDS, MOUNT_NEEDS, missing, provide, TAP_NEEDS, TEST_NEEDS } from './system.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const nativeBuilt = () => existsSync(join(root, 'node_modules/fuse-native/build/Release/fusescope.stamp'));

/** The steps of each target, in order.  @type {Record<string, (() => void)[]>} */
const TARGETS = {
  start: [
    () => system(process.getuid?.() === 0 ? TAP_NEEDS : []),
    packages,
    native,
    loader,
    () => providePage(root, false),
  ],
  test: [
    () => system([...TAP_NEEDS, ...TEST_NEEDS]),
    () => openDevice(),
    packages,
    native,
    loader,
    () => providePage(root, false),
  ],
  build: [packages, loader, () => providePage(root, true)],
  check: [packages],
  // npm ci runs this when it has installed the packages.
  prepare: [() => linkCommand(root), native],
  package: [packages, native, complete, loader, () => providePage(root, false), () => emitPackage(root)],
};

/** @param {import('./system.mjs').Need[]} more */
function system(more) {
  const still = provide([...MOUNT_NEEDS, ...(nativeBuilt() ? [] : BUILD_NEEDS), ...more]);
  if (still.some((need) => !more.includes(need)))
    say('going on without: mirrors and the demo will not mount.');
}

function packages() {
  providePackages(root);
}

/** Without a compiler the page works all the same, only mounting does not; a build that fails is an error. */
function native() {
  if (!nativeBuilt() && missing(BUILD_NEEDS).length > 0)
    return say('fuse-native is not built: no C compiler.');
  const { status } = spawnSync(process.execPath, [join(root, 'fuse/patches/build.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new SetupError('fuse-native could not be built (it says why above).');
}

/** Without it the tap reads tracefs instead of BPF, so what it lacks (exit 3) is no error. */
function loader() {
  const { status } = spawnSync(process.execPath, [join(root, 'fuse/kernel/loader/build.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0 && status !== 3)
    throw new SetupError("the tap's loader could not be built (it says why above).");
}

/** A package without it could not mount, and would not say so until then. */
function complete() {
  if (!nativeBuilt()) throw new SetupError('a package needs fuse-native built.');
}

const [target = ''] = process.argv.slice(2);
const steps = TARGETS[target];
try {
  if (Number(process.versions.node.split('.')[0]) < 18)
    throw new SetupError(
      `Node ${process.versions.node} is too old. Install Node 18 or later; Node 24 itself comes from npm.`,
    );
  if (!steps) throw new SetupError(`no such target: ${target}. One of ${Object.keys(TARGETS).join(', ')}.`);
  for (const step of steps) step();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exit(1);
}
