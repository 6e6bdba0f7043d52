// The kernel side of the tap: pairs each request with its answer on the address of its struct fuse_req, and hands
// out one record per request. Requests in flight lie in a table that the loader has mapped, so that it sees them
// without asking. The tracepoints are those of fs/fuse/fuse_trace.h (Linux 6.10; fuse_request_sent is newer).
//
// Cost decides here: typed tracepoints (tp_btf) so that the kernel's structures are read by plain loads; no hash map
// (a bucket of keys is one cache line, claimed by one compare-and-swap); one helper call to copy each argument.
#include "core.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "arguments.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* The only global, so that the loader finds it at the beginning of the map `.bss`. */
struct tap_table table;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} ring SEC(".maps");

#include "callers.bpf.h"
#include "losses.bpf.h"

/* The bits by which a connection is watched. */
static __always_inline __u8 watched(__u32 connection) {
  if (connection < TAP_CONNECTIONS) return table.watched[connection];
#pragma unroll
  for (int i = 0; i < TAP_BLOCK_CONNECTIONS; i++)
    if (table.block_connections[i] == connection) return table.block_watched[i];
  return 0;
}

/* The first slot of the bucket of a request. Only 32 bits of the address: arithmetic on a whole one is refused. */
static __always_inline __u32 bucket_of(const struct fuse_req *req) {
  __u32 low = (__u32)(__u64)req;
  return ((low * 0x9E3779B1u) >> (32 - TAP_BUCKET_BITS)) * TAP_WAYS;
}

static __always_inline __u32 find(const struct fuse_req *req) {
  __u32 bucket = bucket_of(req);
#pragma unroll
  for (__u32 way = 0; way < TAP_WAYS; way++)
    if (table.keys[bucket + way] == (__u64)req) return bucket + way;
  return TAP_SLOTS;
}

static __always_inline void emit(struct tap_record *record) {
  __u64 bytes = record->tail_bytes;
  if (bytes > TAP_TAIL_MAX) bytes = TAP_TAIL_MAX;
  if (bpf_ringbuf_output(&ring, record, TAP_RECORD_FIXED + bytes, BPF_RB_NO_WAKEUP))
    lose(TAP_RING_FULL, record->connection);
}

/* Frees a slot for others; a full barrier, so that nothing of the old request is seen in the new one. */
static __always_inline void release(__u32 slot, struct tap_record *record) {
  record->start_ns = 0;
  __sync_lock_test_and_set(&table.keys[slot], 0);
}

/* A slot for a request, or TAP_SLOTS. */
static __always_inline __u32 claim(const struct fuse_req *req) {
  __u32 bucket = bucket_of(req);
  __u32 stale = find(req);
  if (stale < TAP_SLOTS) {
    /* Another request lay at this address and was taken back without an end. */
    struct tap_record *record = &table.slots[stale];
    record->kind = TAP_GONE;
    record->duration_ns = bpf_ktime_get_ns() - record->start_ns;
    emit(record);
    release(stale, record);
  }
#pragma unroll
  for (__u32 way = 0; way < TAP_WAYS; way++)
    if (!table.keys[bucket + way] && !__sync_val_compare_and_swap(&table.keys[bucket + way], 0, (__u64)req))
      return bucket + way;
  return TAP_SLOTS;
}

SEC("tp_btf/fuse_request_send")
int on_send(__u64 *ctx) {
  struct fuse_req *req = (void *)ctx[0];
  __u32 connection = req->fm->fc->dev;
  if (!(watched(connection) & TAP_WATCHED)) return 0;

  struct task_struct *task = (void *)bpf_get_current_task_btf();
  __u32 tgid = tgid_of(task);
  if (table.excluded[(tgid & (TAP_PIDS - 1)) >> 3] & (1 << (tgid & 7))) {
    count(TAP_EXCLUDED);
    return 0;
  }
  __u32 slot = claim(req);
  if (slot >= TAP_SLOTS) {
    lose(TAP_MAP_FULL, connection);
    return 0;
  }
  struct tap_record *record = &table.slots[slot];
  __u32 opcode = req->in.h.opcode;
  struct fuse_args *args = req->args;
  struct argument in[3] = {
      {(__u64)args->in_args[0].value, args->in_args[0].size},
      {(__u64)args->in_args[1].value, args->in_args[1].size},
      {(__u64)args->in_args[2].value, args->in_args[2].size},
  };
  __u32 count_of_args = args->in_numargs;
  if (count_of_args < 3) in[2].size = 0;
  if (count_of_args < 2) in[1].size = 0;
  if (count_of_args < 1) in[0].size = 0;
  copy_arguments(record, opcode, in);

  record->picked_ns = 0;
  record->unique = req->in.h.unique;
  if (!record->unique) record->flags |= TAP_UNNUMBERED;
  record->nodeid = req->in.h.nodeid;
  record->connection = connection;
  record->opcode = opcode;
  record->pid = tgid;
  record->tid = tid_of(task);
  record->uid = task->cred->fsuid.val;
  record->gid = task->cred->fsgid.val;
  ((__u64 *)record->comm)[0] = ((__u64 *)task->comm)[0];
  ((__u64 *)record->comm)[1] = ((__u64 *)task->comm)[1];
  record->start_ns = bpf_ktime_get_ns();
  return 0;
}

/* Where the kernel has it: the daemon has taken the request. */
SEC("tp_btf/fuse_request_sent")
int on_sent(__u64 *ctx) {
  struct fuse_req *req = (void *)ctx[0];
  if (!watched(req->fm->fc->dev)) return 0;
  __u32 slot = find(req);
  if (slot < TAP_SLOTS) table.slots[slot].picked_ns = bpf_ktime_get_ns();
  return 0;
}

/* An end without a beginning: sent before we watched, or failed before it was sent (it has no number then). */
static __always_inline void unpaired(struct fuse_req *req, __u32 connection) {
  struct tap_record *record = bpf_ringbuf_reserve(&ring, TAP_RECORD_FIXED, 0);
  if (!record) {
    lose(TAP_RING_FULL, connection);
    return;
  }
  __builtin_memset(record, 0, TAP_RECORD_FIXED);
  record->kind = TAP_UNPAIRED;
  record->start_ns = bpf_ktime_get_ns();
  record->unique = req->in.h.unique;
  record->nodeid = req->in.h.nodeid;
  record->connection = connection;
  record->opcode = req->in.h.opcode;
  record->error = req->out.h.error;
  record->reply_bytes = req->out.h.len;
  struct task_struct *task = (void *)bpf_get_current_task_btf();
  record->daemon_tid = tid_of(task);
  bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#include "listings.bpf.h"

/* What the table of operations asks for of a good answer. */
static __always_inline void read_answer(struct tap_record *record, struct fuse_args *args, __u8 reply) {
  /* The arguments are the caller's, who may be awake already: only what is still those of this request counts. */
  if (args->opcode != record->opcode || args->nodeid != record->nodeid) return;
  __u32 size = args->out_args[0].size;
  void *value = args->out_args[0].value;
  if (size < 8 || bpf_probe_read_kernel(&record->reply[0], 8, value)) return;
  record->flags |= TAP_ANSWERED;
  if (reply & REPLY_FILE && size >= FILE_ATTRIBUTES_AT + sizeof(struct file_attributes)) {
    struct file_attributes file = {};
    bpf_probe_read_kernel(&file, sizeof file, value + FILE_ATTRIBUTES_AT);
    record->reply[1] = file_of(&file);
  }
  if (reply & REPLY_SECOND) bpf_probe_read_kernel(&record->reply[1], 8, args->out_args[1].value);
}

SEC("tp_btf/fuse_request_end")
int on_end(__u64 *ctx) {
  struct fuse_req *req = (void *)ctx[0];
  __u32 connection = req->fm->fc->dev;
  __u8 bits = watched(connection);
  if (!bits) return 0;
  __u32 slot = find(req);
  if (slot >= TAP_SLOTS) {
    if (bits & TAP_OLDER || !req->in.h.unique) unpaired(req, connection);
    return 0;
  }
  struct tap_record *record = &table.slots[slot];
  struct task_struct *task = (void *)bpf_get_current_task_btf();
  record->kind = TAP_DONE;
  record->duration_ns = bpf_ktime_get_ns() - record->start_ns;
  record->unique = req->in.h.unique;
  record->error = req->out.h.error;
  record->reply_bytes = req->out.h.len;
  record->daemon_tid = tid_of(task);
  record->reply[0] = 0;
  record->reply[1] = 0;
  __u32 opcode = record->opcode;
  if (!record->error && opcode < TAP_OPS) {
    __u8 reply = tap_ops[opcode].reply;
    if (reply & REPLY_NAMES)
      tell_names(record);
    else if (reply)
      read_answer(record, req->args, reply);
  }
  emit(record);
  release(slot, record);
  return 0;
}

#include "inflight.bpf.h"
