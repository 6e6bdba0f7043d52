// Names in answers to READDIRPLUS: the kernel takes each for a look-up, but no argument of the request holds them. When
// the request ends, the daemon is still in the system call that wrote the answer, so they are read from its memory.
// Not seen: answers of a 32-bit daemon, and those through io_uring.
#pragma once

/* More in one answer are not learned. */
#define NAMES_MAX 8192

/* include/uapi/linux/fuse.h */
struct out_header {
  __u32 len;
  __s32 error;
  __u64 unique;
};
struct direntplus {
  __u64 nodeid;
  __u64 rest_of_entry[4];
  struct file_attributes attributes;
  __u64 rest_of_attributes[2];
  __u64 ino;
  __u64 off;
  __u32 namelen;
  __u32 type;
};
_Static_assert(sizeof(struct direntplus) == 152, "struct fuse_direntplus, up to its name");

struct part {
  __u64 base;
  __u64 length;
};

struct listing {
  __u64 at;
  __u64 end;
};

struct listing_scratch {
  struct direntplus entry;
  struct tap_record record;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct listing_scratch);
} scratch SEC(".maps");

/* Of the system call that the current task is in: its number, second and third argument. */
static __always_inline void read_call(long *number, __u64 *second, __u64 *third) {
  void *registers = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
  struct pt_regs___x86 *x86 = registers;
  struct pt_regs___arm64 *arm64 = registers;
  if (bpf_core_field_exists(x86->orig_ax)) {
    *number = BPF_CORE_READ(x86, orig_ax);
    *second = BPF_CORE_READ(x86, si);
    *third = BPF_CORE_READ(x86, dx);
  } else if (bpf_core_field_exists(arm64->syscallno)) {
    *number = BPF_CORE_READ(arm64, syscallno);
    *second = BPF_CORE_READ(arm64, regs[1]);
    *third = BPF_CORE_READ(arm64, regs[2]);
  }
}

static __always_inline bool is_call(long number, long on_x86, long on_arm64) {
  struct pt_regs___x86 *x86 = 0;
  return number == (bpf_core_field_exists(x86->orig_ax) ? on_x86 : on_arm64);
}

/* Where the data of the answer lies in the daemon's memory; false where this is no write of it. */
static __always_inline bool find_answer(__u64 unique, struct part *data) {
  long number = -1;
  __u64 second = 0, third = 0;
  read_call(&number, &second, &third);
  struct part parts[2] = {};
  if (is_call(number, 1, 64)) {
    parts[0].base = second;
    parts[0].length = third;
  } else if (!is_call(number, 20, 66) || third < 1 ||
             bpf_probe_read_user(parts, third > 1 ? sizeof parts : sizeof parts[0], (void *)second)) {
    return false;
  }
  struct out_header header;
  if (bpf_probe_read_user(&header, sizeof header, (void *)parts[0].base) || header.unique != unique) return false;
  if (parts[0].length > sizeof header) {
    data->base = parts[0].base + sizeof header;
    data->length = parts[0].length - sizeof header;
  } else {
    *data = parts[1];
  }
  if (data->length > header.len - sizeof header) data->length = header.len - sizeof header;
  return true;
}

/* The low 48 bits of its inode number, and above them how many names it has (a directory has one, whatever its link
   count). */
static __always_inline __u64 file_of(const struct file_attributes *file) {
  __u64 names = (file->mode & FILE_TYPE) == DIRECTORY ? 1 : file->nlink > 0xffff ? 0xffff : file->nlink;
  return names << 48 | (file->ino & 0xffffffffffff);
}

static long tell_name(__u64 i, struct listing *listing) {
  __u32 zero = 0;
  struct listing_scratch *space = bpf_map_lookup_elem(&scratch, &zero);
  if (!space || listing->at + sizeof(struct direntplus) > listing->end) return 1;
  struct direntplus *entry = &space->entry;
  struct tap_record *record = &space->record;
  if (bpf_probe_read_user(entry, sizeof *entry, (void *)listing->at)) return 1;
  __u32 length = entry->namelen;
  if (!length) return 1;
  if (entry->nodeid && length < TAP_NAME_MAX) {
    record->reply[0] = entry->nodeid;
    record->reply[1] = file_of(&entry->attributes);
    record->name_bytes[0] = length;
    record->tail_bytes = length;
    if (!bpf_probe_read_user(record->tail, length, (void *)(listing->at + sizeof *entry)) &&
        bpf_ringbuf_output(&ring, record, TAP_RECORD_FIXED + length, BPF_RB_NO_WAKEUP))
      lose(TAP_NAMES_LOST, record->connection);
  }
  listing->at += (sizeof *entry + length + 7) & ~7ull;
  return 0;
}

/* A record for each name of the answer, before that of the request itself. */
static __noinline int tell_names(struct tap_record *request) {
  __u32 zero = 0;
  struct listing_scratch *space = bpf_map_lookup_elem(&scratch, &zero);
  struct part data;
  if (!space || !request || !find_answer(request->unique, &data)) return 0;
  struct tap_record *record = &space->record;
  record->kind = TAP_NAMED;
  record->connection = request->connection;
  record->opcode = request->opcode;
  record->nodeid = request->nodeid;
  struct listing listing = {.at = data.base, .end = data.base + data.length};
  bpf_loop(NAMES_MAX, tell_name, &listing, 0);
  if (listing.at + sizeof(struct direntplus) <= listing.end) lose(TAP_NAMES_LOST, record->connection);
  return 0;
}
