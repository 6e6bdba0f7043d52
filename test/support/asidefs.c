/* A file system that takes requests and keeps them, as its low-level interface allows. For tests, on libfuse 3, with one
 * thread. By the name that is opened: data and ahead: a read of it is never answered, and ahead is read ahead of its
 * reader. locked: a lock that waits is never given. odd: an open of it is never answered. sleep: its open sleeps with
 * the only thread. spin: its open runs for ever with the only thread. Any other name is not there.
 * Argument: the mount point. Environment: ASIDE_BACKGROUND how many requests it takes in the background. */
#define FUSE_USE_VERSION 34
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const NAMES[] = {"data", "ahead", "locked", "odd", "sleep", "spin"};
enum { DATA, AHEAD, LOCKED, ODD, SLEEP, SPIN, COUNT };
/* Nodes of the names, after the root. */
#define NODE(name) ((name) + 2)
#define FOR_LONG 600.0

static struct stat about(fuse_ino_t node) {
  struct stat st = {.st_ino = node, .st_nlink = 1, .st_mode = S_IFREG | 0644, .st_size = 1 << 20};
  if (node == FUSE_ROOT_ID) st.st_mode = S_IFDIR | 0755;
  return st;
}

static void fs_init(void *data, struct fuse_conn_info *connection) {
  const char *most = getenv("ASIDE_BACKGROUND");
  if (most) connection->max_background = atoi(most);
}

static void fs_lookup(fuse_req_t req, fuse_ino_t parent, const char *name) {
  for (int i = 0; i < COUNT; i++) {
    if (strcmp(name, NAMES[i]) != 0) continue;
    struct fuse_entry_param entry = {
        .ino = NODE(i), .attr = about(NODE(i)), .attr_timeout = FOR_LONG, .entry_timeout = FOR_LONG};
    fuse_reply_entry(req, &entry);
    return;
  }
  fuse_reply_err(req, ENOENT);
}

static void fs_getattr(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info) {
  struct stat st = about(node);
  fuse_reply_attr(req, &st, FOR_LONG);
}

static void fs_open(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info) {
  if (node == NODE(ODD)) return;
  if (node == NODE(SLEEP)) sleep((unsigned)FOR_LONG);
  if (node == NODE(SPIN))
    for (volatile int on = 1; on;);
  info->direct_io = node == NODE(DATA);
  info->keep_cache = node == NODE(AHEAD);
  fuse_reply_open(req, info);
}

/* Kept: nobody answers it. */
static void fs_read(fuse_req_t req, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *info) {}

static void fs_getlk(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info, struct flock *lock) {
  lock->l_type = F_UNLCK;
  fuse_reply_lock(req, lock);
}

static void fs_setlk(fuse_req_t req, fuse_ino_t node, struct fuse_file_info *info, struct flock *lock, int waits) {
  if (!waits) fuse_reply_err(req, 0);
}

static const struct fuse_lowlevel_ops operations = {
    .init = fs_init,
    .lookup = fs_lookup,
    .getattr = fs_getattr,
    .open = fs_open,
    .read = fs_read,
    .getlk = fs_getlk,
    .setlk = fs_setlk,
};

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  struct fuse_args args = FUSE_ARGS_INIT(1, argv);
  struct fuse_session *session = fuse_session_new(&args, &operations, sizeof operations, NULL);
  if (!session || fuse_session_mount(session, argv[1]) != 0) return 1;
  int status = fuse_session_loop(session);
  fuse_session_unmount(session);
  return status == 0 ? 0 : 1;
}
