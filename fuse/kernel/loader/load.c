// Loads and attaches the BPF programs, with what this kernel has of them, and maps the table they share with us.
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"

/* The last warning of libbpf, which knows better than errno why. */
static char said[512];

static int keep(enum libbpf_print_level level, const char *format, va_list values) {
  if (level == LIBBPF_WARN) vsnprintf(said, sizeof said, format, values);
  return 0;
}

static _Noreturn void fail(int code, const char *what) {
  said[strcspn(said, "\n")] = 0;
  fprintf(stderr, "%s%s%s\n", what, *said ? ": " : "", said);
  exit(code);
}

static struct bpf_object *load(struct tap *tap, const char *path, bool iterator) {
  struct bpf_object *object = bpf_object__open_file(path, NULL);
  if (!object) fail(EXIT_NOT_SUPPORTED, path);
  bpf_program__set_autoload(bpf_object__find_program_by_name(object, "on_sent"), tap->ready.sent);
  bpf_program__set_autoload(bpf_object__find_program_by_name(object, "list_older"), iterator);
  int failed = bpf_object__load(object);
  if (!failed) {
    tap->ready.iterator = iterator;
    *said = 0;
    return object;
  }
  bpf_object__close(object);
  if (failed == -EPERM) fail(EXIT_NOT_PERMITTED, "loading BPF programs is not permitted (CAP_BPF and CAP_PERFMON are needed, where fuse is a module CAP_SYS_ADMIN)");
  /* Its walk depends on the insides of one kernel more than the rest does: do without. */
  if (iterator) return load(tap, path, false);
  fail(EXIT_NOT_SUPPORTED, "the kernel refuses the BPF program");
}

static struct tap_table *map_table(struct bpf_object *object) {
  struct bpf_map *map = bpf_object__find_map_by_name(object, ".bss");
  void *table = MAP_FAILED;
  if (map)
    table = mmap(NULL, sizeof(struct tap_table), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
  if (table == MAP_FAILED) fail(EXIT_NOT_SUPPORTED, "the table of the BPF program cannot be mapped");
  return table;
}

void tap_load(struct tap *tap, const char *path, int (*on_sample)(void *, void *, size_t)) {
  libbpf_set_print(keep);
  /* A module that is not loaded has no tracepoints; opening its device loads it. */
  int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device >= 0) close(device);
  bool sent;
  const char *missing = reach_of_kernel(&sent);
  if (missing) fail(EXIT_NOT_SUPPORTED, missing);
  tap->ready.sent = sent;
  struct bpf_object *object = load(tap, path, true);
  tap->table = map_table(object);
  tap->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "ring"), on_sample, tap, NULL);
  if (!tap->ring) fail(EXIT_NOT_SUPPORTED, "the ring buffer cannot be mapped");
  tap->look_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "look"));
  int self_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "know_self"));
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(self_fd, &options)) fail(EXIT_NOT_SUPPORTED, "the kernel does not tell its pid namespace");
  tap->iterator_link_fd = -1;

  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    int fd = bpf_program__fd(program);
    if (!bpf_program__autoload(program) || fd == tap->look_fd || fd == self_fd) continue;
    bool iterator = !strcmp(bpf_program__name(program), "list_older");
    struct bpf_link *link =
        iterator ? bpf_program__attach_iter(program, NULL) : bpf_program__attach(program);
    if (!link) fail(errno == EPERM ? EXIT_NOT_PERMITTED : EXIT_NOT_SUPPORTED, "the BPF program cannot be attached");
    if (iterator)
      tap->iterator_link_fd = bpf_link__fd(link);
    else
      tap->program_fds[tap->program_count++] = fd;
  }
}
