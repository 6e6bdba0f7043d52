// What is worth copying of each operation (include/uapi/linux/fuse.h). Arguments are found by size, never by index:
// since Linux 6.14 requests with a name alone begin with an empty argument, and some end a name by an argument.
#pragma once

struct tap_op {
  __u8 head;  /* bytes of the first argument; 0 where it is a name */
  __u8 names; /* how many names follow */
  __u8 reply; /* bits: what to read 8 bytes of in a good answer */
};

#define TAP_OPS 64

/* The part of struct fuse_entry_out that tells one file from another, and from where in it. */
#define FILE_ATTRIBUTES_AT 40
struct file_attributes {
  __u64 ino;
  __u64 times[5];
  __u32 nanoseconds[3];
  __u32 mode;
  __u32 nlink;
};
#define FILE_TYPE 0170000
#define DIRECTORY 0040000

#define REPLY_FIRST 1  /* the first argument */
#define REPLY_SECOND 2 /* the second argument */
#define REPLY_NAMES 8  /* none of these: the names of a listing, see listings.bpf.h */
#define REPLY_FILE 4   /* of a struct fuse_entry_out, which file it is: see struct file_attributes */

/* .head counts to the last field that is shown. */
static const struct tap_op tap_ops[TAP_OPS] = {
    [1] = {0, 1, 5},    /* LOOKUP: fuse_entry_out.nodeid, .attr.ino and .attr.nlink */
    [3] = {16, 0, 0},   /* GETATTR: fuse_getattr_in */
    [4] = {88, 0, 0},   /* SETATTR: fuse_setattr_in */
    [6] = {0, 2, 1},    /* SYMLINK: name, target */
    [8] = {12, 1, 1},   /* MKNOD: mode, rdev, umask */
    [9] = {8, 1, 1},    /* MKDIR: mode, umask */
    [10] = {0, 1, 0},   /* UNLINK */
    [11] = {0, 1, 0},   /* RMDIR */
    [12] = {8, 2, 0},   /* RENAME: newdir; old, new */
    [13] = {8, 1, 1},   /* LINK: oldnodeid; new */
    [14] = {8, 0, 1},   /* OPEN: flags; fuse_open_out.fh */
    [15] = {20, 0, 0},  /* READ: fh, offset, size */
    [16] = {20, 0, 1},  /* WRITE: fh, offset, size; fuse_write_out.size */
    [18] = {12, 0, 0},  /* RELEASE: fh, flags */
    [20] = {12, 0, 0},  /* FSYNC: fh, fsync_flags */
    [21] = {8, 1, 0},   /* SETXATTR: size, flags; name */
    [22] = {8, 1, 0},   /* GETXATTR: size; name */
    [23] = {8, 0, 0},   /* LISTXATTR: size */
    [24] = {0, 1, 0},   /* REMOVEXATTR */
    [25] = {8, 0, 0},   /* FLUSH: fh */
    [27] = {8, 0, 1},   /* OPENDIR: flags; fh */
    [28] = {20, 0, 0},  /* READDIR: fh, offset, size */
    [29] = {12, 0, 0},  /* RELEASEDIR: fh, flags */
    [30] = {12, 0, 0},  /* FSYNCDIR: fh, fsync_flags */
    [31] = {44, 0, 0},  /* GETLK: fh, owner, start, end, type, pid, lk_flags */
    [32] = {44, 0, 0},  /* SETLK */
    [33] = {44, 0, 0},  /* SETLKW */
    [34] = {4, 0, 0},   /* ACCESS: mask */
    [35] = {16, 1, 3},  /* CREATE: flags, mode; name; fuse_entry_out.nodeid, fuse_open_out.fh */
    [36] = {8, 0, 0},   /* INTERRUPT: unique */
    [37] = {12, 0, 1},  /* BMAP: block, blocksize; block */
    [39] = {32, 0, 0},  /* IOCTL: fh, flags, cmd, arg, in_size, out_size */
    [40] = {24, 0, 0},  /* POLL: fh, kh, flags, events */
    [43] = {28, 0, 0},  /* FALLOCATE: fh, offset, length, mode */
    [44] = {20, 0, 8},  /* READDIRPLUS: fh, offset, size */
    [45] = {12, 2, 0},  /* RENAME2: newdir, flags; old, new */
    [46] = {20, 0, 1},  /* LSEEK: fh, offset, whence; offset */
    [47] = {56, 0, 1},  /* COPY_FILE_RANGE: fuse_copy_file_range_in; fuse_write_out.size */
    [51] = {16, 1, 3},  /* TMPFILE: as CREATE */
    [52] = {24, 0, 0},  /* STATX: getattr_flags, reserved, fh, sx_flags, sx_mask */
};
