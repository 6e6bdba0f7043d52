// Runs what the BPF program does with a request's arguments on made-up ones. Arguments: OPCODE HEX… (`-` is an empty
// one). Prints: length of the head, lengths of both names, flags, and the tail in hex.
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define bpf_probe_read_kernel(to, size, from) memcpy(to, from, size)
#include "../../../fuse/kernel/bpf/arguments.bpf.h"

int main(int argc, char **argv) {
  static unsigned char values[3][4096];
  struct argument in[3] = {{0}};
  for (int i = 0; i < 3 && i + 2 < argc; i++) {
    const char *hex = argv[i + 2];
    for (; hex[0] && hex[1]; hex += 2) sscanf(hex, "%2hhx", &values[i][in[i].size++]);
    in[i].value = (__u64)(unsigned long)values[i];
  }
  struct tap_record record = {0};
  copy_arguments(&record, strtoul(argv[1], NULL, 10), in);
  printf("%u %u %u %u ", record.head_bytes, record.name_bytes[0], record.name_bytes[1], record.flags);
  for (int i = 0; i < record.tail_bytes; i++) printf("%02x", record.tail[i]);
  return 0;
}
