// Commands, a line each:
//     watch N      unwatch N     requests of this connection
//     exclude N                  never those of this process
//     list N                     tell all requests in flight, then a LISTED frame with this number
//     quit
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader.h"

static void watch(struct tap *tap, uint32_t connection) {
  if (!(watched_get(tap, connection) & TAP_WATCHED)) older_watch(tap, connection);
}

static void unwatch(struct tap *tap, uint32_t connection) {
  if (watched_get(tap, connection)) watched_set(tap, connection, TAP_DRAINING);
}

static void exclude(struct tap *tap, uint32_t pid) {
  if (pid < TAP_PIDS) tap->table->excluded[pid >> 3] |= 1 << (pid & 7);
}

/* Listings that were asked for and not given yet. */
static uint32_t asked[16];
static int asked_count;

static void list(struct tap *tap, uint32_t number) {
  (void)tap;
  if (asked_count < (int)(sizeof asked / sizeof *asked)) asked[asked_count++] = number;
}

bool commands_waiting(void) { return asked_count > 0; }

/* The table first: what is answered meanwhile is then in the ring, which is emptied after it. So whoever reads in
   order knows of every request either that it is open or how it ended. Where the output is full, it is done again
   later. */
void commands_answer(struct tap *tap) {
  if (!asked_count) return;
  table_list(tap);
  older_list(tap);
  if (!output_has_room()) return;
  for (int i = 0; i < asked_count; i++) output_put(TAP_FRAME_LISTED, &asked[i], sizeof asked[i]);
  asked_count = 0;
}

static const struct {
  const char *name;
  void (*run)(struct tap *, uint32_t);
} commands[] = {{"watch", watch}, {"unwatch", unwatch}, {"exclude", exclude}, {"list", list}};

/* False for `quit`. */
static bool run_line(struct tap *tap, char *line) {
  char *name = strtok(line, " "), *number = strtok(NULL, " ");
  if (!name) return true;
  if (!strcmp(name, "quit")) return false;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (number && !strcmp(name, commands[i].name)) commands[i].run(tap, strtoul(number, NULL, 10));
  return true;
}

bool commands_read(struct tap *tap) {
  static char line[4096];
  static size_t length;
  ssize_t got = read(STDIN_FILENO, line + length, sizeof line - 1 - length);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  length += got;
  line[length] = 0;
  char *at = line, *end;
  for (; (end = strchr(at, '\n')); at = end + 1) {
    *end = 0;
    if (!run_line(tap, at)) return false;
  }
  length = line + length - at;
  memmove(line, at, length);
  if (length == sizeof line - 1) length = 0;
  return true;
}
