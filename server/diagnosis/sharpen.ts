// What the caller of an operation tells of it that the tap could not: since when it waits, and for which path, where the
// operation began before anybody listened. Pure.
import type { ProcessFacts, ThreadFacts } from '../../shared/examination.ts';
import type { MountRecord } from '../mounts/registry.ts';
import type { Operation } from './snapshot.ts';

/** Requests for the file that the caller's system call names, and for nothing on the way to it. */
const OF_THE_FILE = new Set([
  'open',
  'opendir',
  'read',
  'write',
  'readdir',
  'readdirplus',
  'fsync',
  'statfs',
  'flush',
]);

/** The operation itself where nothing better is known of it. */
export function sharpened(
  operation: Operation,
  mount: Pick<MountRecord, 'mount' | 'alsoAt'> | undefined,
  processes: readonly ProcessFacts[],
): Operation {
  const isPathKnown = operation.path !== null && !operation.path.startsWith('#');
  if (!mount || (isPathKnown && !operation.before)) return operation;
  const thread = callerOf(operation, processes);
  if (!thread) return operation;
  return {
    ...operation,
    path: isPathKnown ? operation.path : (pathOf(operation, mount, thread) ?? operation.path),
    startUs: operation.before
      ? Math.min(operation.startUs, thread.sinceUs ?? operation.startUs)
      : operation.startUs,
  };
}

function callerOf({ pid, tid }: Operation, processes: readonly ProcessFacts[]): ThreadFacts | undefined {
  return processes
    .find((one) => one.pid === pid || one.threads.some((thread) => thread.tid === tid))
    ?.threads.find((one) => one.tid === tid);
}

function pathOf(
  { op, path }: Operation,
  { mount, alsoAt }: Pick<MountRecord, 'mount' | 'alsoAt'>,
  { syscall }: ThreadFacts,
): string | null {
  const named = syscall?.target?.startsWith('/') ? syscall.target : syscall?.paths[0];
  const point = [mount, ...alsoAt].find((one) => named === one || named?.startsWith(`${one}/`));
  if (named === undefined || point === undefined) return null;
  const inside = named.slice(point.length) || '/';
  if (OF_THE_FILE.has(op)) return inside;
  // A look-up is of one name on the way; if it occurs twice, nobody can tell which.
  const name = path?.split('/').at(-1);
  const parts = inside.split('/');
  const at = parts.indexOf(name ?? '');
  return at > 0 && parts.lastIndexOf(name ?? '') === at ? parts.slice(0, at + 1).join('/') : null;
}
