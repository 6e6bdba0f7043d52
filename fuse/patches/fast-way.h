// The fast way. Where the session's `fast` says so, a FUSE thread does the operation itself, without a turn of the
// event loop. What there is to tell goes into a log that JavaScript collects (wire-log.h): one record when the operation
// ends, and one before that only where it is still running when the log is collected.

#include "wire-log.h"

static int64_t monotonic_ns () {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int read_proc (int id, const char *name, char *text, size_t size) {
  char path[48];
  snprintf(path, sizeof(path), "/proc/%d/%s", id, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length > 0 ? length : 0] = '\0';
  return length > 0;
}

// Process and name of the caller, who waits for us and so exists. What was read counts for 1 ms at first, since a
// process that forks soon runs another program, and for up to 100 ms where it has proved to stay what it is. The same
// rule as in fuse/mirror/caller.ts.
// True where it had to be read.
static int look_up_caller (mirror_thread_t *m, int64_t now_ns) {
  mirror_call_t *call = &(m->call);
  int fresh = 0;
  if (call->tid == 0) {
    call->pid = 0;
    memset(call->comm, 0, MIRROR_COMM);
    return 0;
  }
  if (call->tid != m->known_tid || now_ns >= m->known_until_ns) {
    char text[256];
    fresh = 1;
    if (call->tid != m->known_tid) m->known_since_ns = now_ns;
    int64_t keep_ns = (now_ns - m->known_since_ns) / 4;
    if (keep_ns < 1000000) keep_ns = 1000000;
    if (keep_ns > 100000000) keep_ns = 100000000;
    m->known_tid = call->tid;
    m->known_pid = call->tid;
    m->known_until_ns = now_ns + keep_ns;
    memset(m->known_comm, 0, MIRROR_COMM);
    char *tgid = read_proc(call->tid, "status", text, sizeof(text)) ? strstr(text, "\nTgid:\t") : NULL;
    if (tgid != NULL) m->known_pid = atoi(tgid + 7);
    if (read_proc(m->known_pid, "comm", text, sizeof(text))) {
      size_t length = strcspn(text, "\n");
      memcpy(m->known_comm, text, length < MIRROR_COMM ? length : MIRROR_COMM - 1);
    }
  }
  call->pid = m->known_pid;
  memcpy(call->comm, m->known_comm, MIRROR_COMM);
  return fresh;
}

// What the record tells beyond path and caller.
static void describe (fuse_thread_locals_t *l, mirror_call_t *call) {
  call->fh = 0;
  call->offset = 0;
  call->size = 0;
  call->flags = l->mirror.caller[3];
  call->mode = 0;
  switch (l->op) {
    case OP_READ:
    case OP_WRITE:
      call->offset = l->offset;
      call->size = l->len;
      call->fh = l->info->fh;
      break;
    case OP_FGETATTR:
    case OP_FLUSH:
    case OP_RELEASE:
    case OP_RELEASEDIR:
    case OP_READDIR: call->fh = l->info->fh; break;
    case OP_ACCESS: call->flags = l->mode; break;
    case OP_CREATE:
    case OP_MKDIR: call->mode = l->mode; break;
    case OP_GETXATTR: call->size = l->size; break;
    case OP_FTRUNCATE:
      call->fh = l->info->fh;
      call->size = l->offset;
      break;
    case OP_TRUNCATE: call->size = l->offset; break;
  }
}

// Sees to it that JavaScript collects, once until it has.
static void arm (mirror_session_t *session) {
  if (!__atomic_exchange_n(&session->armed, 1, __ATOMIC_SEQ_CST)) uv_async_send(&(session->wake));
}

static int fuse_native_fast_way (fuse_thread_locals_t *l) {
  mirror_session_t *session = &(l->fuse->mirror);
  mirror_thread_t *m = &(l->mirror);
  mirror_call_t *call = &(m->call);
  int traced = session->traced;

  call->op = l->op;
  call->id = 2 * __atomic_add_fetch(&session->last_id, 1, __ATOMIC_RELAXED);
  call->tid = m->caller[0];
  call->uid = m->caller[1];
  call->gid = m->caller[2];
  describe(l, call);
  call->start_ns = monotonic_ns();
  if (traced && look_up_caller(m, call->start_ns)) call->start_ns = monotonic_ns();
  m->told = 0;
  m->reported = 0;
  __atomic_add_fetch(&session->active, 1, __ATOMIC_RELAXED);
  // From here on others may look at the call; it cannot end while they hold the lock.
  __atomic_store_n(&m->active, 1, __ATOMIC_SEQ_CST);
  if (traced) arm(session);

  int res = perform(l);

  call->end_ns = monotonic_ns();
  uv_mutex_lock(&(session->lock));
  call->res = res;
  if (res == 0 && opens(l)) call->fh = l->info->fh;
  m->active = 0;
  if (traced) {
    int kind = m->told ? RECORD_EXIT : RECORD_SPAN;
    texts_t texts = texts_for(session, l, kind, &m->room);
    if (!log_record(session, l, kind, &texts)) session->dropped++;
  }
  uv_mutex_unlock(&(session->lock));
  if (traced) arm(session);
  __atomic_sub_fetch(&session->active, 1, __ATOMIC_RELAXED);
  return res;
}

// A FUSE thread is new; what it does can be looked at from now on.
static void fuse_native_keep (fuse_thread_locals_t *l) {
  mirror_session_t *session = &(l->fuse->mirror);
  uv_mutex_lock(&(session->lock));
  l->mirror.next = session->threads;
  session->threads = l;
  uv_mutex_unlock(&(session->lock));
}

static void on_wake (uv_async_t *handle) {
  fuse_thread_t *ft = (fuse_thread_t *) handle->data;
  FUSE_NATIVE_CALLBACK(ft->mirror.on_wake, {
    napi_value argv[1];
    napi_create_uint32(env, ft->mirror.urgent, &(argv[0]));
    NAPI_MAKE_CALLBACK(env, NULL, ctx, callback, 1, argv, NULL)
  })
}

// fuse_native_begin(session, root, rows, log, wake): before the mount. The directory behind it in bytes; what a record
// says of each operation; the log, of length 0 for none; and what is called when there is something to collect, with 1
// when the log fills. False where the log is not as long as it has to be.
NAPI_METHOD(fuse_native_begin) {
  NAPI_ARGV(5)
  NAPI_ARGV_BUFFER_CAST(fuse_thread_t *, ft, 0);
  NAPI_ARGV_BUFFER_CAST(uint32_t *, rows, 2);
  NAPI_ARGV_BUFFER_CAST(char *, log, 3);
  mirror_session_t *session = &(ft->mirror);
  napi_get_value_string_latin1(env, argv[1], session->root, MIRROR_PATH, NULL);
  memcpy(session->rows, rows, rows_len < sizeof(session->rows) ? rows_len : sizeof(session->rows));
  session->log = log;
  session->traced = log_len == LOG_BATCHES * BATCH_BYTES;
  napi_create_reference(env, argv[4], 1, &(session->on_wake));
  uv_mutex_init(&(session->lock));
  uv_mutex_init(&(session->attaching));
  uv_async_init(uv_default_loop(), &(session->wake), on_wake);
  session->wake.data = ft;
  uv_unref((uv_handle_t *) &(session->wake));
  NAPI_RETURN_UINT32(session->traced)
}

// fuse_native_collect(session): gives back the batches of the call before, adds a record for each operation that is
// running and was not told before, and returns how many batches there are to take, in the order of the circle.
NAPI_METHOD(fuse_native_collect) {
  NAPI_ARGV(1)
  NAPI_ARGV_BUFFER_CAST(fuse_thread_t *, ft, 0);
  mirror_session_t *session = &(ft->mirror);
  int again = 0;
  uv_mutex_lock(&(session->lock));
  session->taken = session->collected;
  session->urgent = 1;
  // Before the look: what begins after it finds this off, and arms.
  __atomic_store_n(&session->armed, 0, __ATOMIC_SEQ_CST);
  for (fuse_thread_locals_t *l = session->threads; session->traced && l != NULL; l = l->mirror.next) {
    if (!__atomic_load_n(&l->mirror.active, __ATOMIC_SEQ_CST) || l->mirror.told) continue;
    texts_t texts = texts_for(session, l, RECORD_ENTER, &session->room);
    l->mirror.told = log_record(session, l, RECORD_ENTER, &texts);
    if (!l->mirror.told) again = 1;
  }
  // What is written from now on is for the next call.
  if (session->traced && batch_head(session)->records > 0 && !begin_batch(session, 0)) again = 1;
  session->collected = session->written;
  uint32_t count = session->written - session->taken;
  session->urgent = 0;
  uv_mutex_unlock(&(session->lock));
  if (again) arm(session);
  NAPI_RETURN_UINT32(count)
}

// fuse_native_stuck(session, ms): operations of the fast way that have run for longer and were not given before, as
// [op, path, op, path …].
NAPI_METHOD(fuse_native_stuck) {
  NAPI_ARGV(2)
  NAPI_ARGV_BUFFER_CAST(fuse_thread_t *, ft, 0);
  NAPI_ARGV_UINT32(ms, 1);
  mirror_session_t *session = &(ft->mirror);
  int64_t before_ns = monotonic_ns() - ms * 1000000ll;
  uint32_t count = 0;
  napi_value list;
  napi_create_array(env, &list);
  uv_mutex_lock(&(session->lock));
  for (fuse_thread_locals_t *l = session->threads; l != NULL; l = l->mirror.next) {
    mirror_thread_t *m = &(l->mirror);
    if (!__atomic_load_n(&m->active, __ATOMIC_SEQ_CST) || m->reported || m->call.start_ns > before_ns) continue;
    m->reported = 1;
    napi_value value;
    napi_create_uint32(env, l->op, &value);
    napi_set_element(env, list, count++, value);
    napi_create_string_latin1(env, l->path, NAPI_AUTO_LENGTH, &value);
    napi_set_element(env, list, count++, value);
  }
  uv_mutex_unlock(&(session->lock));
  return list;
}
