/* Calls five deep, and waits there for a byte. For tests of stacks. How: plain, of a pointer that qsort calls, in the
 * handler of a signal, with room on the stack that the compiler does not know; or runs. Prints "." on its way there. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEEP __attribute__((noinline, noclone))

DEEP int five(int n) {
  char bytes[300];
  memset(bytes, n, sizeof bytes);
  int count = read(0, bytes, 1);
  /* Not the last that is done: a call would become a jump. */
  __asm__ volatile("" ::"r"(bytes) : "memory");
  return count + bytes[7];
}
DEEP int four(int n) { return five(n + 1) + 1; }
DEEP int three(int n) { return four(n + 1) + 1; }
DEEP int two(int n) { return three(n + 1) + 1; }
DEEP int one(int n) { return two(n + 1) + 1; }

DEEP int compare(const void *a, const void *b) { return one(*(const int *)a - *(const int *)b) + 1; }
DEEP int sorted(void) {
  int numbers[] = {3, 1, 2};
  qsort(numbers, 3, sizeof *numbers, compare);
  return numbers[0];
}

DEEP void handler(int number) {
  one(number);
  __asm__ volatile("" ::: "memory");
}
DEEP int signalled(void) {
  signal(SIGUSR1, handler);
  return raise(SIGUSR1) + 1;
}

DEEP int roomy(int n) {
  char *room = __builtin_alloca(n * 64);
  memset(room, n, n * 64);
  int count = one(room[n]);
  __asm__ volatile("" ::"r"(room) : "memory");
  return count + room[1];
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "plain";
  write(1, ".", 1);
  if (strcmp(way, "sort") == 0) return sorted() + 1;
  if (strcmp(way, "signal") == 0) return signalled() + 1;
  if (strcmp(way, "room") == 0) return roomy(argc) + 1;
  if (strcmp(way, "spin") == 0)
    for (;;) __asm__ volatile("");
  return one(argc) + 1;
}
