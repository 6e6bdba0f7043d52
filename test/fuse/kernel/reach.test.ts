// Kernels whose FUSE structures are others: found by their type information before anything is loaded.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLANG } from '../../../fuse/kernel/bpf/build.mjs';
import { DEFAULT_FILES } from '../../../fuse/kernel/loader-process.ts';
import { describeTap } from './bpf.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'fusescope-reach-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Structures of Linux 6.18, as far as the tap reads them. */
const KERNEL = {
  fuse_mount: 'struct fuse_conn *fc;',
  fuse_conn: 'unsigned dev;',
  fuse_in_arg: 'unsigned size; const void *value;',
  fuse_args:
    'unsigned long nodeid; unsigned opcode; unsigned char in_numargs; struct fuse_in_arg in_args[4]; int out_args[2];',
  task_struct: 'union { struct { int thread_pid; }; };',
  fuse_req: 'struct fuse_args *args; int count; unsigned long flags; int in; int out; struct fuse_mount *fm;',
};

/** What the loader says of a kernel with these structures, and how it ends. */
function reach(structures: Record<string, string>): { status: number | null; said: string } {
  const names = Object.keys(structures);
  const source = names.map((name) => `struct ${name} { ${structures[name]} };`).join('\n');
  const used = names.map((name, i) => `struct ${name} used_${i};`).join('\n');
  writeFileSync(join(dir, 'types.c'), `${source}\n${used}\n`);
  const object = join(dir, 'types.o');
  execFileSync(`clang-${CLANG}`, ['-g', '-target', 'bpf', '-c', join(dir, 'types.c'), '-o', object]);
  const { status, stderr } = spawnSync(DEFAULT_FILES.loader, ['--reach', object], { encoding: 'utf8' });
  return { status, said: stderr };
}

const body = () => {
  test('knows is accepted, this one too', () => {
    expect(reach(KERNEL)).toEqual({ status: 0, said: '' });
    expect(spawnSync(DEFAULT_FILES.loader, ['--reach', '/sys/kernel/btf/vmlinux']).status).toBe(0);
    const { status, stdout } = spawnSync(DEFAULT_FILES.loader, ['--reach'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('knows this kernel') });
  });

  test('does not know is refused, with what is missing', () => {
    const newer = {
      ...KERNEL,
      fuse_chan: 'struct fuse_conn *conn;',
      fuse_req: KERNEL.fuse_req.replace('struct fuse_mount *fm', 'struct fuse_chan *chan'),
    };
    const refused = reach(newer);
    expect(refused.status).toBe(4);
    expect(refused.said).toContain(
      "does not know this kernel's FUSE structures (struct fuse_req without fm;",
    );
    const { fuse_args: _, ...without } = KERNEL;
    expect(reach(without).said).toContain('struct fuse_args without nodeid');
  });
};

describeTap('a kernel that the BPF program', body, [`clang-${CLANG}`]);
