// The table of operations: the public name of each, what a trace tells about it, whether its result is a count of
// bytes, and how its answer goes back. What it does is in backing.ts.
import type { Call, Raw } from './call.ts';
import { wide } from './call.ts';
import { traceName } from './names.ts';
import type { Binding, OpKey, Request } from './native.ts';

/** Writes the answer. */
type Answer = (binding: Binding, request: Request, result: number, fh: number, raw: never) => void;

export interface Operation<K extends OpKey = OpKey> {
  op: string;
  /** Sets what the call has beyond its path. */
  describe?: (call: Call, raw: Raw[K]) => void;
  /** The result counts bytes. */
  counts?: boolean;
  /** The library's own way to answer, where a bare result is not enough. */
  answer?: Answer;
}

/** Two numbers stand for the special values of utimensat(2), see the patch. */
function time(ms: number): number | string {
  if (ms === Number.MAX_SAFE_INTEGER) return 'omit';
  return ms === Number.MAX_SAFE_INTEGER - 1 ? 'now' : ms;
}

export const OPERATIONS: { [K in Exclude<OpKey, 'init'>]: Operation<K> } = {
  access: {
    op: 'access',
    describe: (call, [, mask]) => {
      call.args = { mask };
    },
  },
  statfs: { op: 'statfs' },
  getattr: { op: 'getattr' },
  fgetattr: { op: 'getattr', describe: onHandle },
  flush: { op: 'flush', describe: onHandle },
  fsync: { op: 'fsync', describe: synced },
  fsyncdir: { op: 'fsyncdir', describe: synced },
  readdir: { op: 'readdir' },
  truncate: {
    op: 'truncate',
    describe: (call, [, low, high]) => {
      call.size = wide(low, high);
    },
  },
  ftruncate: {
    op: 'truncate',
    describe: (call, [, fh, low, high]) => {
      call.fh = fh;
      call.size = wide(low, high);
    },
  },
  utimens: {
    op: 'utimens',
    describe: (call, [, aLow, aHigh, mLow, mHigh]) => {
      call.args = { atimeMs: time(wide(aLow, aHigh)), mtimeMs: time(wide(mLow, mHigh)) };
    },
  },
  readlink: { op: 'readlink' },
  chown: {
    op: 'chown',
    describe: (call, [, uid, gid]) => {
      // -1 leaves one alone; it comes unsigned.
      call.args = { uid: uid | 0, gid: gid | 0 };
    },
  },
  chmod: { op: 'chmod', describe: withMode },
  mknod: {
    op: 'mknod',
    describe: (call, [, mode, dev]) => {
      call.args = { mode, dev };
    },
  },
  setxattr: {
    op: 'setxattr',
    describe: (call, [, name, value, , flags]) => {
      call.size = value.length;
      call.args = { name: traceName(name), flags };
    },
  },
  getxattr: {
    op: 'getxattr',
    counts: true,
    describe: (call, [, name, value]) => {
      call.size = value.length;
      call.args = { name: traceName(name) };
    },
  },
  listxattr: {
    op: 'listxattr',
    counts: true,
    describe: (call, [, list]) => {
      call.size = list.length;
    },
  },
  removexattr: {
    op: 'removexattr',
    describe: (call, [, name]) => {
      call.args = { name: traceName(name) };
    },
  },
  open: { op: 'open', answer: answerHandle, describe: withFlags },
  opendir: { op: 'opendir', answer: answerHandle, describe: withFlags },
  create: {
    op: 'create',
    answer: answerHandle,
    describe: (call, [, mode]) => {
      call.args = { flags: call.flags, mode };
    },
  },
  read: {
    op: 'read',
    counts: true,
    describe: moved,
    answer: (binding, request, result, _fh, raw: Raw['read']) =>
      binding.fuse_native_signal_read(request, result, 0, raw[2].buffer),
  },
  write: {
    op: 'write',
    counts: true,
    describe: moved,
    answer: (binding, request, result, _fh, raw: Raw['write']) =>
      binding.fuse_native_signal_write(request, result, 0, raw[2].buffer),
  },
  release: { op: 'release', describe: onHandle },
  releasedir: { op: 'releasedir', describe: onHandle },
  unlink: { op: 'unlink' },
  rename: { op: 'rename', describe: withNewPath },
  link: { op: 'link', describe: withNewPath },
  symlink: {
    op: 'symlink',
    describe: (call, [target, path]) => {
      call.path = traceName(path);
      call.args = { target: traceName(target) };
    },
  },
  mkdir: { op: 'mkdir', describe: withMode },
  rmdir: { op: 'rmdir' },
  fallocate: {
    op: 'fallocate',
    describe: (call, [, fh, offsetLow, offsetHigh, lengthLow, lengthHigh, mode]) => {
      call.fh = fh;
      call.offset = wide(offsetLow, offsetHigh);
      call.size = wide(lengthLow, lengthHigh);
      call.args = { mode };
    },
  },
};

function onHandle(call: Call, [, fh]: readonly [string, number]): void {
  call.fh = fh;
}

function withMode(call: Call, [, mode]: readonly [string, number]): void {
  call.args = { mode };
}

function withFlags(call: Call): void {
  call.args = { flags: call.flags };
}

function withNewPath(call: Call, [, to]: readonly [string, string]): void {
  call.newPath = traceName(to);
}

function synced(call: Call, [, dataOnly, fh]: Raw['fsync']): void {
  call.fh = fh;
  call.args = { dataOnly: dataOnly !== 0 };
}

function moved(call: Call, [, fh, , length, low, high]: Raw['read']): void {
  call.fh = fh;
  call.size = length;
  call.offset = wide(low, high);
}

function answerHandle(binding: Binding, request: Request, result: number, fh: number): void {
  if (result === 0) binding.fuse_native_signal_open(request, 0, fh);
  else binding.fuse_native_reply(request, result);
}
