// Programs that run when the loader asks: what has become of requests in flight, and which were there before us.
// Reads by probe: these see requests that nobody holds for them.
#pragma once

/* Requests visited in one queue of a connection. */
#define WALK_MAX 4096
/* Queues by hash of a device (FUSE_PQ_HASH_SIZE). */
#define PROCESSING_QUEUES 256
#define FUSE_DEVICE ((10 << 20) | 229)

/* Whether the requests in `looks` are alive, which number they have and whether the daemon has taken them. */
SEC("syscall")
int look(void *ctx) {
  __u32 n = table.look_count;
  for (__u32 i = 0; i < TAP_LOOKS; i++) {
    if (i >= n) break;
    struct tap_look *look = &table.looks[i];
    struct fuse_req *req = (void *)look->key;
    __u32 connection = BPF_CORE_READ(req, fm, fc, dev);
    look->alive = BPF_CORE_READ(req, count.refs.counter) > 0 && connection == look->connection;
    look->unique = BPF_CORE_READ(req, in.h.unique);
    look->pending = BPF_CORE_READ(req, flags) >> bpf_core_enum_value(enum fuse_req_flag, FR_PENDING) & 1;
  }
  return 0;
}

struct walk {
  struct list_head *head;
  struct list_head *at;
  struct fuse_conn *fc;
  __u64 connection;
  __u64 picked;
  __u64 processing;
  __u64 ours;
};

static __always_inline void list_request(struct fuse_req *req, struct walk *walk) {
  /* In our table already, or no request at all, the walk having gone astray. */
  if (find(req) < TAP_SLOTS || BPF_CORE_READ(req, fm, fc) != walk->fc) return;
  struct tap_record *record = &table.scratch;
  record->kind = TAP_OLD;
  record->picked = walk->picked;
  record->connection = walk->connection;
  record->opcode = BPF_CORE_READ(req, in.h.opcode);
  record->unique = BPF_CORE_READ(req, in.h.unique);
  record->nodeid = BPF_CORE_READ(req, in.h.nodeid);
  /* Numbered by the pid namespace of whoever mounted. */
  record->tid = walk->ours ? BPF_CORE_READ(req, in.h.pid) : 0;
  struct fuse_args *args = BPF_CORE_READ(req, args);
  struct argument in[3] = {
      {(__u64)BPF_CORE_READ(args, in_args[0].value), BPF_CORE_READ(args, in_args[0].size)},
      {(__u64)BPF_CORE_READ(args, in_args[1].value), BPF_CORE_READ(args, in_args[1].size)},
      {(__u64)BPF_CORE_READ(args, in_args[2].value), BPF_CORE_READ(args, in_args[2].size)},
  };
  __u32 count_of_args = BPF_CORE_READ(args, in_numargs);
  if (count_of_args < 3) in[2].size = 0;
  if (count_of_args < 2) in[1].size = 0;
  if (count_of_args < 1) in[0].size = 0;
  copy_arguments(record, record->opcode, in);
  emit(record);
}

static long walk_step(__u64 i, struct walk *walk) {
  struct list_head *at = walk->at;
  if (!at || at == walk->head) return 1;
  list_request((void *)at - bpf_core_field_offset(struct fuse_req, list), walk);
  walk->at = BPF_CORE_READ(at, next);
  return 0;
}

/* A queue may change under the walk; it then goes astray at worst, and is bounded. */
static __always_inline void walk_queue(struct walk *walk, struct list_head *head) {
  walk->head = head;
  walk->at = BPF_CORE_READ(head, next);
  bpf_loop(WALK_MAX, walk_step, walk, 0);
  if (walk->at && walk->at != head) lose(TAP_WALK_BOUND, walk->connection);
}

static long processing_step(__u64 i, struct walk *walk) {
  walk_queue(walk, (void *)(walk->processing + i * 2 * sizeof(void *)));
  return 0;
}

/* Emits a record for each request in flight on a watched connection that is not in the table. */
SEC("iter/task_file")
int list_older(struct bpf_iter__task_file *ctx) {
  struct file *file = ctx->file;
  if (!ctx->task || !file || file->f_inode->i_rdev != FUSE_DEVICE) return 0;
  /* Its lowest bit is a flag of the kernel's own. */
  struct fuse_dev *dev = (void *)((__u64)file->private_data & ~1ull);
  struct fuse_conn *fc = BPF_CORE_READ(dev, fc);
  if (!dev || !fc) return 0;
  struct walk walk = {.fc = fc, .connection = BPF_CORE_READ(fc, dev)};
  if (!(watched(walk.connection) & TAP_WATCHED)) return 0;
  walk.ours = BPF_CORE_READ(fc, pid_ns, ns.inum) == table.pid_namespace;
  walk_queue(&walk, (void *)fc + bpf_core_field_offset(struct fuse_conn, iq.pending));
  walk.picked = 1;
  walk_queue(&walk, (void *)dev + bpf_core_field_offset(struct fuse_dev, pq.io));
  walk.processing = (__u64)BPF_CORE_READ(dev, pq.processing);
  if (walk.processing) bpf_loop(PROCESSING_QUEUES, processing_step, &walk, 0);
  return 0;
}
