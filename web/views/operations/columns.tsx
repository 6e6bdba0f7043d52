// The columns of the table: what each shows, what it is put in order by, and which terms of the filter language its
// cell stands for. Rows, heads, menus and keys all read this table.
import { opClass } from '../../../shared/ops.ts';
import { endUs, resultOf, type Span } from '../../../shared/span.ts';
import type { U64 } from '../../../shared/u64.ts';
import { formatBytes, formatDuration } from '../../../shared/units.ts';
import { Caller } from '../../ui/caller.tsx';
import { PathText } from '../../ui/path.tsx';
import { visible } from '../../ui/visible.ts';
import { term } from '../../url/terms.ts';
import { DoneDuration, OpenDuration, Result, When } from './cells.tsx';
import { detailText } from './detail.ts';
import './cells.css';

/** What a cell may need beside its span. */
export interface RowFacts {
  /** Characters that the path column holds. */
  room: number;
  /** And the mount column. */
  mountRoom: number;
  /** Times are told from here; null: wall time. */
  anchorUs: number | null;
  /** A pinned operation that has ended since it was pinned. */
  ended: boolean;
}

export interface Column {
  id: string;
  name: string;
  /** px; null takes what is left, but no less than MIN_FLEX. */
  width: number | null;
  shown: boolean;
  className: string;
  cell: (span: Span, facts: RowFacts) => React.ReactNode;
  /** What rows are put in order by; null values come last. */
  key: (span: Span) => string | number | null;
  /** Terms that hold for spans like this one, the nearest first; none where the language has no word for it. */
  terms?: (span: Span) => string[];
}

export const MIN_FLEX = 120;
export const MIN_WIDTH = 44;

const number = (value: U64 | null) => (value === null ? null : Number(value));
const plain = (value: unknown) => (value === null ? null : visible(String(value)));
const bytes = (value: U64 | null) => (value === null ? null : formatBytes(Number(value)).text);

/** A column of one figure that the filter language knows by the same name. */
function figure(
  id: string,
  name: string,
  width: number,
  of: (span: Span) => U64 | null,
  show: (value: U64 | null) => React.ReactNode = plain,
): Column {
  return {
    id,
    name,
    width,
    shown: false,
    className: 'right n',
    cell: (span) => show(of(span)),
    key: (span) => number(of(span)),
    terms: (span) => {
      const value = of(span);
      return value === null ? [] : [`${id}:${value}`];
    },
  };
}

export const COLUMNS: readonly Column[] = [
  {
    id: 'end',
    name: 'Ended',
    width: 110,
    shown: true,
    className: 'when-cell',
    cell: (span, { anchorUs }) => <When span={span} atUs={endUs(span)} anchorUs={anchorUs} />,
    key: endUs,
  },
  {
    id: 'start',
    name: 'Started',
    width: 110,
    shown: false,
    className: 'when-cell',
    cell: (span, { anchorUs }) => <When span={span} atUs={span.startUs} anchorUs={anchorUs} />,
    key: (span) => span.startUs,
  },
  {
    id: 'op',
    name: 'Operation',
    width: 96,
    shown: true,
    className: 'op',
    cell: ({ op }) => (
      <>
        <i className={`c c-${opClass(op)}`} />
        {op}
      </>
    ),
    key: ({ op }) => op,
    terms: ({ op }) => [`op:${op}`],
  },
  {
    id: 'path',
    name: 'Path in mount',
    width: null,
    shown: true,
    className: 'path-cell',
    cell: ({ path }, { room }) => <PathText path={path} room={room} />,
    key: ({ path }) => path,
    terms: ({ path }) => (path === null ? [] : [term('path', path), ...directoryTerms(path)]),
  },
  {
    id: 'result',
    name: 'Result',
    width: 76,
    shown: true,
    className: 'result',
    cell: (span, { ended }) => <Result span={span} ended={ended} />,
    key: resultOf,
    terms: (span) => {
      if (span.state !== 'done') return [`state:${span.state}`];
      return span.error === null ? ['errno:none'] : [`errno:${span.error}`, 'errno:any'];
    },
  },
  {
    id: 'duration',
    name: 'Duration',
    width: 158,
    shown: true,
    className: 'dur',
    cell: (span, { ended }) =>
      span.state === 'open' ? <OpenDuration span={span} ended={ended} /> : <DoneDuration span={span} />,
    key: ({ durationNs }) => durationNs,
    terms: ({ durationNs }) =>
      durationNs === null ? ['state:open'] : [`dur:>=${durationNs}ns`, `dur:<=${durationNs}ns`],
  },
  {
    id: 'detail',
    name: 'Detail',
    width: 140,
    shown: true,
    className: 'ell sec detail',
    cell: detailText,
    key: detailText,
  },
  {
    id: 'caller',
    name: 'Caller',
    width: 116,
    shown: true,
    className: 'ell caller',
    cell: (span) => <Caller span={span} />,
    key: ({ comm, pid }) => comm ?? String(pid ?? ''),
    terms: ({ comm, pid }) => [
      ...(comm === null ? [] : [term('comm', comm)]),
      ...(pid === null ? [] : [`pid:${pid}`]),
    ],
  },
  {
    id: 'mount',
    name: 'Mount',
    width: 130,
    shown: true,
    className: 'ell mono dim mount-cell',
    cell: ({ mount }, { mountRoom }) => <PathText path={mount} room={mountRoom} />,
    key: ({ mount }) => mount,
    terms: ({ mount }) => [term('mount', mount)],
  },
  figure(
    'queue',
    'Queue',
    76,
    ({ queueNs }) => queueNs,
    (ns) => (ns === null ? null : formatDuration(Number(ns)).text),
  ),
  figure('size', 'Size', 76, ({ size }) => size, bytes),
  figure('bytes', 'Moved', 76, ({ bytes: moved }) => moved, bytes),
  figure('tid', 'Thread', 70, ({ tid }) => tid),
  figure('uid', 'User', 60, ({ uid }) => uid),
  figure('gid', 'Group', 60, ({ gid }) => gid),
  figure('nodeid', 'Node', 70, ({ nodeid }) => nodeid),
  figure('fh', 'Handle', 60, ({ fh }) => fh),
  {
    ...figure('daemon', 'Daemon thread', 70, ({ daemonTid }) => daemonTid),
    terms: () => [],
  },
  {
    id: 'source',
    name: 'Source',
    width: 66,
    shown: false,
    className: 'ell sec',
    cell: ({ source }) => source,
    key: ({ source }) => source,
    terms: ({ source }) => [`source:${source}`],
  },
  {
    id: 'id',
    name: 'Span',
    width: 76,
    shown: false,
    className: 'right n dim',
    cell: ({ id }) => id,
    key: ({ id }) => id,
    terms: ({ id }) => [`id:${id}`],
  },
];

const BY_ID = new Map(COLUMNS.map((column) => [column.id, column]));
export const columnOf = (id: string): Column | undefined => BY_ID.get(id);

/** Everything in the directory of a path, and in those above it, the innermost first. */
function directoryTerms(path: string): string[] {
  const terms: string[] = [];
  for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
    // The wildcard stands outside of what is taken literally, but inside of its quotes.
    const directory = term('path', path.slice(0, cut));
    terms.push(directory.endsWith('"') ? `${directory.slice(0, -1)}/**"` : `${directory}/**`);
  }
  return terms;
}

/** Order by a column; what has no value stands last either way. */
export function comparing(column: Column, descending: boolean): (a: Span, b: Span) => number {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const [x, y] = [column.key(a), column.key(b)];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0) || b.id - a.id;
    if (typeof x === 'string' || typeof y === 'string') {
      const [left, right] = [String(x), String(y)];
      return left === right ? b.id - a.id : sign * (left < right ? -1 : 1);
    }
    return sign * (x - y) || b.id - a.id;
  };
}
