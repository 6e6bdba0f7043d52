// What a program did on a mount, as strace saw it, and what the tap saw of it, in one form that can be compared.
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { errnoName } from '../../../shared/errno.ts';
import { opName } from '../../../shared/ops.ts';
import type { Call } from '../../support/strace.ts';

/** A change: of the files on the mount, by one request. */
export interface Change {
  op: string;
  path: string | null;
  newPath: string | null;
  failed: boolean;
}

export interface Told {
  record: TapRecord;
  path: string | null;
  newPath: string | null;
}

/** System calls that change something, and the operation each is. */
const CHANGES: Readonly<Record<string, string>> = {
  mkdir: 'mkdir',
  rmdir: 'rmdir',
  unlink: 'unlink',
  rename: 'rename',
  link: 'link',
  symlink: 'symlink',
  chmod: 'setattr',
  truncate: 'setattr',
  utimensat: 'setattr',
};
/** The kernel says so by itself, from what it has looked up. */
const BY_KERNEL = new Set(['ENOENT', 'EEXIST', 'EROFS']);

/** What strace saw changed, in order, and what was refused by the daemon. */
export function changesOf(calls: readonly Call[]): Change[] {
  const changes: Change[] = [];
  for (const { name, path, newPath, args, error } of calls) {
    if (error !== null && BY_KERNEL.has(error)) continue;
    const op = name === 'openat' && args.includes('O_CREAT') ? 'create' : CHANGES[name];
    if (op !== undefined) changes.push({ op, path, newPath, failed: error !== null });
  }
  return changes;
}

const TOLD_CHANGES = new Set([...Object.values(CHANGES), 'create']);
const SAME: Readonly<Record<string, string>> = { rename2: 'rename', mknod: 'create' };
/** fuse_setattr_in.valid of times alone: the kernel writes them back by itself too. */
const TIMES = (1 << 4) | (1 << 5) | (1 << 7) | (1 << 8) | (1 << 10) | (1 << 6);

/** Times that the kernel writes back by itself, of a file that is removed too. */
export function isWriteBack({ record }: Told): boolean {
  return opName(record.opcode) === 'setattr' && (Number(record.args?.valid) & ~TIMES) === 0;
}

/** The same of what the tap told, without what only the kernel wanted. @param done as strace saw it. */
export function changesTold(told: readonly Told[], done: readonly Change[]): Change[] {
  const changes: Change[] = [];
  for (const one of inOrder(told)) {
    const { record, path, newPath } = one;
    const name = opName(record.opcode);
    const op = SAME[name] ?? name;
    if (!TOLD_CHANGES.has(op)) continue;
    const change = { op, path, newPath, failed: record.errno !== 0 };
    const next = done[changes.length];
    if (isWriteBack(one) && (next?.op !== 'setattr' || next.path !== path)) continue;
    changes.push(change);
  }
  return changes;
}

/** Bytes by path of calls or of operations that moved data. */
export function bytesOf(calls: readonly Call[], name: 'read' | 'write'): Map<string, number> {
  return sums(
    calls.filter((one) => one.name === name && one.result > 0).map((one) => [one.path, one.result]),
  );
}
export function bytesTold(told: readonly Told[], name: 'read' | 'write'): Map<string, number> {
  const moved = told.filter(({ record }) => opName(record.opcode) === name && (record.bytes ?? 0) > 0);
  return sums(moved.map(({ record, path }) => [path ?? '?', record.bytes ?? 0]));
}

function sums(pairs: readonly (readonly [string, number])[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const [path, bytes] of pairs) sum.set(path, (sum.get(path) ?? 0) + bytes);
  return sum;
}

/** Paths of successful calls, or of operations, of one kind, each once. */
export function pathsOf(calls: readonly Call[], which: (call: Call) => boolean): Set<string> {
  return new Set(calls.filter((one) => one.error === null && which(one)).map((one) => one.path));
}
export function pathsTold(
  told: readonly Told[],
  ops: readonly string[],
  error: string | null = null,
): Set<string> {
  const found = told.filter(
    ({ record }) =>
      ops.includes(opName(record.opcode)) && (record.errno ? errnoName(record.errno) : null) === error,
  );
  return new Set(found.map(({ path }) => path ?? '?'));
}

/** As they were sent; the tap tells them as they were answered. */
function inOrder(told: readonly Told[]): Told[] {
  return told.toSorted((a, b) => a.record.startNs - b.record.startNs);
}
