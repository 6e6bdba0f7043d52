// What the tap is measured with: tap-workload MOUNT N stat|open [PER_SECOND]. `stat` asks N times for a name that is not
// there, `open` opens, reads and closes MOUNT/a N times; as fast as it can, or so many a second. Prints nanoseconds that
// passed, and of processor time.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Calls between two looks at the clock, where there is a rate. */
#define BATCH 50

static long long clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  long rate = argc > 4 ? atol(argv[4]) : 0;
  long count = atol(argv[2]);
  char path[512], data[4096];
  struct stat attributes;
  int stats = !strcmp(argv[3], "stat");
  long long passed = clock_ns(CLOCK_MONOTONIC), used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  for (long i = 0; i < count; i++) {
    if (rate && i % BATCH == 0) {
      long long due = passed + i * 1000000000ll / rate;
      struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    snprintf(path, sizeof path, stats ? "%s/no-%ld" : "%s/a", argv[1], i);
    if (stats) {
      stat(path, &attributes);
      continue;
    }
    int fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, data, sizeof data) < 0) return 1;
    close(fd);
  }
  printf("%lld %lld\n", clock_ns(CLOCK_MONOTONIC) - passed, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - used);
  return 0;
}
