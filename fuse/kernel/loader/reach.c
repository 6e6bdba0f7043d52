// Whether a kernel has what the BPF program reads, by its type information: a structure that has changed is found
// here and said in a sentence, before the program is loaded for it (libbpf would put in an instruction that the kernel
// refuses). Newer kernels have taken fuse_req.fm away (struct fuse_chan).
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "loader.h"

static const struct {
  const char *structure;
  const char *member;
} needed[] = {
    {"fuse_req", "args"},     {"fuse_req", "flags"},       {"fuse_req", "in"},          {"fuse_req", "out"},
    {"fuse_req", "count"},    {"fuse_req", "fm"},          {"fuse_mount", "fc"},        {"fuse_conn", "dev"},
    {"fuse_args", "nodeid"},  {"fuse_args", "opcode"},     {"fuse_args", "in_numargs"}, {"fuse_args", "in_args"},
    {"fuse_args", "out_args"}, {"fuse_in_arg", "size"},    {"fuse_in_arg", "value"},    {"task_struct", "thread_pid"},
};

/* Also in structures and unions without a name. */
static bool has_member(const struct btf *btf, const struct btf_type *type, const char *name) {
  const struct btf_member *members = btf_members(type);
  for (int i = 0; i < btf_vlen(type); i++) {
    const char *member = btf__name_by_offset(btf, members[i].name_off);
    if (!strcmp(member, name)) return true;
    if (*member) continue;
    const struct btf_type *inner = btf__type_by_id(btf, members[i].type);
    if (btf_is_composite(inner) && has_member(btf, inner, name)) return true;
  }
  return false;
}

static const char *reach_missing(const struct btf *btf) {
  static char sentence[256];
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    int id = btf__find_by_name_kind(btf, needed[i].structure, BTF_KIND_STRUCT);
    if (id > 0 && has_member(btf, btf__type_by_id(btf, id), needed[i].member)) continue;
    snprintf(sentence, sizeof sentence,
             "the BPF program does not know this kernel's FUSE structures (struct %s without %s; tested with Linux 6.18)",
             needed[i].structure, needed[i].member);
    return sentence;
  }
  return NULL;
}

static bool has_type(const struct btf *btf, const char *name) {
  return btf && btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) > 0;
}

/* Its tracepoints and structures are in the kernel's own types or in those of the module fuse. */
static const char *reach_of_types(const struct btf *kernel, const struct btf *module, bool *sent) {
  const char *send = "btf_trace_fuse_request_send", *taken = "btf_trace_fuse_request_sent";
  if (!has_type(kernel, send) && !has_type(module, send))
    return "this kernel has no FUSE tracepoints (Linux 6.10 and later have them)";
  *sent = has_type(kernel, taken) || has_type(module, taken);
  return reach_missing(module ? module : kernel);
}

const char *reach_of_kernel(bool *sent) {
  struct btf *kernel = btf__load_vmlinux_btf();
  if (libbpf_get_error(kernel)) return "this kernel has no type information (BTF)";
  struct btf *module = btf__load_module_btf("fuse", kernel);
  if (libbpf_get_error(module)) module = NULL;
  const char *missing = reach_of_types(kernel, module, sent);
  btf__free(module);
  btf__free(kernel);
  return missing;
}

int reach_of_this_machine(void) {
  bool sent;
  const char *missing = reach_of_kernel(&sent);
  if (missing) {
    fprintf(stderr, "%s\n", missing);
    return EXIT_NOT_SUPPORTED;
  }
  printf("the BPF program knows this kernel, %s queue times\n", sent ? "with" : "which tells no");
  return 0;
}

int reach_of_file(const char *path) {
  struct btf *btf = btf__parse(path, NULL);
  const char *missing = btf ? reach_missing(btf) : "there is no type information in it";
  if (!missing) return 0;
  fprintf(stderr, "%s\n", missing);
  return EXIT_NOT_SUPPORTED;
}
