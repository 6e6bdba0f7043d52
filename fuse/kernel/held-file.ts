// Which file an open request is about, where the path table does not know its node: the system call that its caller
// sits in was given a descriptor, and /proc tells what that is. Links are read, never followed. Only calls that work on
// their first argument and on nothing else are asked, so that nothing is guessed.
import { parseMountinfo } from '../../shared/mountinfo.ts';
import { readLink, readProc } from './discovery/proc.ts';
import type { TapRecord } from './tap.ts';

type Call = 'read' | 'write' | 'sync' | 'list' | 'stat' | 'allocate' | 'seek';

/** Numbers of system calls, by machine (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h). */
const CALLS: Readonly<Partial<Record<NodeJS.Architecture, Readonly<Record<Call, readonly number[]>>>>> = {
  x64: {
    read: [0, 17, 19, 295, 327],
    write: [1, 18, 20, 296, 328],
    sync: [74, 75],
    list: [78, 217],
    stat: [5],
    allocate: [285],
    seek: [8],
  },
  arm64: {
    read: [63, 67, 65, 69, 286],
    write: [64, 68, 66, 70, 287],
    sync: [82, 83],
    list: [61],
    stat: [80],
    allocate: [47],
    seek: [62],
  },
};

/** By opcode, the calls that make such a request for the file they were given. */
const MADE_BY: Readonly<Record<number, readonly Call[]>> = {
  3: ['read', 'stat', 'seek'], // GETATTR
  15: ['read'],
  16: ['write', 'sync'],
  20: ['sync'],
  28: ['list'],
  30: ['sync'],
  43: ['allocate'],
  44: ['list'],
  46: ['seek'],
};

/** Path inside the mount, or null where it cannot be known for certain. */
export function heldFile(record: TapRecord): string | null {
  const { pid, tid, opcode, connection } = record;
  const calls = CALLS[process.arch];
  if (!calls || !pid || !tid) return null;
  const [number = '', argument = ''] = (readProc(`/proc/${tid}/syscall`) ?? '').split(' ');
  if (!MADE_BY[opcode]?.some((call) => calls[call].includes(Number.parseInt(number, 10)))) return null;
  const fd = Number(argument);
  if (!Number.isInteger(fd)) return null;
  const mountId = /^mnt_id:\s*(\d+)$/m.exec(readProc(`/proc/${pid}/fdinfo/${fd}`) ?? '')?.[1];
  const link = readLink(`/proc/${pid}/fd/${fd}`);
  if (mountId === undefined || link === null || link.endsWith(' (deleted)')) return null;
  return insideMount(link, Number(mountId), connection, readProc('/proc/self/mountinfo') ?? '');
}

/**
 * From an absolute path to one inside the file system, by the mount it was reached through.
 * @param mountinfo of the namespace in which the path was read.
 */
export function insideMount(
  path: string,
  mountId: number,
  connection: number,
  mountinfo: string,
): string | null {
  const mount = parseMountinfo(mountinfo).find((one) => one.id === mountId && one.device === connection);
  if (!mount) return null;
  const at = mount.mountpoint === '/' ? '' : mount.mountpoint;
  if (path !== mount.mountpoint && !path.startsWith(`${at}/`)) return null;
  const root = mount.root === '/' ? '' : mount.root;
  return root + path.slice(at.length) || '/';
}
