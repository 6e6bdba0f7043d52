// Patches fuse-native (fuse/patches/*.patch says what and why) and builds it from source, without a download:
// libfuse's headers come with the library, Node's with the npm `node` package or the installed Node.
// Plain JavaScript for Node >= 20, because it runs before anything else is set up. A second run does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
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

/** A directory that holds node_api.h and uv.h. Any Node will do: the library uses only Node-API and libuv. */
function nodeHeaders() {
  const pinned = packageDir('node');
  const candidates = [dirname(dirname(process.execPath)), '/usr/local', '/usr'];
  if (pinned) candidates.unshift(join(pinned, 'node_modules', `node-linux-${process.arch}`));
  return candidates
    .map((dir) => join(dir, 'include/node'))
    .find((dir) => existsSync(join(dir, 'node_api.h')) && existsSync(join(dir, 'uv.h')));
}

/** The libfuse to link against: the system's, which is also what gets loaded; on x64 the copy in npm does too. */
function libfuse() {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];
  const dirs = [`/usr/lib/${triplet}`, '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  const candidates = dirs.map((dir) => join(dir, 'libfuse.so.2'));
  if (process.arch === 'x64')
    candidates.push(join(packageDir('fuse-shared-library-linux'), 'libfuse/lib/libfuse.so'));
  return candidates.find((file) => existsSync(file));
}

/** Runs a program; its output is shown only when it fails. */
function run(what, program, args, cwd) {
  const result = spawnSync(program, args, { cwd, encoding: 'utf8' });
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

const compiler = ['cc', 'gcc', 'clang'].find(onPath);
if (!compiler)
  fail('cannot build fuse-native', 'there is no C compiler', 'As root: apt-get install -y gcc libc6-dev');
const headers = nodeHeaders();
if (!headers)
  fail(
    'cannot build fuse-native',
    "Node's headers are not installed",
    'Run npm rebuild node, which brings them.',
  );
const linked = libfuse();
if (!linked)
  fail('cannot build fuse-native', 'libfuse.so.2 is not installed', 'As root: apt-get install -y libfuse2');
const patcher = packageDir('patch-package');
if (!patcher) fail('cannot build fuse-native', 'patch-package is not installed', 'Run npm ci first.');

const root = dirname(dirname(library));
const started = Date.now();
run(
  'patching fuse-native',
  process.execPath,
  [join(patcher, 'index.js'), '--patch-dir', relative(root, patchDir), '--error-on-fail'],
  root,
);
// One C file, compiled as its binding.gyp says but without node-gyp, which fails on a path with a space.
mkdirSync(dirname(stamp), { recursive: true });
const includes = [
  headers,
  packageDir('napi-macros'),
  join(packageDir('fuse-shared-library-linux'), 'libfuse/include'),
];
run(
  'building fuse-native',
  compiler,
  [
    ...['-shared', '-fPIC', '-pthread', '-O3', '-Wall'],
    ...['-D_FILE_OFFSET_BITS=64', '-DNODE_GYP_MODULE_NAME=fuse', '-DBUILDING_NODE_EXTENSION'],
    ...includes.flatMap((dir) => ['-I', dir]),
    ...['fuse-native.c', linked, '-o', 'build/Release/fuse.node'],
  ],
  library,
);
writeFileSync(stamp, wanted);
process.stdout.write(
  `fuse-native ${version} patched and built in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
);
