// What the mirror keeps in fuse-native's memory: in its session (fuse_thread_t), of which JavaScript shares the
// beginning, and in that of each FUSE thread (fuse_thread_locals_t). Included by the patched fuse-native.c.

enum { MIRROR_OPS = 35, MIRROR_PATH = 4096, MIRROR_COMM = 16 };

// One operation of the fast way (fast-way.h), in memory and in the log; there its path and its name follow it, and
// `length` bytes later the next record. fuse/mirror/fast-way.ts reads it: change both.
enum { RECORD_BEGUN = 1, RECORD_ENDED = 2, RECORD_WHOLE = 3 };

typedef struct {
  uint32_t length;
  uint16_t kind;
  uint16_t op;
  uint64_t id;
  // CLOCK_MONOTONIC.
  int64_t start_ns;
  int64_t end_ns;
  uint64_t fh;
  int64_t offset;
  uint64_t size;
  int32_t tid;
  int32_t pid;
  uint32_t uid;
  uint32_t gid;
  // Of open, opendir and create: flags; of access: mask.
  uint32_t flags;
  uint32_t mode;
  int32_t res;
  uint32_t path_length;
  uint32_t name_length;
  char comm[MIRROR_COMM];
} mirror_record_t;

typedef struct {
  // Shared with JavaScript, see SessionMemory in fuse/mirror/session.ts: caller's thread id, uid, gid and open flags,
  // valid while a handler is being called; 1 once the session has ended; operations now on the fast way; records
  // that found no room in the log; and for each operation whether it goes the fast way.
  uint32_t caller[4];
  volatile uint32_t ended;
  uint32_t active;
  uint32_t dropped;
  uint32_t unused;
  volatile uint8_t fast[MIRROR_OPS + 5];

  // The directory behind the mount, without a slash at its end.
  char root[MIRROR_PATH];

  // Two logs in turn, one being written and one being read by JavaScript. `lock` guards what follows it.
  uv_mutex_t lock;
  char *logs[2];
  uint32_t log_bytes;
  uint32_t log_turn;
  uint32_t log_used;
  uint32_t urgent;
  struct fuse_thread_locals_s *threads;

  uint32_t armed;
  uint64_t last_id;
  uv_mutex_t attaching;
  uv_async_t wake;
  napi_ref on_wake;
} mirror_session_t;

typedef struct {
  uint32_t caller[4];
  const struct timespec *times;
  struct fuse_thread_locals_s *next;

  // The operation of this thread on the fast way: whether there is one, whether the log has told that it began, and
  // whether it was reported as stuck.
  mirror_record_t call;
  uint32_t active;
  uint32_t told;
  uint32_t reported;

  // Who asked last, see look_up_caller.
  int32_t known_tid;
  int32_t known_pid;
  int64_t known_since_ns;
  int64_t known_until_ns;
  char known_comm[MIRROR_COMM];
} mirror_thread_t;
