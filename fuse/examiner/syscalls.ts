// The system calls that something can hang in, by their numbers (arch/x86/entry/syscalls/syscall_64.tbl,
// include/uapi/asm-generic/unistd.h), with what their arguments are. Others are shown by number.

/**
 * Of an argument: fd a descriptor, dir a descriptor that the path behind it is relative to, path, number, flags,
 * skip what tells nothing (a buffer, a structure).
 */
type Argument = 'fd' | 'dir' | 'path' | 'number' | 'flags' | 'skip';

export interface Call {
  name: string;
  arguments: readonly Argument[];
}

type Row = [name: string, x64: number | null, arm64: number | null, args: readonly Argument[]];

const ROWS: readonly Row[] = [
  ['read', 0, 63, ['fd', 'skip', 'number']],
  ['write', 1, 64, ['fd', 'skip', 'number']],
  ['open', 2, null, ['path', 'flags']],
  ['close', 3, 57, ['fd']],
  ['stat', 4, null, ['path']],
  ['fstat', 5, 80, ['fd']],
  ['lstat', 6, null, ['path']],
  ['poll', 7, null, ['skip', 'number', 'number']],
  ['lseek', 8, 62, ['fd', 'number', 'number']],
  ['ioctl', 16, 29, ['fd', 'flags']],
  ['pread64', 17, 67, ['fd', 'skip', 'number', 'number']],
  ['pwrite64', 18, 68, ['fd', 'skip', 'number', 'number']],
  ['readv', 19, 65, ['fd', 'skip', 'number']],
  ['writev', 20, 66, ['fd', 'skip', 'number']],
  ['access', 21, null, ['path', 'flags']],
  ['select', 23, null, ['number']],
  ['nanosleep', 35, 101, []],
  ['sendfile', 40, 71, ['fd', 'fd', 'skip', 'number']],
  ['connect', 42, 203, ['fd']],
  ['accept', 43, 202, ['fd']],
  ['sendto', 44, 206, ['fd', 'skip', 'number', 'flags']],
  ['recvfrom', 45, 207, ['fd', 'skip', 'number', 'flags']],
  ['sendmsg', 46, 211, ['fd', 'skip', 'flags']],
  ['recvmsg', 47, 212, ['fd', 'skip', 'flags']],
  ['wait4', 61, 260, ['number']],
  ['fcntl', 72, 25, ['fd', 'number']],
  ['flock', 73, 32, ['fd', 'number']],
  ['fsync', 74, 82, ['fd']],
  ['fdatasync', 75, 83, ['fd']],
  ['truncate', 76, 45, ['path', 'number']],
  ['ftruncate', 77, 46, ['fd', 'number']],
  ['getdents', 78, null, ['fd', 'skip', 'number']],
  ['chdir', 80, 49, ['path']],
  ['rename', 82, null, ['path', 'path']],
  ['mkdir', 83, null, ['path', 'flags']],
  ['rmdir', 84, null, ['path']],
  ['creat', 85, null, ['path', 'flags']],
  ['link', 86, null, ['path', 'path']],
  ['unlink', 87, null, ['path']],
  ['symlink', 88, null, ['skip', 'path']],
  ['readlink', 89, null, ['path']],
  ['chmod', 90, null, ['path', 'flags']],
  ['chown', 92, null, ['path', 'number', 'number']],
  ['statfs', 137, 43, ['path']],
  ['fstatfs', 138, 44, ['fd']],
  ['sync', 162, 81, []],
  ['mount', 165, 40, ['skip', 'path']],
  ['umount2', 166, 39, ['path', 'flags']],
  ['setxattr', 188, 5, ['path']],
  ['getxattr', 191, 8, ['path']],
  ['lgetxattr', 192, 9, ['path']],
  ['fgetxattr', 193, 10, ['fd']],
  ['listxattr', 194, 11, ['path']],
  ['futex', 202, 98, ['skip', 'flags', 'number']],
  ['getdents64', 217, 61, ['fd', 'skip', 'number']],
  ['clock_nanosleep', 230, 115, []],
  ['epoll_wait', 232, null, ['fd', 'skip', 'number', 'number']],
  ['waitid', 247, 95, ['number', 'number']],
  ['openat', 257, 56, ['dir', 'path', 'flags']],
  ['mkdirat', 258, 34, ['dir', 'path']],
  ['newfstatat', 262, 79, ['dir', 'path']],
  ['unlinkat', 263, 35, ['dir', 'path', 'flags']],
  ['renameat', 264, 38, ['dir', 'path', 'dir', 'path']],
  ['linkat', 265, 37, ['dir', 'path', 'dir', 'path']],
  ['symlinkat', 266, 36, ['skip', 'dir', 'path']],
  ['readlinkat', 267, 78, ['dir', 'path']],
  ['fchmodat', 268, 53, ['dir', 'path', 'flags']],
  ['faccessat', 269, 48, ['dir', 'path', 'flags']],
  ['pselect6', 270, 72, ['number']],
  ['ppoll', 271, 73, ['skip', 'number']],
  ['splice', 275, 76, ['fd', 'skip', 'fd', 'skip', 'number']],
  ['sync_file_range', 277, 84, ['fd', 'number', 'number']],
  ['utimensat', 280, 88, ['dir', 'path']],
  ['epoll_pwait', 281, 22, ['fd', 'skip', 'number', 'number']],
  ['fallocate', 285, 47, ['fd', 'flags', 'number', 'number']],
  ['accept4', 288, 242, ['fd']],
  ['preadv', 295, 69, ['fd', 'skip', 'number', 'number']],
  ['pwritev', 296, 70, ['fd', 'skip', 'number', 'number']],
  ['syncfs', 306, 267, ['fd']],
  ['renameat2', 316, 276, ['dir', 'path', 'dir', 'path']],
  ['copy_file_range', 326, 285, ['fd', 'skip', 'fd', 'skip', 'number']],
  ['preadv2', 327, 286, ['fd', 'skip', 'number', 'number']],
  ['pwritev2', 328, 287, ['fd', 'skip', 'number', 'number']],
  ['statx', 332, 291, ['dir', 'path', 'flags']],
  ['io_uring_enter', 426, 426, ['fd', 'number', 'number']],
  ['openat2', 437, 437, ['dir', 'path']],
  ['faccessat2', 439, 439, ['dir', 'path', 'flags']],
  ['epoll_pwait2', 441, 441, ['fd', 'skip', 'number']],
  ['futex_wait', 455, 455, ['skip', 'number']],
];

const COLUMN: Readonly<Partial<Record<NodeJS.Architecture, 1 | 2>>> = { x64: 1, arm64: 2 };

/** The calls of this machine by number; none where its numbers are not known here. */
export const CALLS: ReadonlyMap<number, Call> = new Map(
  ROWS.flatMap((row) => {
    const column = COLUMN[process.arch];
    const number = column === undefined ? null : row[column];
    return number === null ? [] : [[number, { name: row[0], arguments: row[3] }] as const];
  }),
);
