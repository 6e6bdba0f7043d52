// By what operations can be told apart in a breakdown: the columns that tell, and how a group is named and filtered.
import type { Database } from 'better-sqlite3';
import { errnoName } from '../../shared/errno.ts';
import { quoteLiteral } from '../../shared/filter/print.ts';
import type { BreakdownBy } from '../../shared/groups.ts';
import { opName } from '../../shared/ops.ts';
import type { Span } from '../../shared/span.ts';
import { formatBytes } from '../../shared/units.ts';

type Cell = number | null;

/** Texts of the store's dictionaries. */
export interface Names {
  path(id: number): string;
  comm(id: number): string;
  mount(id: number): string;
}

export interface Named {
  key: string;
  filter: string;
}

interface Kind {
  /** Two columns of the table `spans s`. */
  columns: string;
  name: (names: Names, a: Cell, b: Cell) => Named;
}

const NONE: Named = { key: '', filter: '' };
const CLASS =
  'CASE WHEN s.size IS NULL THEN NULL ELSE CAST(log2(max(CAST(s.size AS NUMERIC), 1)) AS INTEGER) END';

export const KINDS: Readonly<Record<BreakdownBy, Kind>> = {
  op: {
    columns: 's.op, NULL',
    name: (_, op) => ({ key: opName(op ?? 0), filter: `op:${opName(op ?? 0)}` }),
  },
  mount: {
    columns: 's.mount_id, NULL',
    name: (names, id) => literal('mount', names.mount(id ?? 0)),
  },
  comm: {
    columns: 's.comm_id, NULL',
    name: (names, id) => (id === null ? NONE : literal('comm', names.comm(id))),
  },
  process: {
    columns: 's.pid, s.comm_id',
    name: (names, pid, commId) => processNamed(pid, commId === null ? null : names.comm(commId)),
  },
  path: {
    columns: 's.path_id, NULL',
    name: (names, id) => (id === null ? NONE : literal('path', names.path(id))),
  },
  size: {
    columns: `${CLASS}, NULL`,
    name: (_, power) => (power === null ? NONE : sizeClass(power)),
  },
  errno: {
    columns: 's.errno, NULL',
    name: (_, errno) => {
      const name = errno === null || errno === 0 ? null : errnoName(errno);
      return name === null ? { key: 'ok', filter: 'errno:none' } : { key: name, filter: `errno:${name}` };
    },
  },
};

export function literal(key: string, value: string): Named {
  return { key: value, filter: `${key}:${quoteLiteral(value)}` };
}

function processNamed(pid: number | null, comm: string | null): Named {
  if (pid === null) return NONE;
  if (comm === null) return { key: pid === 0 ? 'kernel' : String(pid), filter: `pid:${pid}` };
  return { key: `${comm} ${pid}`, filter: `pid:${pid} ${literal('comm', comm).filter}` };
}

/** From 2^power to below the next power of two. */
function sizeClass(power: number): Named {
  if (power === 0) return { key: 'under 2 B', filter: 'size:<2' };
  const [from, to] = [2 ** power, 2 ** (power + 1)];
  return {
    key: `${formatBytes(from).text} to ${formatBytes(to).text}`,
    filter: `size:>=${from} size:<${to}`,
  };
}

/** The texts of a database. @param texts a second connection to the same file: the first may not be asked while it runs a statement */
export function namesOf(db: Database, texts: Database): () => Names {
  const path = texts.prepare('SELECT path FROM paths WHERE id = ?').pluck();
  const comm = texts.prepare('SELECT comm FROM comms WHERE id = ?').pluck();
  return () => {
    const mounts = new Map(db.prepare('SELECT id, mount FROM mounts').raw().all() as [number, string][]);
    return {
      path: (id) => (path.get(id) as string | undefined) ?? '',
      comm: (id) => (comm.get(id) as string | undefined) ?? '',
      mount: (id) => mounts.get(id) ?? `#${id}`,
    };
  };
}

/** The group of an operation that is still open, which has no result yet. */
export function groupOfOpen(by: BreakdownBy, { op, mount, comm, pid, path, size }: Span): Named {
  switch (by) {
    case 'op':
      return { key: op, filter: `op:${op}` };
    case 'mount':
      return literal('mount', mount);
    case 'comm':
      return comm === null ? NONE : literal('comm', comm);
    case 'process':
      return processNamed(pid, comm);
    case 'path':
      return path === null ? NONE : literal('path', path);
    case 'size':
      return size === null ? NONE : sizeClass(Math.trunc(Math.log2(Math.max(Number(size), 1))));
    case 'errno':
      return NONE;
  }
}
