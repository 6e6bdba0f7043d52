// The parts of the tap's loader and what they give each other. See main.c.
#pragma once

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bpf/layout.h"

/* Exit codes that bpf-tap.ts knows; the sentence is on standard error. */
enum { EXIT_USAGE = 2, EXIT_NOT_PERMITTED = 3, EXIT_NOT_SUPPORTED = 4 };

/* The loaded programs, and the memory they share with us. */
struct tap {
  struct tap_table *table;
  struct ring_buffer *ring;
  struct tap_ready ready;
  int look_fd;
  int iterator_link_fd;
  int program_fds[3];
  int program_count;
};

/* load.c. Exits with a sentence where it cannot. */
void tap_load(struct tap *tap, const char *object, int (*on_sample)(void *, void *, size_t));

/* reach.c: why the program cannot be loaded on this kernel, or null, and whether it has fuse_request_sent. For this
   machine, and for the types of a file (/sys/kernel/btf/vmlinux, or an object with type information): an exit code,
   with the sentence on standard output where all is well, else on standard error. */
const char *reach_of_kernel(bool *sent);
int reach_of_this_machine(void);
int reach_of_file(const char *path);

/* privileges.c. Gives up whatever the process may do beyond reading its descriptors; dies with its parent. */
void drop_privileges(void);
void die_with_parent(int parent);

/* output.c. Bounded; `output_put` is false where there is no room for the frame, and then nothing is written. */
bool output_put(enum tap_frame_type type, const void *body, size_t length);
/* True where any frame finds room. */
bool output_has_room(void);
bool output_pending(void);
/* Writes what standard output takes now. False when its reader is gone. */
bool output_flush(void);
/* The same until all is written, but no longer than so. */
void output_finish(int timeout_ms);

/* watched.c: the bits of a connection in the table. Setting fails where it cannot be watched. */
uint8_t watched_get(struct tap *tap, uint32_t connection);
bool watched_set(struct tap *tap, uint32_t connection, uint8_t bits);

/* table.c: the requests in the table. */
void table_tell_open(struct tap *tap, uint64_t now_ns);
void table_tidy(struct tap *tap, uint64_t now_ns);
void table_list(struct tap *tap);

/* older.c: requests sent before their connection was watched. */
void older_watch(struct tap *tap, uint32_t connection);
void older_list(struct tap *tap);
void older_tick(struct tap *tap, uint64_t now_ns);
bool older_tell(struct tap *tap, const struct tap_record *record, size_t length);

/* losses.c */
void losses_tell(struct tap *tap, uint64_t now_ns);

/* commands.c. False at the end of standard input or after `quit`. */
bool commands_read(struct tap *tap);
/* Whether a listing was asked for; gives it, to be called when the ring is empty. */
bool commands_waiting(void);
void commands_answer(struct tap *tap);

/* layout.c: prints what ../layout.ts must agree with. */
void print_layout(void);

uint64_t now_ns(void);
