// Compiles the BPF program, for developers: the object is committed, so that users need no clang. The same clang makes
// the same bytes; a test compares them.
//     node fuse/kernel/bpf/build.mjs [OUTPUT]
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
/** The compiler that made the committed object; another one makes other bytes. */
export const CLANG = '14';
// Instructions of Linux 5.12: atomic compare-and-swap. Paths are kept out of the object.
const FLAGS = [
  '-g',
  '-O2',
  '-mcpu=v3',
  '-target',
  'bpf',
  '-Wall',
  '-Wextra',
  '-Wno-unused-parameter',
  '-Werror',
];

/** Compiles to `output`. @throws with the compiler's words. @type {(output: string) => void} */
export function compile(output) {
  run(`clang-${CLANG}`, [...FLAGS, '-fdebug-compilation-dir=.', '-c', 'tap.bpf.c', '-o', output]);
  // Debug information goes, type information (BTF) stays.
  run(`llvm-strip-${CLANG}`, ['-g', output]);
}

/** @type {(program: string, args: string[]) => void} */
function run(program, args) {
  const { status, error, stderr } = spawnSync(program, args, { cwd: here, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) compile(process.argv[2] ?? join(here, 'tap.bpf.o'));
