// What the loader keeps once the programs are attached: its descriptors. Everything later (running the loaded
// programs, reading maps that are mapped) needs no privilege.
#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loader.h"

#define NOBODY 65534

void drop_privileges(void) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  /* Also from the bounding set, where that is allowed. */
  for (int capability = 0; capability < 64; capability++) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))) {
    /* A user namespace without that user: the capabilities go all the same. */
  }
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{0}};
  if (syscall(SYS_capset, &header, none)) {
    perror("capabilities cannot be given up");
    exit(1);
  }
}

/* After the change of user, which resets it. */
void die_with_parent(int parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  /* It may have died before. */
  if (getppid() != parent) raise(SIGTERM);
}
