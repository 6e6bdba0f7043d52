// The tap's loader: loads the BPF program, gives up its privileges, and from then on writes frames (../bpf/layout.h)
// to standard output and takes commands (commands.c) from standard input. It pins nothing: all ends with it, and it
// ends with its parent, with standard input, and with whoever reads its output.
//
//     tap-loader OBJECT      tap-loader --layout      tap-loader --reach [TYPES] (see reach.c)
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loader.h"

/* How often finished requests are collected and open ones looked at: a wake-up per request would cost the caller. */
#define TICK_MS 20
#define FINISH_MS 300

static volatile sig_atomic_t stopping;

static void on_signal(int signal) {
  (void)signal;
  stopping = 1;
}

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Stops the collecting (negative) when the output is full; the rest waits in the ring, where the kernel counts what
   finds no room. So a loss is exact however long the reader sleeps. */
static int on_sample(void *context, void *data, size_t length) {
  const struct tap_record *record = data;
  if (record->kind == TAP_OLD)
    older_tell(context, record, length);
  else
    output_put(TAP_FRAME_RECORD, record, length);
  return output_has_room() ? 0 : -ENOBUFS;
}

static void tick(struct tap *tap) {
  if (!output_has_room()) return;
  ring_buffer__consume(tap->ring);
  if (!output_has_room()) return;
  commands_answer(tap);
  uint64_t now = now_ns();
  table_tell_open(tap, now);
  table_tidy(tap, now);
  older_tick(tap, now);
  losses_tell(tap, now);
}

static void run(struct tap *tap, int mounts) {
  struct pollfd watched[] = {
      {.fd = STDIN_FILENO, .events = POLLIN},
      {.fd = mounts, .events = POLLPRI},
      {.fd = STDOUT_FILENO},
  };
  uint64_t next = now_ns();
  while (!stopping) {
    watched[2].events = output_pending() ? POLLOUT : 0;
    uint64_t now = now_ns();
    int wait = now >= next ? 0 : (int)((next - now) / 1000000) + 1;
    if (poll(watched, 3, wait) < 0 && errno != EINTR) return;
    if (watched[0].revents && !commands_read(tap)) return;
    if (watched[1].revents & POLLPRI) output_put(TAP_FRAME_MOUNTS, NULL, 0);
    if (now_ns() >= next || commands_waiting()) {
      tick(tap);
      next = now_ns() + TICK_MS * 1000000ull;
    }
    if (!output_flush()) return;
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "--layout")) {
    print_layout();
    return 0;
  }
  if (argc == 2 && !strcmp(argv[1], "--reach")) return reach_of_this_machine();
  if (argc == 3 && !strcmp(argv[1], "--reach")) return reach_of_file(argv[2]);
  if (argc != 2) {
    fputs("usage: tap-loader OBJECT | --layout | --reach [TYPES]\n", stderr);
    return EXIT_USAGE;
  }
  int parent = getppid();
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);

  struct tap tap = {0};
  tap_load(&tap, argv[1], on_sample);
  int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (chdir("/")) return 1;
  drop_privileges();
  die_with_parent(parent);
  fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  output_put(TAP_FRAME_READY, &tap.ready, sizeof tap.ready);
  run(&tap, mounts);
  /* What was answered until now, as far as its reader still takes it. */
  tick(&tap);
  output_finish(FINISH_MS);
  return 0;
}
