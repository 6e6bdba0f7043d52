// Tells what was lost, by cause and connection, with the time between two looks in which it happened.
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "loader.h"

/* Runs that the kernel left out because the program was running on that processor already. */
static uint64_t skipped(struct tap *tap) {
  uint64_t sum = 0;
  for (int i = 0; i < tap->program_count; i++) {
    struct bpf_prog_info info = {0};
    __u32 length = sizeof info;
    if (!bpf_obj_get_info_by_fd(tap->program_fds[i], &info, &length)) sum += info.recursion_misses;
  }
  return sum;
}

/* Tells the difference to what was told before. */
static void tell(struct tap_loss loss, uint64_t now, uint64_t *told) {
  loss.count -= *told;
  loss.to_ns = now;
  if (loss.count && output_put(TAP_FRAME_LOSS, &loss, sizeof loss)) *told += loss.count;
}

void losses_tell(struct tap *tap, uint64_t now) {
  static uint64_t told[TAP_COUNTERS], told_of[TAP_LOSERS][TAP_SKIPPED], last, last_skipped;
  struct tap_table *table = tap->table;
  /* One system call a program: rarely. */
  if (now - last_skipped > 1000000000ull) {
    last_skipped = now;
    table->counters[TAP_SKIPPED] = skipped(tap);
  }
  uint64_t from = last ? last : now;
  for (uint32_t i = 0; i < TAP_COUNTERS; i++) {
    uint64_t count = __atomic_load_n(&table->counters[i], __ATOMIC_RELAXED);
    tell((struct tap_loss){.counter = i, .connection = TAP_ANY, .count = count, .from_ns = from}, now, &told[i]);
  }
  for (uint32_t i = 0; i < TAP_LOSERS; i++) {
    struct tap_loser *loser = &table->losers[i];
    uint32_t connection = __atomic_load_n(&loser->connection, __ATOMIC_RELAXED);
    for (uint32_t j = 0; connection && j < TAP_SKIPPED; j++) {
      uint64_t count = __atomic_load_n(&loser->counts[j], __ATOMIC_RELAXED);
      tell((struct tap_loss){.counter = j, .connection = connection - 1, .count = count, .from_ns = from}, now,
           &told_of[i][j]);
    }
  }
  last = now;
}
