// Tells what was lost, by cause, with the time between two looks in which it happened.
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

void losses_tell(struct tap *tap, uint64_t now) {
  static uint64_t told[TAP_COUNTERS], last, last_skipped;
  /* One system call a program: rarely. */
  if (now - last_skipped > 1000000000ull) {
    last_skipped = now;
    tap->table->counters[TAP_SKIPPED] = skipped(tap);
  }
  for (uint32_t i = 0; i < TAP_COUNTERS; i++) {
    uint64_t count = __atomic_load_n(&tap->table->counters[i], __ATOMIC_RELAXED);
    if (count == told[i]) continue;
    struct tap_loss loss = {.counter = i, .count = count - told[i], .from_ns = last ? last : now, .to_ns = now};
    if (output_put(TAP_FRAME_LOSS, &loss, sizeof loss)) told[i] = count;
  }
  last = now;
}
