// By what operations can be told apart in a breakdown: the columns that tell, and how a group is named and filtered.
import { errnoName } from '../../shared/errno.ts';
import { quoteLiteral } from '../../shared/filter/print.ts';
import type { BreakdownBy } from '../../shared/groups.ts';
import { opName } from '../../shared/ops.ts';
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
    name: (names, pid, commId) => {
      if (pid === null) return NONE;
      if (commId === null) return { key: String(pid), filter: `pid:${pid}` };
      const comm = literal('comm', names.comm(commId));
      return { key: `${comm.key} ${pid}`, filter: `pid:${pid} ${comm.filter}` };
    },
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

function literal(key: string, value: string): Named {
  return { key: value, filter: `${key}:${quoteLiteral(value)}` };
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
