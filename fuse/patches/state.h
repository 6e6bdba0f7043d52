// What the mirror keeps in fuse-native's memory: in its session (fuse_thread_t), of which JavaScript shares the
// beginning, and in that of each FUSE thread (fuse_thread_locals_t). Included by the patched fuse-native.c.

enum { MIRROR_OPS = 35, MIRROR_PATH = 4096, MIRROR_COMM = 16 };

// One operation of the fast way (fast-way.h).
typedef struct {
  uint32_t op;
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
  char comm[MIRROR_COMM];
} mirror_call_t;

// What a record says of each operation, as fuse/mirror/fast-way.ts tells it: its code, and the bits beside it.
enum {
  ROW_CODE = 0xffff,
  ROW_FH = 1 << 16,
  ROW_OFFSET = 1 << 17,
  ROW_SIZE = 1 << 18,
  ROW_COUNTS = 1 << 19,
  ROW_FLAGS = 1 << 20,
  ROW_MASK = 1 << 21,
  ROW_MODE = 1 << 22,
  ROW_NAME = 1 << 23
};

// A record of an EVENTS frame, and the bits of what it has: shared/wire/layout.ts.
enum { RECORD_ENTER = 1, RECORD_EXIT = 2, RECORD_SPAN = 3 };
enum {
  HAS_DURATION = 1,
  HAS_FH = 4,
  HAS_OFFSET = 8,
  HAS_SIZE = 16,
  HAS_BYTES = 32,
  HAS_ERRNO = 128,
  HAS_CALLER = 256 | 512 | 1024 | 2048
};

typedef struct {
  uint8_t kind;
  uint8_t unused;
  uint16_t op;
  uint16_t has;
  uint16_t mount;
  uint64_t id;
  double mono_ns;
  double ts_us;
  double duration_ns;
  uint64_t nodeid;
  uint64_t fh;
  uint64_t offset;
  uint64_t size;
  double bytes;
  double queue_ns;
  int32_t error;
  uint32_t pid;
  uint32_t tid;
  uint32_t uid;
  uint32_t gid;
  uint32_t daemon_tid;
  uint32_t path;
  uint32_t new_path;
  uint32_t comm;
  uint32_t args;
} wire_record_t;
_Static_assert(sizeof(wire_record_t) == 128, "as RECORD_BYTES in shared/wire/layout.ts");

// The log: batches in a circle, each a head, its strings and its records. BATCH in fuse/mirror/fast-way.ts says the same.
enum { LOG_BATCHES = 32, BATCH_RECORDS = 1024, BATCH_STRING_BYTES = 96 * 1024, STRING_SLOTS = 4096 };

typedef struct {
  uint32_t records;
  uint32_t strings;
  uint32_t string_bytes;
  uint32_t unused;
} batch_head_t;

enum { BATCH_BYTES = sizeof(batch_head_t) + BATCH_STRING_BYTES + BATCH_RECORDS * sizeof(wire_record_t) };

// A string of the batch with number `batch - 1`.
typedef struct {
  uint32_t hash;
  uint32_t batch;
  uint32_t at;
  uint32_t length;
  uint32_t index;
} string_slot_t;

// Room for texts that differ from the bytes they stand for.
typedef struct {
  char path[16384];
  char args[6 * 256 + 16];
} text_room_t;

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
  // Wall time, in µs since the epoch, at 0 of CLOCK_MONOTONIC.
  volatile double wall_us;

  // The directory behind the mount, without a slash at its end.
  char root[MIRROR_PATH];
  uint32_t rows[MIRROR_OPS];
  uint32_t traced;

  // `lock` guards what follows it. Batches are numbered: `taken` is the oldest that JavaScript is not done with,
  // `collected` the one behind those that it has been given, `written` the one being written.
  uv_mutex_t lock;
  char *log;
  uint32_t taken;
  uint32_t collected;
  uint32_t written;
  uint32_t urgent;
  string_slot_t slots[STRING_SLOTS];
  text_room_t room;
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
  // That the last readdir of this thread gave.
  uint32_t entries;

  // The operation of this thread on the fast way: whether there is one, whether the log has told that it began, and
  // whether it was reported as stuck.
  mirror_call_t call;
  uint32_t active;
  uint32_t told;
  uint32_t reported;

  // See args_of: what they were the last time.
  uint32_t args_row;
  uint32_t args_flags;
  uint32_t args_mode;
  uint32_t args_length;
  char args[64];
  text_room_t room;

  // Who asked last, see look_up_caller.
  int32_t known_tid;
  int32_t known_pid;
  int64_t known_since_ns;
  int64_t known_until_ns;
  char known_comm[MIRROR_COMM];
} mirror_thread_t;
