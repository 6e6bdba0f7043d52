// Numbers of processes as the loader's pid namespace has them, which is what its readers find in /proc.
#pragma once

/* Of a thread. The common case, the first namespace of the machine, costs one comparison. */
static __always_inline __u32 number_of(struct pid *pid) {
  __u32 level = table.pid_level;
  if (!pid || BPF_CORE_READ(pid, level) < level) return 0;
  struct upid *number = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
  return BPF_CORE_READ(number, ns, ns.inum) == table.pid_namespace ? BPF_CORE_READ(number, nr) : 0;
}

static __always_inline __u32 tid_of(struct task_struct *task) {
  return table.pid_level ? number_of(BPF_CORE_READ(task, thread_pid)) : (__u32)task->pid;
}

static __always_inline __u32 tgid_of(struct task_struct *task) {
  return table.pid_level ? number_of(BPF_CORE_READ(task, group_leader, thread_pid)) : (__u32)task->tgid;
}

/* Run once by the loader: which namespace it is in. */
SEC("syscall")
int know_self(void *ctx) {
  struct pid *pid = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_pid);
  __u32 level = BPF_CORE_READ(pid, level);
  struct upid *number = (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
  table.pid_namespace = BPF_CORE_READ(number, ns, ns.inum);
  table.pid_level = level;
  return 0;
}
