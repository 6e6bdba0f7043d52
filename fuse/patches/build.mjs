// Patches fuse-native (*.patch beside this file: corrections, and hooks for the C of the mirror in *.h) and builds it from
// source, without a download: libfuse's headers come with the library, Node's with the npm `node` package or the installed Node.
// Plain JavaScript for Node >= 20, because it runs before anything else is set up. A second run does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const patchDir = dirname(fileURLToPath(import.meta.url));
/** libfuse 2's headers, and on x64 the library. */
const LIBFUSE = 'fuse-shared-library-linux';

/** Ends the process with one sentence.  @type {(what: string, why: string, tryThis: string) => never} */
function fail(what, why, tryThis) {
  process.stderr.write(`fusescope: ${what} (${why}). ${tryThis}\n`);
  process.exit(1);
}

/** The directory of an installed package.  @param {string} name */
function packageDir(name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return fail('cannot build fuse-native', `the package ${name} is not installed`, 'Run npm ci first.');
  }
}

/** @param {string} program */
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
  const pinned = join(packageDir('node'), 'node_modules', `node-linux-${process.arch}`);
  const found = [pinned, dirname(dirname(process.execPath)), '/usr/local', '/usr']
    .map((dir) => join(dir, 'include/node'))
    .find((dir) => existsSync(join(dir, 'node_api.h')) && existsSync(join(dir, 'uv.h')));
  return found ?? fail('cannot build fuse-native', "Node's headers are missing", 'Run npm rebuild node.');
}

/** The libfuse to link against: the system's, which is also what gets loaded; on x64 the copy in npm does too. */
function libfuse() {
  const triplet = process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu';
  const dirs = [`/usr/lib/${triplet}`, '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  const candidates = dirs.map((dir) => join(dir, 'libfuse.so.2'));
  if (process.arch === 'x64') candidates.push(join(packageDir(LIBFUSE), 'libfuse/lib/libfuse.so'));
  const found = candidates.find((file) => existsSync(file));
  return (
    found ??
    fail('cannot build fuse-native', 'libfuse.so.2 is missing', 'As root: apt-get install -y libfuse2')
  );
}

/** Runs a program; its output is shown only when it fails.  @type {(what: string, program: string, args: string[], cwd: string) => void} */
function run(what, program, args, cwd) {
  const result = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout}${result.stderr}`);
  fail(`${what} failed`, `exit ${result.status ?? result.signal}, output above`, 'Run npm ci and try again.');
}

/** Puts the files that a patch changes back to what the library came with, so that another patch fits.  @type {(text: string, root: string, kept: string) => void} */
function restore(text, root, kept) {
  mkdirSync(kept, { recursive: true });
  for (const [, path = ''] of text.matchAll(/^diff --git a\/(\S+)/gm)) {
    const copy = join(kept, basename(path));
    if (existsSync(copy)) copyFileSync(copy, join(root, path));
    else copyFileSync(join(root, path), copy);
  }
}

if (process.platform !== 'linux')
  fail('cannot build fuse-native', `this is ${process.platform}`, 'FuseScope runs on Linux.');
const library = packageDir('fuse-native');
const version = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')).version;
const patch = readFileSync(join(patchDir, `fuse-native+${version}.patch`), 'utf8');
const hash = createHash('sha256').update(`${version} ${process.arch}\n${patch}`);
for (const name of readdirSync(patchDir).sort()) {
  if (name.endsWith('.h')) hash.update(readFileSync(join(patchDir, name)));
}
const wanted = hash.digest('hex');
const built = join(library, 'build/Release/fuse.node');
const stamp = join(library, 'build/Release/fusescope.stamp');
if (existsSync(built) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) process.exit(0);

const compiler = ['cc', 'gcc', 'clang'].find(onPath);
if (!compiler)
  fail('cannot build fuse-native', 'there is no C compiler', 'As root: apt-get install -y gcc libc6-dev');
const root = dirname(dirname(library));
const started = Date.now();
restore(patch, root, join(library, 'original'));
run(
  'patching fuse-native',
  process.execPath,
  [join(packageDir('patch-package'), 'index.js'), '--patch-dir', relative(root, patchDir), '--error-on-fail'],
  root,
);
// One C file, compiled as its binding.gyp says but without node-gyp, which fails on a path with a space.
const includes = [
  patchDir,
  nodeHeaders(),
  packageDir('napi-macros'),
  join(packageDir(LIBFUSE), 'libfuse/include'),
];
mkdirSync(dirname(built), { recursive: true });
run(
  'building fuse-native',
  compiler,
  [
    ...['-shared', '-fPIC', '-pthread', '-O3', '-Wall'],
    ...['-D_FILE_OFFSET_BITS=64', '-DNODE_GYP_MODULE_NAME=fuse', '-DBUILDING_NODE_EXTENSION'],
    ...includes.flatMap((dir) => ['-I', dir]),
    ...['fuse-native.c', libfuse(), '-o', built],
  ],
  library,
);
writeFileSync(stamp, wanted);
process.stdout.write(
  `fuse-native ${version} patched and built in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
);
