// Prints sizes, offsets and numbers of ../bpf/layout.h as JSON; a test compares them with ../layout.ts.
#include <stdio.h>

#include "loader.h"

#define FIELD(type, name) printf(",\"" #type "." #name "\":%zu", offsetof(struct type, name))
#define NUMBER(name) printf(",\"" #name "\":%d", (int)(name))

void print_layout(void) {
  printf("{\"tap_record\":%zu", (size_t)TAP_RECORD_FIXED);
  FIELD(tap_record, start_ns);
  FIELD(tap_record, duration_ns);
  FIELD(tap_record, picked_ns);
  FIELD(tap_record, unique);
  FIELD(tap_record, nodeid);
  FIELD(tap_record, reply);
  FIELD(tap_record, connection);
  FIELD(tap_record, opcode);
  FIELD(tap_record, pid);
  FIELD(tap_record, tid);
  FIELD(tap_record, uid);
  FIELD(tap_record, gid);
  FIELD(tap_record, daemon_tid);
  FIELD(tap_record, error);
  FIELD(tap_record, reply_bytes);
  FIELD(tap_record, kind);
  FIELD(tap_record, picked);
  FIELD(tap_record, head_bytes);
  FIELD(tap_record, flags);
  FIELD(tap_record, name_bytes);
  FIELD(tap_record, comm);
  FIELD(tap_loss, counter);
  FIELD(tap_loss, connection);
  FIELD(tap_loss, count);
  FIELD(tap_loss, from_ns);
  FIELD(tap_loss, to_ns);
  FIELD(tap_ready, sent);
  FIELD(tap_ready, iterator);
  printf(",\"tap_frame\":%zu", sizeof(struct tap_frame));
  NUMBER(TAP_DONE);
  NUMBER(TAP_GONE);
  NUMBER(TAP_UNPAIRED);
  NUMBER(TAP_OLD);
  NUMBER(TAP_OPEN);
  NUMBER(TAP_LISTED);
  NUMBER(TAP_NAMED);
  NUMBER(TAP_MAP_FULL);
  NUMBER(TAP_RING_FULL);
  NUMBER(TAP_WALK_BOUND);
  NUMBER(TAP_NAMES_LOST);
  NUMBER(TAP_SKIPPED);
  NUMBER(TAP_EXCLUDED);
  NUMBER(TAP_CUT);
  NUMBER(TAP_UNNUMBERED);
  NUMBER(TAP_ANSWERED);
  NUMBER(TAP_FRAME_READY);
  NUMBER(TAP_FRAME_RECORD);
  NUMBER(TAP_FRAME_LOSS);
  NUMBER(TAP_FRAME_MOUNTS);
  NUMBER(TAP_FRAME_LISTED);
  puts("}");
}
