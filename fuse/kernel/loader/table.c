// Looks at the requests in flight, which the BPF program keeps in memory that is mapped here: tells of those that
// stay open, and finds those that will never end.
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "loader.h"

/* Open for so long, a request is told of. Most are answered sooner and cost one record. */
#define OPEN_NS 10000000ull
/* How often it is asked whether requests still exist. */
#define TIDY_NS 500000000ull

/* start_ns of the request in the slot that was told of; the number it had when last asked. */
static uint64_t told[TAP_SLOTS];
static uint64_t numbers[TAP_SLOTS];

/* Reads a slot that may be given to another request meanwhile. False where that happened. */
static bool read_slot(struct tap *tap, uint32_t slot, uint64_t key, struct tap_record *copy) {
  struct tap_record *record = &tap->table->slots[slot];
  uint64_t start = __atomic_load_n(&record->start_ns, __ATOMIC_ACQUIRE);
  if (!start) return false;
  memcpy(copy, record, sizeof *copy);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  copy->start_ns = start;
  if (copy->tail_bytes > TAP_TAIL_MAX) return false;
  return __atomic_load_n(&tap->table->keys[slot], __ATOMIC_ACQUIRE) == key &&
         __atomic_load_n(&record->start_ns, __ATOMIC_ACQUIRE) == start;
}

/* A request of the table, with what the kernel says of it now. */
struct seen {
  uint32_t slot;
  uint64_t key;
  struct tap_look look;
  struct tap_record record;
};

static void ask(struct tap *tap, struct seen *seen, uint32_t count) {
  struct tap_table *table = tap->table;
  for (uint32_t i = 0; i < count; i++)
    table->looks[i] = (struct tap_look){.key = seen[i].key, .connection = seen[i].record.connection, .alive = 1};
  table->look_count = count;
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(tap->look_fd, &options)) {
    for (uint32_t i = 0; i < count; i++) seen[i].look.alive = 2;
    return;
  }
  for (uint32_t i = 0; i < count; i++) seen[i].look = table->looks[i];
}

/* Calls `tell` for each request that is at least so old, with the kernel's answers. */
static void for_each(struct tap *tap, uint64_t before_ns, bool news, void (*tell)(struct tap *, struct seen *)) {
  static struct seen batch[TAP_LOOKS];
  uint32_t n = 0;
  for (uint32_t slot = 0; slot <= TAP_SLOTS; slot++) {
    if (slot < TAP_SLOTS) {
      uint64_t key = __atomic_load_n(&tap->table->keys[slot], __ATOMIC_ACQUIRE);
      if (!key) continue;
      uint64_t start = __atomic_load_n(&tap->table->slots[slot].start_ns, __ATOMIC_RELAXED);
      if (!start || start > before_ns || (news && told[slot] == start)) continue;
      struct seen *seen = &batch[n];
      if (!read_slot(tap, slot, key, &seen->record)) continue;
      seen->slot = slot;
      seen->key = key;
      n++;
    }
    if (n == TAP_LOOKS || (n && slot == TAP_SLOTS)) {
      ask(tap, batch, n);
      for (uint32_t i = 0; i < n; i++) tell(tap, &batch[i]);
      n = 0;
    }
  }
}

static bool put(struct seen *seen, enum tap_kind kind) {
  struct tap_record *record = &seen->record;
  record->kind = kind;
  record->picked = seen->look.alive == 2 ? 2 : !seen->look.pending;
  /* Some kernels number a request after they have told of it. */
  if (!record->unique && seen->look.alive == 1) record->unique = seen->look.unique;
  return output_has_room() && output_put(TAP_FRAME_RECORD, record, TAP_RECORD_FIXED + record->tail_bytes);
}

static bool same_request(struct seen *seen) {
  uint64_t known = numbers[seen->slot];
  return !known || seen->look.unique == known;
}

static void tell_open(struct tap *tap, struct seen *seen) {
  (void)tap;
  if (!seen->look.alive) return;
  numbers[seen->slot] = seen->look.alive == 1 ? seen->look.unique : 0;
  if (put(seen, TAP_OPEN)) told[seen->slot] = seen->record.start_ns;
}

/* A request whose caller was killed before the daemon picked it up is freed without an end (request_wait_answer in
   fs/fuse/dev.c). */
static void tell_gone(struct tap *tap, struct seen *seen) {
  if (told[seen->slot] != seen->record.start_ns) numbers[seen->slot] = seen->record.unique;
  if (seen->look.alive == 2 || (seen->look.alive && same_request(seen)) || !output_has_room()) return;
  __u64 *key = &tap->table->keys[seen->slot], expected = seen->key;
  struct tap_record *record = &tap->table->slots[seen->slot];
  if (__atomic_load_n(&record->start_ns, __ATOMIC_ACQUIRE) != seen->record.start_ns) return;
  if (!__atomic_compare_exchange_n(key, &expected, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  seen->record.duration_ns = now_ns() - seen->record.start_ns;
  put(seen, TAP_GONE);
}

static void tell_listed(struct tap *tap, struct seen *seen) {
  (void)tap;
  if (seen->look.alive) put(seen, TAP_LISTED);
}

void table_tell_open(struct tap *tap, uint64_t now) { for_each(tap, now - OPEN_NS, true, tell_open); }

void table_tidy(struct tap *tap, uint64_t now) {
  static uint64_t last;
  if (now - last < TIDY_NS) return;
  last = now;
  for_each(tap, now - TIDY_NS, false, tell_gone);
}

void table_list(struct tap *tap) { for_each(tap, UINT64_MAX, false, tell_listed); }
