// The system calls that concern files, as operations, and where their arguments stand.

/** A path: an argument alone, or a directory's descriptor and an argument. */
export type PathAt = { fd: number } | { path: number; dir?: number };

export interface Call {
  op: string;
  path: PathAt;
  newPath?: PathAt;
  size?: number;
  offset?: number;
  /** The result counts bytes. */
  bytes?: true;
  makesFd?: true;
  /** Where flags decide what it is. */
  refine?: (args: readonly string[]) => string | null;
}

const plain = (op: string, more: Partial<Call> = {}): Call => ({ op, path: { path: 0 }, ...more });
const at = (op: string, more: Partial<Call> = {}): Call => ({ op, path: { dir: 0, path: 1 }, ...more });
const onFd = (op: string, more: Partial<Call> = {}): Call => ({ op, path: { fd: 0 }, ...more });
const data = (op: string, size?: number, offset?: number): Call =>
  onFd(op, {
    bytes: true,
    ...(size === undefined ? {} : { size }),
    ...(offset === undefined ? {} : { offset }),
  });
const opened = (flags: string | undefined) => (flags?.includes('O_DIRECTORY') ? 'opendir' : null);

export const CALLS: Readonly<Record<string, Call>> = {
  open: plain('open', { makesFd: true, refine: (args) => opened(args[1]) }),
  creat: plain('create', { makesFd: true }),
  openat: at('open', { makesFd: true, refine: (args) => opened(args[2]) }),
  openat2: at('open', { makesFd: true, refine: (args) => opened(args[2]) }),
  close: onFd('release'),
  read: data('read', 2),
  pread64: data('read', 2, 3),
  readv: data('read'),
  preadv: data('read'),
  preadv2: data('read'),
  write: data('write', 2),
  pwrite64: data('write', 2, 3),
  writev: data('write'),
  pwritev: data('write'),
  pwritev2: data('write'),
  copy_file_range: onFd('copy_file_range', { bytes: true, size: 4 }),
  sendfile: { op: 'read', path: { fd: 1 }, bytes: true, size: 3 },
  stat: plain('getattr'),
  lstat: plain('getattr'),
  fstat: onFd('getattr'),
  newfstatat: at('getattr'),
  fstatat64: at('getattr'),
  statx: at('getattr'),
  statfs: plain('statfs'),
  fstatfs: onFd('statfs'),
  getdents: onFd('readdir', { bytes: true }),
  getdents64: onFd('readdir', { bytes: true }),
  access: plain('access'),
  faccessat: at('access'),
  faccessat2: at('access'),
  readlink: plain('readlink', { bytes: true }),
  readlinkat: at('readlink', { bytes: true }),
  mkdir: plain('mkdir'),
  mkdirat: at('mkdir'),
  rmdir: plain('rmdir'),
  unlink: plain('unlink'),
  unlinkat: at('unlink', { refine: (args) => (args[2]?.includes('AT_REMOVEDIR') ? 'rmdir' : null) }),
  rename: plain('rename', { newPath: { path: 1 } }),
  renameat: at('rename', { newPath: { dir: 2, path: 3 } }),
  renameat2: at('rename', { newPath: { dir: 2, path: 3 } }),
  link: plain('link', { newPath: { path: 1 } }),
  linkat: at('link', { newPath: { dir: 2, path: 3 } }),
  symlink: { op: 'symlink', path: { path: 1 } },
  symlinkat: { op: 'symlink', path: { dir: 1, path: 2 } },
  mknod: plain('mknod'),
  mknodat: at('mknod'),
  chmod: plain('chmod'),
  fchmod: onFd('chmod'),
  fchmodat: at('chmod'),
  chown: plain('chown'),
  lchown: plain('chown'),
  fchown: onFd('chown'),
  fchownat: at('chown'),
  truncate: plain('truncate', { size: 1 }),
  ftruncate: onFd('truncate', { size: 1 }),
  utimensat: at('utimens'),
  utime: plain('utimens'),
  utimes: plain('utimens'),
  futimesat: at('utimens'),
  fsync: onFd('fsync'),
  fdatasync: onFd('fsync'),
  syncfs: onFd('syncfs'),
  fallocate: onFd('fallocate', { offset: 2, size: 3 }),
  lseek: onFd('lseek'),
  flock: onFd('setlk'),
  ioctl: onFd('ioctl'),
  getxattr: plain('getxattr'),
  lgetxattr: plain('getxattr'),
  fgetxattr: onFd('getxattr'),
  setxattr: plain('setxattr'),
  lsetxattr: plain('setxattr'),
  fsetxattr: onFd('setxattr'),
  listxattr: plain('listxattr'),
  llistxattr: plain('listxattr'),
  flistxattr: onFd('listxattr'),
  removexattr: plain('removexattr'),
  lremovexattr: plain('removexattr'),
  fremovexattr: onFd('removexattr'),
};
