// One operation on its way through the mirror. All fields are set in one place, so that every call has the same
// shape: they are read on the hot path.
import type { Enter } from './tracer.ts';

export class Call implements Enter {
  op: string;
  path: string | null = null;
  newPath: string | undefined = undefined;
  fh: number | undefined = undefined;
  offset: number | undefined = undefined;
  size: number | undefined = undefined;
  pid = 0;
  tid = 0;
  uid = 0;
  gid = 0;
  comm = '';
  args: Record<string, string | number | boolean> | undefined = undefined;
  /** open(2) flags of open, opendir and create. */
  flags = 0;
  /** performance.now() at its start. */
  startedMs = 0;
  /** True once the watchdog has told about it. */
  reported = false;

  constructor(op: string) {
    this.op = op;
  }
}

/** Answers a call: a count or 0, or a negative errno; `fh` is a new file handle. */
export type Reply = (result: number, fh?: number) => void;

/** Arguments of each operation in the order of the C half; names are bytes, 64-bit numbers come in two halves. */
export interface Raw {
  init: [];
  access: [path: string, mask: number];
  statfs: [path: string];
  fgetattr: [path: string, fh: number];
  getattr: [path: string];
  flush: [path: string, fh: number];
  fsync: [path: string, dataOnly: number, fh: number];
  fsyncdir: [path: string, dataOnly: number, fh: number];
  readdir: [path: string];
  truncate: [path: string, low: number, high: number];
  ftruncate: [path: string, fh: number, low: number, high: number];
  utimens: [path: string, atimeLow: number, atimeHigh: number, mtimeLow: number, mtimeHigh: number];
  readlink: [path: string];
  chown: [path: string, uid: number, gid: number];
  chmod: [path: string, mode: number];
  mknod: [path: string, mode: number, dev: number];
  setxattr: [path: string, name: string, value: Buffer, position: number, flags: number];
  getxattr: [path: string, name: string, value: Buffer, position: number];
  listxattr: [path: string, list: Buffer];
  removexattr: [path: string, name: string];
  open: [path: string, flags: number];
  opendir: [path: string, fh: number, flags: number];
  read: [path: string, fh: number, data: Buffer, length: number, low: number, high: number];
  write: [path: string, fh: number, data: Buffer, length: number, low: number, high: number];
  release: [path: string, fh: number];
  releasedir: [path: string, fh: number];
  create: [path: string, mode: number];
  unlink: [path: string];
  rename: [path: string, to: string];
  link: [path: string, to: string];
  symlink: [target: string, path: string];
  mkdir: [path: string, mode: number];
  rmdir: [path: string];
  fallocate: [
    path: string,
    fh: number,
    offsetLow: number,
    offsetHigh: number,
    lengthLow: number,
    lengthHigh: number,
    mode: number,
  ];
}

/** A 64-bit number from its halves; exact up to 2^53. */
export function wide(low: number, high: number): number {
  return low + high * 4294967296;
}
