// Loads the patched fuse-native and says what it offers (fuse/patches/*.patch). We use its C half directly: its
// index.js times operations out into freed memory, drops options that are 0, and runs a shell to unmount.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Failure, messageOf } from './failure.ts';

/** A waiting request of the kernel. Opaque; must be answered exactly once. */
export type Request = Buffer;
type Handler = (request: Request, op: number, ...args: unknown[]) => void;

export interface Binding {
  readonly fusescope_patch: number;
  readonly sizeof_fuse_thread_t: number;
  fuse_native_mount(
    mountpoint: string,
    options: string,
    session: Buffer,
    self: object,
    malloc: (bytes: number) => Buffer,
    handlers: Handler[],
    implemented: Uint32Array,
  ): void;
  /**
   * Does what the request asks for, on libuv's pool, moving at most `limit` bytes (-1: all). `done` gets the result or
   * a negative errno, and a new file handle or, of readdir, the number of entries.
   */
  fuse_native_backing(request: Request, done: (result: number, more: number) => void, limit: number): void;
  /** Copies the attributes that a getattr answers to the buffer, or from it where `restore` is 1. */
  fuse_native_attributes(request: Request, kept: Buffer, restore: 0 | 1): void;
  /** Before the mount: the source in bytes, what records say by operation, the log (of length 0 for none), and what is called when it holds something. 0 where the log's length is not right. */
  fuse_native_begin(
    session: Buffer,
    root: string,
    rows: Buffer,
    log: Buffer,
    wake: (urgent: number) => void,
  ): number;
  /** Takes back the batches of the call before, and returns how many there are now. */
  fuse_native_collect(session: Buffer): number;
  /** Operation and path of what has run for longer and was not given before: [op, path, op, path …]. */
  fuse_native_stuck(session: Buffer, ms: number): (number | string)[];
  /** Answers any request with a bare result. */
  fuse_native_reply(request: Request, result: number): void;
  /** See exitNow. */
  fuse_native_exit(status: number): never;
  fuse_native_signal_open(request: Request, result: number, fh: number): void;
  /** `buffer` is detached: its memory is libfuse's, and gone after the answer. */
  fuse_native_signal_read(request: Request, result: number, unused: number, buffer: ArrayBufferLike): void;
  fuse_native_signal_write(request: Request, result: number, unused: number, buffer: ArrayBufferLike): void;
  fuse_native_signal_init(request: Request, result: number): void;
}

const PATCH_VERSION = 5;
const BUILD = 'Run node fuse/patches/build.mjs, which patches and builds it';

/** @throws Failure where the library, its build, its patch or libfuse is missing. */
export function loadBinding(): Binding {
  const require = createRequire(import.meta.url);
  let file: string;
  try {
    file = join(dirname(require.resolve('fuse-native/package.json')), 'build/Release/fuse.node');
  } catch {
    throw new Failure('cannot mount', 'the package fuse-native is not installed', 'Run npm ci');
  }
  if (!existsSync(file)) throw new Failure('cannot mount', 'fuse-native is not built', BUILD);
  let binding: Partial<Binding>;
  try {
    binding = require(file) as Partial<Binding>;
  } catch (error) {
    const why = messageOf(error);
    if (why.includes('libfuse.so.2')) {
      throw new Failure('cannot mount', 'libfuse.so.2 is missing', 'As root: apt-get install -y libfuse2');
    }
    throw new Failure('cannot mount', `fuse-native does not load: ${why}`, BUILD);
  }
  if (binding.fusescope_patch !== PATCH_VERSION) {
    throw new Failure('cannot mount', 'fuse-native is built without our patch', BUILD);
  }
  loaded = binding as Binding;
  return loaded;
}

let loaded: Binding | null = null;

/** Ends the process without waiting for file operations that hang in the source, as process.exit would. */
export function exitNow(status: number): never {
  loaded?.fuse_native_exit(status);
  process.exit(status);
}

/** Operation numbers of the C half, which also index its handlers. */
export const OP = {
  init: 0,
  access: 2,
  statfs: 3,
  fgetattr: 4,
  getattr: 5,
  flush: 6,
  fsync: 7,
  fsyncdir: 8,
  readdir: 9,
  truncate: 10,
  ftruncate: 11,
  utimens: 12,
  readlink: 13,
  chown: 14,
  chmod: 15,
  mknod: 16,
  setxattr: 17,
  getxattr: 18,
  listxattr: 19,
  removexattr: 20,
  open: 21,
  opendir: 22,
  read: 23,
  write: 24,
  release: 25,
  releasedir: 26,
  create: 27,
  unlink: 28,
  rename: 29,
  link: 30,
  symlink: 31,
  mkdir: 32,
  rmdir: 33,
  fallocate: 34,
} as const;
export type OpKey = keyof typeof OP;
/** Length of the C half's tables. */
export const OP_SLOTS = 35;
