// The few kernel types that the tap reads, by name only: offsets are put in when the program is loaded (CO-RE), from
// the BTF of the kernel that runs. Kept by hand because Debian and Fedora build fuse as a module, whose types a
// generated vmlinux.h lacks. Sources: fs/fuse/fuse_i.h, fs/fuse/fuse_dev_i.h, include/uapi/linux/fuse.h.
#pragma once

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false, true };

/* include/uapi/linux/bpf.h */
enum { BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_RB_NO_WAKEUP = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
  struct list_head *next;
};

struct fuse_in_header {
  __u32 opcode;
  __u64 unique;
  __u64 nodeid;
  __u32 pid;
};

struct fuse_out_header {
  __u32 len;
  __s32 error;
};

struct fuse_in_arg {
  unsigned int size;
  const void *value;
};

struct fuse_arg {
  unsigned int size;
  void *value;
};

struct fuse_args {
  __u64 nodeid;
  __u32 opcode;
  __u8 in_numargs;
  /* Three up to Linux 6.15, four since; element size and offset are the same. */
  struct fuse_in_arg in_args[3];
  struct fuse_arg out_args[2];
};

struct fuse_pqueue {
  struct list_head *processing;
  struct list_head io;
};

struct fuse_iqueue {
  struct list_head pending;
};

struct pid_namespace {
  struct {
    unsigned int inum;
  } ns;
};

struct upid {
  int nr;
  struct pid_namespace *ns;
};

struct pid {
  unsigned int level;
  /* One for each level from the first namespace down. */
  struct upid numbers[1];
};

struct fuse_conn {
  struct pid_namespace *pid_ns;
  struct fuse_iqueue iq;
  __u32 dev;
};

struct fuse_mount {
  struct fuse_conn *fc;
};

struct fuse_dev {
  struct fuse_conn *fc;
  struct fuse_pqueue pq;
};


struct fuse_req {
  struct list_head list;
  struct fuse_args *args;
  struct {
    struct {
      int counter;
    } refs;
  } count;
  unsigned long flags;
  struct {
    struct fuse_in_header h;
  } in;
  struct {
    struct fuse_out_header h;
  } out;
  struct fuse_mount *fm;
};

/* Values are put in at load time too: they have moved between versions. */
enum fuse_req_flag { FR_PENDING = 7 };

struct cred {
  struct {
    __u32 val;
  } fsuid;
  struct {
    __u32 val;
  } fsgid;
};

struct task_struct {
  __s32 pid;
  __s32 tgid;
  struct task_struct *group_leader;
  struct pid *thread_pid;
  const struct cred *cred;
  char comm[16];
};

struct inode {
  __u32 i_rdev;
};

struct file {
  struct inode *f_inode;
  void *private_data;
};

/* Registers of a system call; which of the two a machine has is seen by their fields. */
struct pt_regs___x86 {
  unsigned long orig_ax;
  unsigned long si;
  unsigned long dx;
};

struct pt_regs___arm64 {
  __u64 regs[3];
  __s32 syscallno;
};

struct bpf_iter__task_file {
  struct task_struct *task;
  __u32 fd;
  struct file *file;
};

#pragma clang attribute pop
