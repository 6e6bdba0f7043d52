// Does on the directory behind the mount what a request asks for: passthrough, with the owner of new files as the
// kernel would have set it. Blocks as long as the directory does, so never on the event loop's thread.
// After libfuse's example/passthrough.c.

#include <dirent.h>
#include <errno.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

// The library's numbers, as constants that a switch takes.
enum {
  OP_ACCESS = 2,
  OP_STATFS = 3,
  OP_FGETATTR = 4,
  OP_GETATTR = 5,
  OP_FLUSH = 6,
  OP_FSYNC = 7,
  OP_FSYNCDIR = 8,
  OP_READDIR = 9,
  OP_TRUNCATE = 10,
  OP_FTRUNCATE = 11,
  OP_UTIMENS = 12,
  OP_READLINK = 13,
  OP_CHOWN = 14,
  OP_CHMOD = 15,
  OP_MKNOD = 16,
  OP_SETXATTR = 17,
  OP_GETXATTR = 18,
  OP_LISTXATTR = 19,
  OP_REMOVEXATTR = 20,
  OP_OPEN = 21,
  OP_OPENDIR = 22,
  OP_READ = 23,
  OP_WRITE = 24,
  OP_RELEASE = 25,
  OP_RELEASEDIR = 26,
  OP_CREATE = 27,
  OP_UNLINK = 28,
  OP_RENAME = 29,
  OP_LINK = 30,
  OP_SYMLINK = 31,
  OP_MKDIR = 32,
  OP_RMDIR = 33,
  OP_FALLOCATE = 34
};

// Writes the path behind `path` to `real`, of MIRROR_PATH bytes. False where it is too long.
static int behind (mirror_session_t *session, const char *path, char *real) {
  size_t root_length = strlen(session->root);
  size_t path_length = strcmp(path, "/") == 0 ? 0 : strlen(path);
  if (root_length + path_length >= MIRROR_PATH) return 0;
  memcpy(real, session->root, root_length);
  memcpy(real + root_length, path, path_length);
  real[root_length + path_length] = '\0';
  return 1;
}

// Gives what root made for a caller to that caller; the group is left to a set-group-id parent. `mode` is 0 for what
// is not a regular file. As a system call: 0, or -1 with errno.
static int adopt (fuse_thread_locals_t *l, const char *real, mode_t mode) {
  uid_t uid = l->mirror.caller[1];
  gid_t gid = l->mirror.caller[2];
  if (geteuid() != 0 || (uid == 0 && gid == 0)) return 0;
  char parent[MIRROR_PATH];
  size_t length = strrchr(real, '/') - real;
  memcpy(parent, real, length);
  strcpy(parent + length, length == 0 ? "/" : "");
  struct stat st;
  if (lstat(parent, &st) < 0) return -1;
  if (lchown(real, uid, st.st_mode & S_ISGID ? (gid_t) -1 : gid) < 0) return -1;
  // chown cleared them.
  return mode & (S_ISUID | S_ISGID) ? chmod(real, mode & 07777) : 0;
}

static int open_as_asked (fuse_thread_locals_t *l, const char *real) {
  // O_DIRECT would ask for aligned memory, which libfuse's buffers are not.
  int flags = (l->info->flags & ~O_DIRECT) | O_CLOEXEC;
  if (l->op == OP_OPENDIR) flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  if (l->op == OP_CREATE) flags |= O_CREAT;
  int fd = open(real, flags, l->mode & 07777);
  if (fd < 0) return -1;
  if (l->op == OP_CREATE && adopt(l, real, l->mode) < 0) {
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
  }
  l->info->fh = fd;
  return 0;
}

static int read_directory (fuse_thread_locals_t *l) {
  int fd = fcntl(l->info->fh, F_DUPFD_CLOEXEC, 3);
  if (fd < 0) return -1;
  DIR *dir = fdopendir(fd);
  if (dir == NULL) {
    close(fd);
    return -1;
  }
  rewinddir(dir);
  l->mirror.entries = 0;
  struct dirent *entry;
  errno = 0;
  while ((entry = readdir(dir)) != NULL) {
    struct stat st;
    memset(&st, 0, sizeof(st));
    st.st_ino = entry->d_ino;
    st.st_mode = entry->d_type << 12;
    if (l->readdir_filler((char *) l->buf, entry->d_name, &st, 0) != 0) {
      errno = ENOMEM;
      break;
    }
    l->mirror.entries++;
    errno = 0;
  }
  int cause = errno;
  closedir(dir);
  errno = cause;
  return cause == 0 ? 0 : -1;
}

static int read_link (fuse_thread_locals_t *l, const char *real) {
  ssize_t length = readlink(real, l->linkname, l->len - 1);
  if (length < 0) return -1;
  l->linkname[length] = '\0';
  return 0;
}

// Returns a count or 0, or a negative errno.
static int perform (fuse_thread_locals_t *l) {
  char real[MIRROR_PATH];
  char other[MIRROR_PATH];
  // A symbolic link's first path is its target, and not ours to read.
  if (!behind(&(l->fuse->mirror), l->op == OP_SYMLINK ? l->dest : l->path, real)) return -ENAMETOOLONG;
  int two = l->op == OP_RENAME || l->op == OP_LINK;
  if (two && !behind(&(l->fuse->mirror), l->dest, other)) return -ENAMETOOLONG;

  ssize_t res = -1;
  errno = ENOSYS;
  switch (l->op) {
    case OP_GETATTR: res = lstat(real, l->stat); break;
    case OP_FGETATTR: res = fstat(l->info->fh, l->stat); break;
    case OP_STATFS: res = statvfs(real, l->statvfs); break;
    case OP_ACCESS: res = access(real, l->mode); break;
    case OP_READLINK: res = read_link(l, real); break;
    case OP_OPEN:
    case OP_OPENDIR:
    case OP_CREATE: res = open_as_asked(l, real); break;
    case OP_READ: res = pread(l->info->fh, (char *) l->buf, l->len, l->offset); break;
    case OP_WRITE: res = pwrite(l->info->fh, l->buf, l->len, l->offset); break;
    // Each close of a descriptor sends one; the file stays open until release.
    case OP_FLUSH: res = 0; break;
    case OP_RELEASE:
    case OP_RELEASEDIR: res = close(l->info->fh); break;
    case OP_FSYNC:
    case OP_FSYNCDIR: res = l->mode ? fdatasync(l->info->fh) : fsync(l->info->fh); break;
    case OP_READDIR: res = read_directory(l); break;
    case OP_TRUNCATE: res = truncate(real, l->offset); break;
    case OP_FTRUNCATE: res = ftruncate(l->info->fh, l->offset); break;
    case OP_CHMOD: res = chmod(real, l->mode & 07777); break;
    case OP_CHOWN: res = lchown(real, l->uid, l->gid); break;
    case OP_UTIMENS: res = utimensat(AT_FDCWD, real, l->mirror.times, AT_SYMLINK_NOFOLLOW); break;
    case OP_SETXATTR: res = lsetxattr(real, l->name, l->value, l->size, l->flags); break;
    case OP_GETXATTR: res = lgetxattr(real, l->name, (char *) l->value, l->size); break;
    case OP_LISTXATTR: res = llistxattr(real, l->list, l->size); break;
    case OP_REMOVEXATTR: res = lremovexattr(real, l->name); break;
    case OP_FALLOCATE: res = fallocate(l->info->fh, l->mode, l->offset, l->len); break;
    case OP_UNLINK: res = unlink(real); break;
    case OP_RMDIR: res = rmdir(real); break;
    case OP_RENAME: res = rename(real, other); break;
    case OP_LINK: res = link(real, other); break;
    case OP_SYMLINK: res = symlink(l->path, real) < 0 ? -1 : adopt(l, real, 0); break;
    case OP_MKDIR: res = mkdir(real, l->mode & 07777) < 0 ? -1 : adopt(l, real, 0); break;
    case OP_MKNOD:
      res = mknod(real, l->mode, l->dev) < 0 ? -1 : adopt(l, real, S_ISREG(l->mode) ? l->mode : 0);
      break;
  }
  return res < 0 ? -errno : (int) res;
}

static int opens (fuse_thread_locals_t *l) {
  return l->op == OP_OPEN || l->op == OP_OPENDIR || l->op == OP_CREATE;
}

// fuse_native_backing(handler, callback, limit): performs the waiting request on libuv's pool and calls back with its
// result, and with its new file handle or the number of entries that were read. Of a read or write at most `limit` bytes
// are moved; -1 for all. The FUSE thread that owns the handler waits until the reply, so its buffers stay valid.
typedef struct {
  uv_work_t req;
  napi_ref callback;
  fuse_thread_locals_t *l;
  int res;
} backing_t;

static void backing_work (uv_work_t *req) {
  backing_t *b = (backing_t *) req;
  b->res = perform(b->l);
}

static void backing_done (uv_work_t *req, int status) {
  backing_t *b = (backing_t *) req;
  fuse_thread_t *ft = b->l->fuse;
  FUSE_NATIVE_CALLBACK(b->callback, {
    napi_value argv[2];
    napi_create_int32(env, status == 0 ? b->res : -EIO, &(argv[0]));
    uint32_t more = b->l->op == OP_READDIR ? b->l->mirror.entries : opens(b->l) ? b->l->info->fh : 0;
    napi_create_uint32(env, b->res == 0 ? more : 0, &(argv[1]));
    NAPI_MAKE_CALLBACK(env, NULL, ctx, callback, 2, argv, NULL)
    napi_delete_reference(env, b->callback);
  })
  free(b);
}

NAPI_METHOD(fuse_native_backing) {
  NAPI_ARGV(3)
  NAPI_ARGV_BUFFER_CAST(fuse_thread_locals_t *, l, 0);
  NAPI_ARGV_INT32(limit, 2);
  if (limit >= 0 && (l->op == OP_READ || l->op == OP_WRITE) && (size_t) limit < l->len) l->len = limit;
  backing_t *b = malloc(sizeof(backing_t));
  if (b == NULL) {
    napi_throw_error(env, NULL, "no memory for a file operation");
    return NULL;
  }
  b->l = l;
  napi_create_reference(env, argv[1], 1, &(b->callback));
  uv_queue_work(uv_default_loop(), &(b->req), backing_work, backing_done);
  return NULL;
}

// fuse_native_reply(handler, result): answers any request with a bare result.
NAPI_METHOD(fuse_native_reply) {
  NAPI_ARGV(2)
  NAPI_ARGV_BUFFER_CAST(fuse_thread_locals_t *, l, 0);
  NAPI_ARGV_INT32(res, 1);
  l->res = res;
  uv_sem_post(&(l->sem));
  return NULL;
}

// fuse_native_attributes(handler, buffer, restore): copies the attributes that a getattr answers to the buffer, or from
// it where `restore` is 1.
NAPI_METHOD(fuse_native_attributes) {
  NAPI_ARGV(3)
  NAPI_ARGV_BUFFER_CAST(fuse_thread_locals_t *, l, 0);
  NAPI_ARGV_BUFFER_CAST(char *, kept, 1);
  NAPI_ARGV_INT32(restore, 2);
  if (l->op != OP_GETATTR && l->op != OP_FGETATTR) return NULL;
  size_t size = kept_len < sizeof(struct stat) ? kept_len : sizeof(struct stat);
  memcpy(restore ? (char *) l->stat : kept, restore ? kept : (char *) l->stat, size);
  return NULL;
}

// fuse_native_exit(status): process.exit waits for libuv's pool, which may hang in the source. This one does not.
NAPI_METHOD(fuse_native_exit) {
  NAPI_ARGV(1)
  NAPI_ARGV_INT32(status, 0);
  _exit(status);
}
