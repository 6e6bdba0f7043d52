// Patches fuse-native (fuse/patches/*.patch says what and why) and builds it from source, without a download:
// libfuse's headers come with the library, Node's with the npm `node` package or the installed Node.
// Plain JavaScript for Node >= 20, because it runs before anything else is set up. A second run does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const patchDir = dirname(fileURLToPath(import.meta.url));

/** Ends the process with one sentence. */
function fail(what, why, tryThis) {
  process.stderr.write(`fusescope: ${what} (${why}). ${tryThis}\n`);
  process.exit(1);
}

/** The directory of an installed package, or null. */
function packageDir(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A directory that holds include/node/node_api.h and uv.h. Any Node will do: the library uses only Node-API and libuv. */
function nodeHeaders() {
  const pinned = packageDir('node');
  const candidates = [dirname(dirname(process.execPath)), '/usr/local', '/usr'];
  if (pinned) candidates.unshift(join(pinned, 'node_modules', `node-linux-${process.arch}`));
  return candidates.find(
    (dir) => existsSync(join(dir, 'include/node/node_api.h')) && existsSync(join(dir, 'include/node/uv.h')),
  );
}

/** Runs a Node script of an installed package; its output is shown only when it fails. */
function run(what, script, args, cwd) {
  const result = spawnSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout}${result.stderr}`);
  fail(
    `${what} failed`,
    `exit ${result.status ?? result.signal}, output above`,
    'If the library was changed by hand: rm -r node_modules/fuse-native, then npm ci.',
  );
}

if (process.platform !== 'linux')
  fail('cannot build fuse-native', `this is ${process.platform}`, 'FuseScope runs on Linux.');
const library = packageDir('fuse-native');
if (!library) fail('cannot build fuse-native', 'it is not installed', 'Run npm ci first.');

const patch = readdirSync(patchDir).find((name) => name.endsWith('.patch'));
const version = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')).version;
const wanted = createHash('sha256')
  .update(`${version} ${process.arch}\n`)
  .update(readFileSync(join(patchDir, patch)))
  .digest('hex');
const stamp = join(library, 'build/Release/fusescope.stamp');
if (
  existsSync(join(library, 'build/Release/fuse.node')) &&
  existsSync(stamp) &&
  readFileSync(stamp, 'utf8') === wanted
) {
  process.exit(0);
}

const missing = [];
if (!onPath('cc') && !onPath('gcc')) missing.push('gcc', 'libc6-dev');
if (!onPath('make')) missing.push('make');
if (!onPath('python3')) missing.push('python3');
if (missing.length > 0) {
  fail(
    'cannot build fuse-native',
    `missing: ${missing.join(' ')}`,
    `As root: apt-get install -y ${missing.join(' ')}`,
  );
}
const headers = nodeHeaders();
if (!headers)
  fail(
    'cannot build fuse-native',
    "Node's headers are not installed",
    'Run npm rebuild node, which brings them.',
  );
const patcher = packageDir('patch-package');
const gyp = packageDir('node-gyp');
if (!patcher || !gyp)
  fail('cannot build fuse-native', 'patch-package or node-gyp is not installed', 'Run npm ci first.');

const root = dirname(dirname(library));
const started = Date.now();
run(
  'patching fuse-native',
  join(patcher, 'index.js'),
  ['--patch-dir', relative(root, patchDir), '--error-on-fail'],
  root,
);
run('building fuse-native', join(gyp, 'bin/node-gyp.js'), ['rebuild', `--nodedir=${headers}`], library);
writeFileSync(stamp, wanted);
process.stdout.write(
  `fuse-native ${version} patched and built in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
);
