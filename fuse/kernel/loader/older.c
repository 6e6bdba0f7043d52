// Requests that were in flight before their connection was watched: a task_file iterator lists them. While there are
// any, ends without a beginning are told too.
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader.h"

#define AGAIN_NS 1000000000ull
/* Requests of one listing; a device held by several processes is walked for each. */
#define SEEN (1u << 14)
/* Connections of which older requests may end. */
#define WAITING 256

static struct {
  uint64_t unique;
  uint32_t connection;
  uint32_t listing;
} seen[SEEN];
static uint32_t listing;

static uint32_t waiting[WAITING];
static bool found[WAITING];
static int waiting_count;
static uint64_t next_ns;

/* Watches a connection, and has its older requests listed in the next round. */
void older_watch(struct tap *tap, uint32_t connection) {
  if (waiting_count == WAITING || !tap->ready.iterator) {
    watched_set(tap, connection, TAP_WATCHED);
    return;
  }
  if (!watched_set(tap, connection, TAP_WATCHED | TAP_OLDER)) return;
  waiting[waiting_count++] = connection;
  next_ns = 0;
}

static bool is_new(uint64_t unique, uint32_t connection) {
  for (uint32_t i = unique * 31 + connection, n = 0; n < SEEN; i++, n++) {
    uint32_t at = i % SEEN;
    if (seen[at].listing != listing) {
      seen[at].unique = unique;
      seen[at].connection = connection;
      seen[at].listing = listing;
      return true;
    }
    if (seen[at].unique == unique && seen[at].connection == connection) return false;
  }
  return false;
}

/* The header of a request knows only its thread: adds process and name, where /proc has them. */
static void name_caller(struct tap_record *record) {
  char path[64], line[128];
  snprintf(path, sizeof path, "/proc/%u/status", record->tid);
  FILE *status = record->tid ? fopen(path, "re") : NULL;
  if (!status) return;
  while (fgets(line, sizeof line, status)) {
    line[strcspn(line, "\n")] = 0;
    if (!strncmp(line, "Name:\t", 6)) memcpy(record->comm, line + 6, strnlen(line + 6, sizeof record->comm));
    if (!strncmp(line, "Tgid:\t", 6)) record->pid = strtoul(line + 6, NULL, 10);
    if (sscanf(line, "Uid:\t%*u\t%*u\t%*u\t%u", &record->uid) == 1) continue;
    if (sscanf(line, "Gid:\t%*u\t%*u\t%*u\t%u", &record->gid) == 1) break;
  }
  fclose(status);
}

static bool is_excluded(struct tap *tap, uint32_t pid) {
  return pid < TAP_PIDS && tap->table->excluded[pid >> 3] & 1 << (pid & 7);
}

bool older_tell(struct tap *tap, const struct tap_record *record, size_t length) {
  if (!is_new(record->unique, record->connection)) return true;
  for (int i = 0; i < waiting_count; i++)
    if (waiting[i] == record->connection) found[i] = true;
  struct tap_record told = {0};
  memcpy(&told, record, length);
  memset(told.comm, 0, sizeof told.comm);
  told.pid = told.uid = told.gid = 0;
  name_caller(&told);
  if (is_excluded(tap, told.pid)) return true;
  return output_put(TAP_FRAME_RECORD, &told, length);
}

/* Runs the iterator: it puts its records into the ring, which is then emptied. */
static void run_iterator(struct tap *tap) {
  int iterator = bpf_iter_create(tap->iterator_link_fd);
  if (iterator < 0) return;
  char none[64];
  while (read(iterator, none, sizeof none) > 0) {
  }
  close(iterator);
}

void older_list(struct tap *tap) {
  listing++;
  memset(found, 0, sizeof found);
  if (tap->ready.iterator) run_iterator(tap);
  ring_buffer__consume(tap->ring);
  int kept = 0;
  for (int i = 0; i < waiting_count; i++) {
    if (found[i])
      waiting[kept++] = waiting[i];
    else
      watched_set(tap, waiting[i], watched_get(tap, waiting[i]) & ~TAP_OLDER);
  }
  waiting_count = kept;
}

void older_tick(struct tap *tap, uint64_t now) {
  if (!waiting_count || now < next_ns) return;
  next_ns = now + AGAIN_NS;
  older_list(tap);
  uint32_t unasked = 0;
  output_put(TAP_FRAME_LISTED, &unasked, sizeof unasked);
}
