// What an operation does to the path it names. Pure; see fuse_lowlevel.h for what each operation means.
import type { Deed } from '../../shared/history.ts';
import type { Span } from '../../shared/span.ts';

/** Operations that change what a name stands for, or what is in it; null: only some of them do. */
const DEED_OF: Readonly<Record<string, Deed | null>> = {
  create: 'created',
  mknod: 'created',
  mkdir: 'created',
  symlink: 'created',
  link: 'linked',
  rename: 'renamed',
  rename2: 'renamed',
  unlink: 'removed',
  rmdir: 'removed',
  write: 'wrote',
  copy_file_range: 'wrote',
  fallocate: 'wrote',
  truncate: 'truncated',
  setattr: null,
  open: null,
  chmod: 'changed',
  chown: 'changed',
  utimens: 'changed',
  setxattr: 'changed',
  removexattr: 'changed',
};

/** Operations that a story may tell of even where they succeed. */
export const TELLING_OPS: readonly string[] = Object.keys(DEED_OF);
/** Of these, what happens to a directory happens to all that lies in it. */
const REACHING = new Set<Deed>(['renamed', 'removed', 'created', 'failed']);

const O_TRUNC = 0o1000;

/** What it did; null for what changes nothing and did not fail. */
export function deedOf(span: Span): Deed | null {
  if (span.errno !== null && span.errno !== 0) return 'failed';
  const deed = DEED_OF[span.op];
  if (deed !== null) return deed ?? null;
  if (span.op === 'setattr') return span.size === null ? 'changed' : 'truncated';
  const flags = span.args?.flags;
  return typeof flags === 'number' && (flags & O_TRUNC) !== 0 ? 'truncated' : null;
}

/** Whether it matters to what lies in the directory that it was done to. */
export function reachesBelow(deed: Deed, span: Span): boolean {
  if (!REACHING.has(deed)) return false;
  // A directory that is missing is asked for all the time; a failing rename or rmdir of it is news.
  return deed !== 'failed' || DEED_OF[span.op] !== undefined || span.error !== 'ENOENT';
}
