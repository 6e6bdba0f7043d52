// What FuseScope needs of a machine and what for, one row each. Pure: facts in, findings out.
import type { Machine } from './machine.ts';

export interface Finding {
  name: string;
  /** `warn`: works, with less; `missing`: what needs it does not work. */
  state: 'ok' | 'warn' | 'missing';
  found: string;
  /** How to get what is missing; null when all is well. */
  how: string | null;
}

interface Check {
  name: string;
  look: (machine: Machine) => Omit<Finding, 'name'>;
}

const CAPABILITY = { SYS_PTRACE: 19n, SYS_ADMIN: 21n, PERFMON: 38n, BPF: 39n } as const;

const CHECKS: readonly Check[] = [
  {
    name: 'node',
    look: ({ node }) =>
      Number(node.split('.')[0]) >= 22
        ? ok(`Node ${node}`)
        : missing(`Node ${node}`, 'Node 22 or later is needed. In a checkout npm ci brings Node 24'),
  },
  {
    name: '/dev/fuse',
    look: ({ device }) => {
      if (device === 'usable') return ok('this user may open it');
      return device === 'forbidden'
        ? missing('this user may not open it', 'Ask for read and write access to /dev/fuse')
        : missing('it does not exist', 'As root: modprobe fuse. In a container: --device /dev/fuse');
    },
  },
  {
    name: 'fusermount3',
    look: ({ fusermount, uid }) => {
      if (!fusermount) return missing('not installed', 'As root: apt-get install -y fuse3');
      if (fusermount.setuid || uid === 0) return ok(fusermount.path);
      return warn(
        `${fusermount.path} is not set-user-ID root`,
        `Mounting as this user needs it. As root: chmod u+s ${fusermount.path}`,
      );
    },
  },
  {
    name: 'libfuse2',
    look: ({ libfuse }) =>
      libfuse
        ? ok(libfuse)
        : missing('there is no libfuse.so.2', 'Mirrors need it. As root: apt-get install -y libfuse2'),
  },
  {
    name: 'fuse-native',
    look: ({ native }) =>
      native
        ? ok('patched and built')
        : missing('it is not built', 'Mirrors need it. In a checkout: node fuse/patches/build.mjs'),
  },
  {
    name: 'kernel',
    look: ({ kernel }) =>
      atLeast(kernel, 6, 10)
        ? ok(`Linux ${kernel}`)
        : warn(
            `Linux ${kernel}`,
            'Tracing mounts other than mirrors needs Linux 6.10 or later; mirrors work',
          ),
  },
  {
    name: 'tracefs',
    look: ({ tracefs, uid }) => {
      if (!tracefs) {
        const mount = 'mount -t tracefs tracefs /sys/kernel/tracing';
        return missing('not mounted', uid === 0 ? `Run ${mount}` : `As root: ${mount}`);
      }
      if (tracefs.tracepoints === 'there') return ok(`${tracefs.at}, with FUSE's tracepoints`);
      return tracefs.tracepoints === 'hidden'
        ? warn(`${tracefs.at}, which this user may not read`, 'Run FuseScope as root to trace through it')
        : missing(`${tracefs.at} has no FUSE tracepoints`, 'It takes Linux 6.10 or later, and modprobe fuse');
    },
  },
  {
    name: 'BTF',
    look: ({ btf }) => {
      if (!btf.kernel)
        return missing(
          'there is no /sys/kernel/btf/vmlinux',
          'It takes a kernel built with CONFIG_DEBUG_INFO_BTF',
        );
      if (btf.module === null) return ok('/sys/kernel/btf/vmlinux');
      return btf.module
        ? ok('/sys/kernel/btf/vmlinux and /sys/kernel/btf/fuse')
        : missing('the fuse module has none', 'It takes modules built with CONFIG_DEBUG_INFO_BTF_MODULES');
    },
  },
  {
    name: 'tap loader',
    look: ({ loader }) =>
      loader
        ? ok(loader)
        : warn(
            'it is not built',
            'Paths and arguments need it; without it tracefs is used. As root: apt-get install -y gcc libbpf-dev; then npm run build',
          ),
  },
  {
    name: 'kernel reach',
    look: ({ reach }) => {
      if (!reach) return warn('not known without the tap loader', 'See tap loader');
      return reach.fits
        ? ok(reach.said)
        : warn(reach.said, 'Other mounts than mirrors are watched through tracefs, or by /proc alone');
    },
  },
  {
    name: 'capabilities',
    look: ({ capabilities }) => {
      const has = (bit: bigint) => ((capabilities >> bit) & 1n) === 1n;
      const bpf = has(CAPABILITY.SYS_ADMIN) || (has(CAPABILITY.BPF) && has(CAPABILITY.PERFMON));
      if (!bpf)
        return missing(
          'neither CAP_BPF with CAP_PERFMON nor CAP_SYS_ADMIN',
          'Run FuseScope as root to trace any mount',
        );
      return has(CAPABILITY.SYS_PTRACE)
        ? ok('BPF, and the stacks of other processes')
        : warn(
            'BPF, without CAP_SYS_PTRACE',
            'The stacks of other users’ processes stay hidden; root sees them',
          );
    },
  },
  {
    name: 'fusectl',
    look: ({ fusectl, uid }) => {
      if (fusectl === 'mounted') return ok('/sys/fs/fuse/connections');
      if (fusectl === 'unknown to the kernel')
        return missing('the kernel does not know it', 'As root: modprobe fuse');
      const mount = 'mount -t fusectl none /sys/fs/fuse/connections';
      return missing('not mounted', uid === 0 ? `Run ${mount}` : `As root: ${mount}`);
    },
  },
];

/** All findings, in the order in which a person should read them. */
export function diagnose(machine: Machine): Finding[] {
  return CHECKS.map(({ name, look }) => ({ name, ...look(machine) }));
}

function ok(found: string): Omit<Finding, 'name'> {
  return { state: 'ok', found, how: null };
}

function warn(found: string, how: string): Omit<Finding, 'name'> {
  return { state: 'warn', found, how };
}

function missing(found: string, how: string): Omit<Finding, 'name'> {
  return { state: 'missing', found, how };
}

function atLeast(release: string, major: number, minor: number): boolean {
  const [have = 0, haveMinor = 0] = release.split('.').map(Number.parseFloat);
  return have > major || (have === major && haveMinor >= minor);
}
