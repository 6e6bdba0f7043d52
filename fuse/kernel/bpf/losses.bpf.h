// Counting what is lost, by cause and, where there is room for it, by connection.
#pragma once

/* Places tried for a connection. */
#define LOSER_TRIES 8

static __always_inline void count(enum tap_counter which) { __sync_fetch_and_add(&table.counters[which], 1); }

/* Rare, so apart from the code that is run for every request. */
static __noinline int lose(__u32 which, __u32 connection) {
  if (which >= TAP_SKIPPED) return 0;
  __u32 wanted = connection + 1;
  for (__u32 i = 0; i < LOSER_TRIES; i++) {
    struct tap_loser *loser = &table.losers[(connection + i) & (TAP_LOSERS - 1)];
    __u32 there = loser->connection;
    if (!there) there = __sync_val_compare_and_swap(&loser->connection, 0, wanted);
    if (there && there != wanted) continue;
    __sync_fetch_and_add(&loser->counts[which], 1);
    return 0;
  }
  count(which);
  return 0;
}
