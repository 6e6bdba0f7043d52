// What this machine offers, gathered for the checks: /proc, /sys, /dev/fuse, programs and libraries. It looks at no
// mount but the kernel's own.
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { endOf, killLate, type Launch } from '../launch/launch.ts';
import { packageRoot } from '../setup/paths.ts';

/** Facts only; what they mean is in checks.ts. */
export interface Machine {
  uid: number;
  /** As uname -r says. */
  kernel: string;
  node: string;
  /** /dev/fuse for this user. */
  device: 'usable' | 'forbidden' | 'absent';
  fusermount: { path: string; setuid: boolean } | null;
  libfuse: string | null;
  /** Our build of fuse-native. */
  native: string | null;
  /** The loader of the BPF tap, as built here. */
  loader: string | null;
  /** What the loader says of this kernel without loading anything; null without a loader. */
  reach: { fits: boolean; said: string } | null;
  /** `hidden`: mounted, but this user may not look. */
  tracefs: { at: string; tracepoints: 'there' | 'absent' | 'hidden' } | null;
  /** `module`: the fuse module brings types of its own, as /sys/kernel/btf/fuse; null where fuse is built in. */
  btf: { kernel: boolean; module: boolean | null };
  /** Effective capabilities of this process, as bits. */
  capabilities: bigint;
  fusectl: 'mounted' | 'unmounted' | 'unknown to the kernel';
}

/** It reads the kernel's types, which takes some ms. */
const REACH_MS = 5_000;
const LOADER = join(packageRoot, 'dist/tap/tap-loader');

export async function readMachine(launch: Launch): Promise<Machine> {
  const mounts = readText('/proc/self/mountinfo').split('\n').map(mountOf);
  const filesystems = readText('/proc/filesystems');
  const tracefs = mounts.find(({ type }) => type === 'tracefs')?.at;
  const asModule = /^fuse /m.test(readText('/proc/modules'));
  const loader = existsSync(LOADER) ? LOADER : null;
  return {
    uid: process.getuid?.() ?? -1,
    kernel: release(),
    node: process.versions.node,
    device: existsSync('/dev/fuse') ? (allowed('/dev/fuse') ? 'usable' : 'forbidden') : 'absent',
    fusermount: findFusermount(),
    libfuse: findLibfuse(),
    native: findNative(),
    loader,
    reach: loader === null ? null : await reachOf(loader, launch),
    tracefs: tracefs === undefined ? null : { at: tracefs, tracepoints: tracepointsIn(tracefs) },
    btf: {
      kernel: existsSync('/sys/kernel/btf/vmlinux'),
      module: asModule ? existsSync('/sys/kernel/btf/fuse') : null,
    },
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readText('/proc/self/status'))?.[1] ?? '0'}`),
    fusectl: mounts.some(({ type }) => type === 'fusectl')
      ? 'mounted'
      : filesystems.includes('fusectl')
        ? 'unmounted'
        : 'unknown to the kernel',
  };
}

/** Mount point and type of a line of mountinfo; optional fields lie between the sixth and ` - `. */
function mountOf(line: string): { at: string; type: string } {
  const [left = '', right = ''] = line.split(' - ');
  return { at: left.split(' ')[4] ?? '', type: right.split(' ')[0] ?? '' };
}

async function reachOf(loader: string, launch: Launch): Promise<Machine['reach']> {
  const child = launch(loader, ['--reach'], { stdio: ['ignore', 'pipe', 'pipe'] });
  killLate(child, REACH_MS);
  const { status, by, stdout, stderr, error } = await endOf(child);
  if (status === 0) return { fits: true, said: stdout.trim() };
  return { fits: false, said: stderr.trim() || (error?.message ?? `it ended with ${status ?? by}`) };
}

function tracepointsIn(tracefs: string): 'there' | 'absent' | 'hidden' {
  try {
    return readdirSync(join(tracefs, 'events/fuse')).includes('fuse_request_send') ? 'there' : 'absent';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'hidden' : 'absent';
  }
}

function findFusermount(): Machine['fusermount'] {
  // Not the PATH: a folder of it may lie on a mount that hangs, and the server asks this too.
  const path = ['/usr/bin', '/bin', '/usr/local/bin'].map((dir) => join(dir, 'fusermount3')).find(existsSync);
  return path === undefined ? null : { path, setuid: (statSync(path).mode & 0o4000) !== 0 };
}

function findLibfuse(): string | null {
  const triplet =
    { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch as 'x64' | 'arm64'] ?? '';
  const dirs = [
    `/usr/lib/${triplet}`,
    `/lib/${triplet}`,
    '/usr/lib64',
    '/lib64',
    '/usr/lib',
    '/lib',
    '/usr/local/lib',
  ];
  return dirs.map((dir) => join(dir, 'libfuse.so.2')).find((file) => existsSync(file)) ?? null;
}

function findNative(): string | null {
  try {
    const library = createRequire(import.meta.url).resolve('fuse-native/package.json');
    const file = join(dirname(library), 'build/Release/fuse.node');
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

function allowed(file: string): boolean {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
