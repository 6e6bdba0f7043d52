// The filter language of page, command line, HTTP and WebSocket, as parsed:
//
//   op:read,write path:/a/** -path:*.tmp errno:ENOENT pid:41 comm:rsync mount:/mnt/x dur:>10ms state:open "free text"
//
// - Every term must hold; `-` before a term turns it round; of a comma list one value is enough. So `op:read,write`
//   is either, and `op:read op:write` is nothing. An empty filter matches all.
// - path, comm and mount are globs: `*` anything within a segment, `**` across segments, `?` one character. A path
//   that does not begin with `/` may begin at any segment: `*.tmp`, `src/*.ts`. A span matches by its path or its
//   newPath. mount is the whole mount point; in comm `*` matches everything.
// - dur, queue (10ms), size, bytes (128k) and ids compare: `>10ms`, `<=4k`, `10ms..1s` (both ends included).
// - `dur:>10ms` also holds for an open span that is older than that by now; whatever has an upper bound holds for no
//   open span, since nobody knows how long it will take.
// - errno: names or numbers, `any` (not 0), `none` (0). An open span has neither.
// - op:rename means rename2 too, op:readdir readdirplus, op:setattr its four parts (shared/ops.ts).
// - Free text is looked for in path, newPath, comm, operation and error name, in any case of letters.
// - A value with spaces or commas stands in double quotes; `\` takes what follows literally, also `\*`.
import type { SourceKind, SpanState } from '../span.ts';

/** From `min` to `max`; an end that is not `included` is itself outside. */
export interface NumberRange {
  min: number;
  max: number;
  minIncluded: boolean;
  maxIncluded: boolean;
}

export type GlobKey = 'path' | 'comm' | 'mount';
export type NumberKey = 'dur' | 'queue' | 'size' | 'bytes' | 'pid' | 'tid' | 'uid' | 'gid' | 'id';
export type ExactKey = 'fh' | 'nodeid' | 'unique';

type Condition =
  | { kind: 'text'; text: string }
  | { kind: 'op'; key: 'op'; values: readonly string[] }
  | { kind: 'errno'; key: 'errno'; values: readonly (number | 'any' | 'none')[] }
  | { kind: 'source'; key: 'source'; values: readonly SourceKind[] }
  | { kind: 'state'; key: 'state'; values: readonly SpanState[] }
  /** Patterns as shared/filter/glob.ts reads them. */
  | { kind: 'glob'; key: GlobKey; values: readonly string[] }
  /** dur and queue in ns, size and bytes in bytes. */
  | { kind: 'number'; key: NumberKey; values: readonly NumberRange[] }
  | { kind: 'exact'; key: ExactKey; values: readonly string[] };

/** One condition, with the place in the text where it stands. */
export type Term = Condition & { negated: boolean; at: number; length: number };

export interface Filter {
  terms: readonly Term[];
}

export interface FilterError {
  /** Whole sentences: what is wrong, and what to try. */
  message: string;
  /** First character that is wrong, and how many are. */
  at: number;
  length: number;
  /** What could stand there instead, ready to be put in. */
  hint: string | null;
}

export type KeyKind = Exclude<Condition['kind'], 'text'>;

export interface KeyInfo {
  kind: KeyKind;
  /** For completion and help. */
  about: string;
  example: string;
}

export const KEYS = {
  op: { kind: 'op', about: 'operation', example: 'op:read,write' },
  path: { kind: 'glob', about: 'path in the mount', example: 'path:/a/**' },
  errno: { kind: 'errno', about: 'error, any or none', example: 'errno:ENOENT' },
  dur: { kind: 'number', about: 'duration', example: 'dur:>10ms' },
  state: { kind: 'state', about: 'open, done, aborted, lost', example: 'state:open' },
  mount: { kind: 'glob', about: 'mount point', example: 'mount:/mnt/x' },
  comm: { kind: 'glob', about: 'name of the caller', example: 'comm:rsync' },
  pid: { kind: 'number', about: 'process of the caller', example: 'pid:41' },
  uid: { kind: 'number', about: 'user of the caller', example: 'uid:0' },
  source: { kind: 'source', about: 'where events come from', example: 'source:kernel' },
  tid: { kind: 'number', about: 'thread of the caller', example: 'tid:41' },
  gid: { kind: 'number', about: 'group of the caller', example: 'gid:100' },
  size: { kind: 'number', about: 'bytes asked for', example: 'size:>=128k' },
  bytes: { kind: 'number', about: 'bytes read or written', example: 'bytes:<4k' },
  queue: { kind: 'number', about: 'time until the daemon took it', example: 'queue:>1ms' },
  fh: { kind: 'exact', about: 'file handle', example: 'fh:3' },
  nodeid: { kind: 'exact', about: 'inode number of the protocol', example: 'nodeid:17' },
  unique: { kind: 'exact', about: 'request number', example: 'unique:17' },
  id: { kind: 'number', about: 'span', example: 'id:1204' },
} as const satisfies Record<string, KeyInfo>;

export type Key = keyof typeof KEYS;
export const KEY_NAMES = Object.keys(KEYS) as Key[];

export function isKey(name: string): name is Key {
  return Object.hasOwn(KEYS, name);
}
