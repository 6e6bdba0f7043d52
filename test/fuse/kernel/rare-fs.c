/* A file system that answers the requests that few daemons let through (locks, poll, bmap, statx, tmpfile …), straight
 * on /dev/fuse: a directory with one file `a`. With a block device it is a fuseblk, whose kernel asks for BMAP too.
 *     rare-fs MOUNTPOINT [BLOCK_DEVICE] */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Not in the headers of Debian 12. */
enum { OP_TMPFILE = 51, OP_STATX = 52 };
struct statx_answer {
  uint64_t valid;
  uint32_t valid_ns, flags;
  uint64_t spare[2];
  /* As struct statx begins. */
  uint32_t mask, blksize;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, pad;
  uint64_t ino, size, blocks, attributes_mask;
  uint64_t rest[24];
};

static int device;

static void answer(const struct fuse_in_header *in, int error, const void *data, size_t size) {
  struct fuse_out_header header = {.len = sizeof header + size, .error = -error, .unique = in->unique};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)data, size}};
  writev(device, parts, size ? 2 : 1);
}

static struct fuse_attr attributes(uint64_t node) {
  struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = 512};
  attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
  attr.size = node == FUSE_ROOT_ID ? 0 : 4096;
  attr.blocks = 8;
  return attr;
}

static void init(const struct fuse_in_header *in, const void *body) {
  const struct fuse_init_in *asked = body;
  struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = asked->minor, .max_write = 4096};
  out.flags = asked->flags & (FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS | FUSE_DONT_MASK);
  answer(in, 0, &out, sizeof out);
}

static void lookup(const struct fuse_in_header *in, const void *body) {
  if (strcmp(body, "a")) return answer(in, ENOENT, NULL, 0);
  struct fuse_entry_out out = {.nodeid = 2, .attr = attributes(2)};
  answer(in, 0, &out, sizeof out);
}

static void getattr(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_attr_out out = {.attr = attributes(in->nodeid)};
  answer(in, 0, &out, sizeof out);
}

static void open_any(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_open_out out = {.fh = 70 + in->nodeid};
  answer(in, 0, &out, sizeof out);
}

static void tmpfile_(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct {
    struct fuse_entry_out entry;
    struct fuse_open_out open;
  } out = {.entry = {.nodeid = 3, .attr = attributes(3)}, .open = {.fh = 73}};
  out.entry.attr.nlink = 0;
  answer(in, 0, &out, sizeof out);
}

static void read_directory(const struct fuse_in_header *in, const void *body) {
  const struct fuse_read_in *asked = body;
  struct {
    struct fuse_dirent entry;
    char name[8];
  } out = {.entry = {.ino = 2, .off = 1, .namelen = 1, .type = S_IFREG >> 12}, .name = "a"};
  answer(in, 0, &out, asked->offset ? 0 : sizeof out);
}

static void get_lock(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_lk_out out = {.lk = {.start = 4, .end = 5, .type = F_WRLCK, .pid = 1}};
  answer(in, 0, &out, sizeof out);
}

static void poll_(const struct fuse_in_header *in, const void *body) {
  const struct fuse_poll_in *asked = body;
  struct fuse_poll_out out = {.revents = asked->events};
  answer(in, 0, &out, sizeof out);
}

static void bmap(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_bmap_out out = {.block = 1234};
  answer(in, 0, &out, sizeof out);
}

static void statx_(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct statx_answer out = {.mask = 0xfff, .blksize = 512, .nlink = 1, .ino = in->nodeid, .size = 4096, .blocks = 8};
  out.mode = S_IFREG | 0644;
  answer(in, 0, &out, sizeof out);
}

static void list_attributes(const struct fuse_in_header *in, const void *body) {
  const struct fuse_getxattr_in *asked = body;
  static const char names[] = "user.a";
  struct fuse_getxattr_out out = {.size = sizeof names};
  if (asked->size) answer(in, 0, names, sizeof names);
  else answer(in, 0, &out, sizeof out);
}

static void seek(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_lseek_out out = {.offset = 4096};
  answer(in, 0, &out, sizeof out);
}

static void copied(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_write_out out = {.size = 100};
  answer(in, 0, &out, sizeof out);
}

static void statfs_(const struct fuse_in_header *in, const void *body) {
  (void)body;
  struct fuse_statfs_out out = {{0}};
  answer(in, 0, &out, sizeof out);
}

static void agreed(const struct fuse_in_header *in, const void *body) {
  (void)body;
  answer(in, 0, NULL, 0);
}

static void unanswered(const struct fuse_in_header *in, const void *body) {
  (void)in;
  (void)body;
}

static void (*const handlers[64])(const struct fuse_in_header *, const void *) = {
    [FUSE_INIT] = init,
    [FUSE_LOOKUP] = lookup,
    [FUSE_GETATTR] = getattr,
    [FUSE_OPEN] = open_any,
    [FUSE_OPENDIR] = open_any,
    [OP_TMPFILE] = tmpfile_,
    [FUSE_READDIR] = read_directory,
    [FUSE_GETLK] = get_lock,
    [FUSE_SETLK] = agreed,
    [FUSE_SETLKW] = agreed,
    [FUSE_POLL] = poll_,
    [FUSE_BMAP] = bmap,
    [OP_STATX] = statx_,
    [FUSE_LISTXATTR] = list_attributes,
    [FUSE_LSEEK] = seek,
    [FUSE_COPY_FILE_RANGE] = copied,
    [FUSE_STATFS] = statfs_,
    [FUSE_FLUSH] = agreed,
    [FUSE_RELEASE] = agreed,
    [FUSE_RELEASEDIR] = agreed,
    [FUSE_FSYNC] = agreed,
    [FUSE_FSYNCDIR] = agreed,
    [FUSE_FALLOCATE] = agreed,
    [FUSE_ACCESS] = agreed,
    [FUSE_RENAME2] = agreed,
    [FUSE_DESTROY] = agreed,
    [FUSE_FORGET] = unanswered,
    [FUSE_BATCH_FORGET] = unanswered,
    [FUSE_INTERRUPT] = unanswered,
};

int main(int argc, char **argv) {
  static char request[1 << 17];
  if (argc < 2) return 2;
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  char options[128];
  snprintf(options, sizeof options, "fd=%d,rootmode=40755,user_id=0,group_id=0%s", device, argc > 2 ? ",blksize=512" : "");
  if (device < 0 || mount(argc > 2 ? argv[2] : "rare", argv[1], argc > 2 ? "fuseblk" : "fuse", 0, options)) {
    perror("rare-fs");
    return 1;
  }
  ssize_t got;
  while ((got = read(device, request, sizeof request)) > 0 || errno == EINTR || errno == ENOENT) {
    if (got <= 0) continue;
    const struct fuse_in_header *in = (void *)request;
    if (in->opcode < 64 && handlers[in->opcode]) handlers[in->opcode](in, in + 1);
    else answer(in, ENOSYS, NULL, 0);
  }
  return 0;
}
