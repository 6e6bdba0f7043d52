// Which bytes of a request's arguments are kept. Apart from the programs, so that a test can run it on the layouts of
// kernels that are not at hand.
#pragma once

#include "layout.h"
#include "ops.h"

struct argument {
  __u64 value;
  __u32 size;
};

/* Copies fixed argument and names. Up to three arguments are looked at; empty ones do not count. */
static __always_inline void copy_arguments(struct tap_record *record, __u32 opcode, struct argument in[3]) {
  struct tap_op op = {};
  if (opcode < TAP_OPS) op = tap_ops[opcode];
  __u32 at = 0, names = 0, head = op.head;
  record->head_bytes = 0;
  record->name_bytes[0] = 0;
  record->name_bytes[1] = 0;
  record->flags = 0;
#pragma unroll
  for (int i = 0; i < 3; i++) {
    __u32 size = in[i].size;
    if (!size) continue;
    if (head) {
      if (size > head) size = head;
      if (size > TAP_HEAD_MAX) size = TAP_HEAD_MAX;
      record->head_bytes = size;
      head = 0;
    } else {
      if (names >= op.names || names > 1) break;
      if (size > TAP_NAME_MAX) {
        size = TAP_NAME_MAX;
        record->flags |= TAP_CUT;
      }
      record->name_bytes[names++] = size;
    }
    if (at > TAP_TAIL_MAX - TAP_NAME_MAX) break;
    bpf_probe_read_kernel(record->tail + at, size, (void *)in[i].value);
    at += size;
  }
  record->tail_bytes = at;
}
