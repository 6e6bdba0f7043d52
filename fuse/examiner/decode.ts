// /proc/PID/task/TID/syscall in words: the call, its descriptors by what they are, its paths as absolute ones. Links
// are read, never followed.
import { posix } from 'node:path';
import type { SyscallFacts } from '../../shared/examination.ts';
import { readLink, readProc } from '../kernel/discovery/proc.ts';
import type { Memory } from './memory.ts';
import { CALLS } from './syscalls.ts';

const AT_FDCWD = 0xffffff9cn;
/** FUTEX_WAIT, without the flags of its operation. */
const FUTEX_COMMAND = 0x7fn;
/** glibc sleeps in futex with this value for a mutex alone (nptl/lowlevellock.h). */
const CONTENDED = 2n;
/** Of pthread_mutex_t, the thread that holds it (sysdeps/nptl/bits/struct_mutex.h). */
const OWNER_AT = 8n;

/** What a thread's system call is; null where it runs, or may not be read. */
export function readSyscall(pid: number, tid: number, memory: Memory): SyscallFacts | null {
  const words = (readProc(`/proc/${pid}/task/${tid}/syscall`) ?? '').trim().split(' ');
  const number = Number(words[0]);
  if (words.length < 7 || !(number >= 0)) return null;
  const values = words.slice(1, 7).map(BigInt);
  const call = CALLS.get(number);
  if (!call)
    return {
      name: `#${number}`,
      text: `system call ${number}`,
      fd: null,
      target: null,
      paths: [],
      futex: null,
    };
  return describe(pid, call, values, memory);
}

function describe(
  pid: number,
  call: { name: string; arguments: readonly string[] },
  values: readonly bigint[],
  memory: Memory,
): SyscallFacts {
  const facts: SyscallFacts = { name: call.name, text: '', fd: null, target: null, paths: [], futex: null };
  const shown: string[] = [];
  let dir: string | null = null;
  for (const [i, kind] of call.arguments.entries()) {
    const value = values[i] ?? 0n;
    if (kind === 'fd' || kind === 'dir') {
      const fd = Number(BigInt.asIntN(32, value));
      const target = readLink(
        value === AT_FDCWD || fd === -100 ? `/proc/${pid}/cwd` : `/proc/${pid}/fd/${fd}`,
      );
      if (kind === 'dir') {
        dir = target;
        continue;
      }
      if (facts.fd === null) [facts.fd, facts.target] = [fd, target];
      shown.push(target === null ? String(fd) : `${fd} ${target}`);
    } else if (kind === 'path') {
      const text = memory.text(value);
      if (text === null) shown.push('…');
      else {
        const base: string = dir ?? readLink(`/proc/${pid}/cwd`) ?? '/';
        const path = text === '' ? base : posix.resolve(base, text);
        facts.paths.push(path);
        shown.push(path);
      }
    } else if (kind === 'number') shown.push(String(BigInt.asIntN(64, value)));
    else if (kind === 'flags') shown.push(`0x${value.toString(16)}`);
    else shown.push('…');
  }
  if (call.name === 'futex') facts.futex = futex(pid, values, memory);
  facts.text = facts.futex
    ? `futex(${facts.futex.address}, ${facts.futex.kind})`
    : `${call.name}(${shown.join(', ')})`;
  return facts;
}

function futex(pid: number, values: readonly bigint[], memory: Memory): SyscallFacts['futex'] {
  const [address = 0n, operation = 0n, value = 0n] = values;
  const mutex = (operation & FUTEX_COMMAND) === 0n && BigInt.asUintN(32, value) === CONTENDED;
  const owner = mutex ? memory.int32(address + OWNER_AT) : null;
  const holds = owner !== null && owner > 0 && readProc(`/proc/${pid}/task/${owner}/comm`) !== null;
  return {
    kind: mutex ? 'mutex' : 'signal',
    address: `0x${address.toString(16)}`,
    owner: holds ? owner : null,
  };
}
