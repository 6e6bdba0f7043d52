/* Holds a process as a debugger does, until standard input ends. Argument: its number. Prints a line when it has it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv) {
  pid_t pid = argc > 1 ? atoi(argv[1]) : 0;
  if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0 || waitpid(pid, NULL, __WALL) != pid) return 1;
  puts("held");
  fflush(stdout);
  while (getchar() != EOF) continue;
  ptrace(PTRACE_DETACH, pid, NULL, NULL);
  return 0;
}
