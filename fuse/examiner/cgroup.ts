// Which systemd unit and which container a process belongs to, as the path of its cgroup tells. Pure but for `readCgroup`.
import { readProc } from '../kernel/discovery/proc.ts';

export interface Cgroup {
  cgroup: string | null;
  unit: string | null;
  container: string | null;
  frozen: boolean;
}

/** Docker, podman, containerd and CRI-O name their cgroups with the container's id, 64 hexadecimal digits. */
const CONTAINER = /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/;
const LXC = /\/lxc(?:\.payload)?[./]([^/]+)/;
const UNIT = /([^/]+\.(?:service|scope|socket|mount))(?=\/|$)/g;

export function readCgroup(pid: number): Cgroup {
  const text = readProc(`/proc/${pid}/cgroup`);
  return text === null
    ? { cgroup: null, unit: null, container: null, frozen: false }
    : parseCgroup(text, isFrozen);
}

/** @param frozen whether the cgroup of version 2 at this path is frozen. */
export function parseCgroup(text: string, frozen: (path: string) => boolean): Cgroup {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split(':'));
  const unified = lines.find(([number]) => number === '0');
  const path = (unified ?? lines.find(([, controllers]) => controllers?.includes('name=systemd')) ?? lines[0])
    ?.slice(2)
    .join(':');
  if (path === undefined) return { cgroup: null, unit: null, container: null, frozen: false };
  return {
    cgroup: path,
    unit: [...path.matchAll(UNIT)].at(-1)?.[1] ?? null,
    container: (CONTAINER.exec(path)?.[1]?.slice(0, 12) ?? LXC.exec(path)?.[1]) || null,
    frozen: unified !== undefined && frozen(path),
  };
}

/** `frozen 1` also where a cgroup above it is the one that was frozen. */
function isFrozen(path: string): boolean {
  return /^frozen 1$/m.test(readProc(`/sys/fs/cgroup${path}/cgroup.events`) ?? '');
}
