// Builds the tap's loader with the system's C compiler and libbpf, and puts it and the BPF object into dist/tap. Does
// nothing when nothing changed. Plain JavaScript for Node >= 18, because `npm run build` runs it before Node 24 is there.
//     node fuse/kernel/loader/build.mjs      exit 0 built or up to date; 3 something is missing: one sentence on stderr
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const object = join(here, '../bpf/tap.bpf.o');
const FLAGS = ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror'];
const HEADER = 'bpf/libbpf.h';

/**
 * Builds into `outDir` (default: dist/tap of the checkout).
 * @typedef {{state: 'built' | 'current'} | {state: 'missing' | 'failed', reason: string}} Outcome
 * @type {(outDir?: string) => Outcome}
 */
export function buildLoader(outDir = join(here, '../../../dist/tap')) {
  const sources = readdirSync(here)
    .filter((name) => name.endsWith('.c'))
    .sort();
  const read = [...[...sources, 'loader.h', '../bpf/layout.h'].map((name) => join(here, name)), object];
  const hash = createHash('sha256').update(process.arch);
  for (const file of read) hash.update(readFileSync(file));
  const wanted = hash.digest('hex');
  const stamp = join(outDir, 'stamp');
  const loader = join(outDir, 'tap-loader');
  if (existsSync(loader) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return { state: 'current' };

  if (spawnSync('cc', ['--version']).error)
    return { state: 'missing', reason: 'a C compiler is missing: apt-get install gcc libc6-dev' };
  // The header and, for linking, the library come with one package.
  if (spawnSync('cc', ['-E', '-include', HEADER, '-x', 'c', '/dev/null']).status !== 0)
    return { state: 'missing', reason: 'libbpf-dev is missing: apt-get install libbpf-dev' };
  mkdirSync(outDir, { recursive: true });
  // By rename, so that a running loader, or one just starting, is never half a file.
  const fresh = `${loader}.${process.pid}`;
  const { status, stderr } = spawnSync('cc', [...FLAGS, ...sources, '-o', fresh, '-lbpf'], {
    cwd: here,
    encoding: 'utf8',
  });
  if (status !== 0) return { state: 'failed', reason: `the tap's loader could not be built:\n${stderr}` };
  renameSync(fresh, loader);
  copyFileSync(object, join(outDir, 'tap.bpf.o'));
  writeFileSync(stamp, wanted);
  return { state: 'built' };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = buildLoader();
  if ('reason' in outcome) process.stderr.write(`fusescope: ${outcome.reason}\n`);
  process.exitCode = outcome.state === 'missing' ? 3 : outcome.state === 'failed' ? 1 : 0;
}
