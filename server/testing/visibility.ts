// What a trace proves about paths: an operation that succeeded on a path shows that it is there, one that removed it
// that it is gone. Pure; told of spans as they end, and one that comes late changes nothing that a later operation has
// proved. What nobody did anything with stays unknown.
import { endUs, type Span } from '../../shared/span.ts';

export type Presence = 'there' | 'gone' | 'unknown';
export type PathKind = 'file' | 'directory';

export interface PathState {
  presence: Presence;
  /** Null where no operation told. */
  kind: PathKind | null;
  /** The operation that proves it. */
  by: Span | null;
  /** Names of extended attributes that were set. */
  xattrs: ReadonlySet<string>;
}

const UNKNOWN: PathState = { presence: 'unknown', kind: null, by: null, xattrs: new Set() };

/** Paths that are remembered. */
const KEPT = 50_000;
const ENOENT = 2;

/** What a success proves of `path`. `handle`: done on an open file, which may be removed by then. */
const PROVES: Readonly<Record<string, { kind: PathKind | null; handle?: boolean }>> = {
  lookup: { kind: null },
  getattr: { kind: null, handle: true },
  statx: { kind: null, handle: true },
  access: { kind: null },
  setattr: { kind: null, handle: true },
  chmod: { kind: null },
  chown: { kind: null },
  utimens: { kind: null },
  setxattr: { kind: null },
  getxattr: { kind: null },
  listxattr: { kind: null },
  removexattr: { kind: null },
  truncate: { kind: 'file', handle: true },
  readlink: { kind: 'file' },
  symlink: { kind: 'file' },
  mknod: { kind: 'file' },
  create: { kind: 'file' },
  open: { kind: 'file' },
  read: { kind: 'file', handle: true },
  write: { kind: 'file', handle: true },
  flush: { kind: 'file', handle: true },
  fsync: { kind: 'file', handle: true },
  fallocate: { kind: 'file', handle: true },
  mkdir: { kind: 'directory' },
  opendir: { kind: 'directory' },
  readdir: { kind: 'directory', handle: true },
  readdirplus: { kind: 'directory', handle: true },
};

/** A failure with ENOENT of these says that `path` itself is not there. */
const MISSES = new Set([
  'lookup',
  'getattr',
  'statx',
  'access',
  'open',
  'opendir',
  'readlink',
  'unlink',
  'rmdir',
]);

export class Visibility {
  readonly #paths = new Map<string, PathState>();

  stateOf(path: string): PathState {
    return this.#paths.get(path) ?? UNKNOWN;
  }

  learn(span: Span): void {
    const { path, newPath, op, errno } = span;
    if (span.state !== 'done' || path === null || !path.startsWith('/')) return;
    if (errno === ENOENT && MISSES.has(op) && span.fh === null) {
      this.#gone(path, span);
      return;
    }
    if (errno !== 0) return;
    if (op === 'unlink' || op === 'rmdir') {
      this.#gone(path, span);
      return;
    }
    if (op === 'rename' || op === 'rename2') {
      this.#moved(path, newPath, span);
      return;
    }
    if (op === 'link') {
      this.#there(path, 'file', span);
      if (newPath !== null) this.#there(newPath, 'file', span);
      return;
    }
    const proof = PROVES[op];
    if (!proof || (proof.handle && this.stateOf(path).presence === 'gone')) return;
    this.#there(path, proof.kind, span);
    const name = span.args?.name;
    if (op === 'setxattr' && typeof name === 'string') this.#xattr(path, name, true);
    if (op === 'removexattr' && typeof name === 'string') this.#xattr(path, name, false);
  }

  #there(path: string, kind: PathKind | null, by: Span): void {
    const before = this.stateOf(path);
    if (isLater(before.by, by)) return;
    const stays = before.presence === 'there';
    this.#set(path, {
      presence: 'there',
      kind: kind ?? (stays ? before.kind : null),
      by,
      xattrs: stays ? before.xattrs : UNKNOWN.xattrs,
    });
    // What has a file in it is a directory.
    const parent = parentOf(path);
    if (parent === null) return;
    const above = this.stateOf(parent);
    if (above.presence !== 'there' || above.kind !== 'directory') this.#there(parent, 'directory', by);
  }

  #gone(path: string, by: Span): void {
    if (isLater(this.stateOf(path).by, by)) return;
    for (const below of this.#below(path)) this.#paths.delete(below);
    this.#set(path, { presence: 'gone', kind: null, by, xattrs: UNKNOWN.xattrs });
  }

  #moved(from: string, to: string | null, by: Span): void {
    const moved = this.stateOf(from);
    const below = this.#below(from).map((path) => [path, this.stateOf(path)] as const);
    this.#gone(from, by);
    if (to === null || !to.startsWith('/')) return;
    this.#gone(to, by);
    this.#there(to, moved.kind, by);
    for (const [path, state] of below) this.#set(to + path.slice(from.length), state);
  }

  #xattr(path: string, name: string, isSet: boolean): void {
    const state = this.stateOf(path);
    const xattrs = new Set(state.xattrs);
    if (isSet) xattrs.add(name);
    else xattrs.delete(name);
    this.#set(path, { ...state, xattrs });
  }

  #below(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    return [...this.#paths.keys()].filter((one) => one !== path && one.startsWith(prefix));
  }

  #set(path: string, state: PathState): void {
    this.#paths.delete(path);
    this.#paths.set(path, state);
    if (this.#paths.size <= KEPT) return;
    const [oldest] = this.#paths.keys();
    if (oldest !== undefined) this.#paths.delete(oldest);
  }
}

function parentOf(path: string): string | null {
  if (path === '/') return null;
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Whether `known` ended after `other`. */
function isLater(known: Span | null, other: Span): boolean {
  return known !== null && endUs(known) > endUs(other);
}
