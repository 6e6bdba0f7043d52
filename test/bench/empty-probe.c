/* Two BPF programs that do nothing, at the tracepoints where the tap's are: what any tap at all costs. Says so when they
 * are there, and ends with its standard input. */
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd command, union bpf_attr *attr) { return (int)syscall(SYS_bpf, command, attr, sizeof *attr); }

static int attach(const char *tracepoint) {
  struct bpf_insn nothing[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load = {
      .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
      .insns = (uintptr_t)nothing,
      .insn_cnt = sizeof nothing / sizeof *nothing,
      .license = (uintptr_t) "GPL",
  };
  int program = bpf(BPF_PROG_LOAD, &load);
  if (program < 0) return -1;
  union bpf_attr open;
  memset(&open, 0, sizeof open);
  open.raw_tracepoint.name = (uintptr_t)tracepoint;
  open.raw_tracepoint.prog_fd = program;
  return bpf(BPF_RAW_TRACEPOINT_OPEN, &open);
}

int main(void) {
  if (attach("fuse_request_send") < 0 || attach("fuse_request_end") < 0) {
    perror("bpf");
    return 1;
  }
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  return 0;
}
