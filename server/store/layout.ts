// Layout of a span on its way to the writer thread: one row of doubles, so that handing over copies nothing and
// allocates nothing per span. NaN is null. What no double holds (decimal strings of 64-bit values, ids that are
// text) travels beside it as `Wide`.

/** Doubles of a row, in the order of the table's columns; the start takes two. */
export const AT = {
  id: 0,
  mountId: 1,
  startUs: 2,
  startNsRest: 3,
  durationNs: 4,
  queueNs: 5,
  op: 6,
  source: 7,
  state: 8,
  errno: 9,
  path: 10,
  newPath: 11,
  comm: 12,
  args: 13,
  nodeid: 14,
  fh: 15,
  offset: 16,
  size: 17,
  bytes: 18,
  pid: 19,
  tid: 20,
  uid: 21,
  gid: 22,
  daemonTid: 23,
  instance: 24,
  unique: 25,
} as const;
export const WIDTH = 26;

/** Columns that may hold text. */
export const WIDE_FIELDS: readonly number[] = [AT.nodeid, AT.fh, AT.offset, AT.size, AT.unique];

/** Rows of one buffer. */
export const CHUNK_ROWS = 2_048;

/** Shared with the writer rather than given to it: what it has not written is there still when it ends. */
export type Rows = Float64Array<SharedArrayBuffer>;

export interface Chunk {
  rows: Rows;
  count: number;
  /** Text of a field of a row. */
  wide: { row: number; field: number; text: string }[];
}

export interface NewStrings {
  firstId: number;
  strings: string[];
}

export const DICTIONARIES = ['paths', 'comms', 'arguments', 'instances'] as const;
export type DictionaryName = (typeof DICTIONARIES)[number];

/** Where a new stretch of the dictionaries begins; see the table of that name. */
export interface Epoch {
  openedS: number;
  spanId: number;
  firstIds: Record<DictionaryName, number>;
}
