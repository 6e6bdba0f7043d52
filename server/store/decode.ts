// Rows of the tables as what they stand for.
import type { Database } from 'better-sqlite3';
import { errnoName } from '../../shared/errno.ts';
import { opName } from '../../shared/ops.ts';
import { type Args, SOURCE_KINDS, SPAN_STATES, type Span } from '../../shared/span.ts';
import type { StoredMount } from './types.ts';

/** Columns of `SpanRow`, of the table `spans s`, and the joins that give its names. */
export const SPAN_COLUMNS = {
  select: `s.id, s.mount_id, m.mount, s.start_ns / 1000, s.start_ns % 1000, s.duration_ns, s.queue_ns, s.op, s.source,
    s.state, s.errno, p.path, n.path, c.comm, a.json, s.nodeid, s.fh, s.file_offset, s.size, s.bytes, s.pid, s.tid,
    s.uid, s.gid, s.daemon_tid, s.request_unique`,
  joins: `LEFT JOIN mounts m ON m.id = s.mount_id LEFT JOIN paths p ON p.id = s.path_id
    LEFT JOIN paths n ON n.id = s.new_path_id LEFT JOIN comms c ON c.id = s.comm_id
    LEFT JOIN arguments a ON a.id = s.argument_id`,
};

type Num = number | null;
type Text = string | null;
type Any = number | string | null;
export type SpanRow = [
  id: number,
  mountId: number,
  mount: Text,
  startUs: number,
  startNsRest: number,
  durationNs: Num,
  queueNs: Num,
  op: number,
  source: number,
  state: number,
  errno: Num,
  path: Text,
  newPath: Text,
  comm: Text,
  args: Text,
  nodeid: Any,
  fh: Any,
  offset: Any,
  size: Any,
  bytes: Num,
  pid: Num,
  tid: Num,
  uid: Num,
  gid: Num,
  daemonTid: Num,
  unique: Any,
];

/** What the database does not know any more (a mount, a kind) becomes what is nearest to not known. */
export function spanOf(row: SpanRow): Span {
  const errno = row[10];
  return {
    id: row[0],
    mountId: row[1],
    mount: row[2] ?? `#${row[1]}`,
    source: SOURCE_KINDS[row[8]] ?? 'api',
    unique: row[25],
    op: opName(row[7]),
    state: SPAN_STATES[row[9]] ?? 'lost',
    startUs: startUs(row[3], row[4]),
    durationNs: row[5],
    queueNs: row[6],
    errno,
    error: errno === null ? null : errnoName(errno),
    path: row[11],
    newPath: row[12],
    nodeid: row[15],
    fh: row[16],
    offset: row[17],
    size: row[18],
    bytes: row[19],
    pid: row[20],
    tid: row[21],
    uid: row[22],
    gid: row[23],
    comm: row[13],
    daemonTid: row[24],
    args: row[14] === null ? null : (JSON.parse(row[14]) as Args),
  };
}

/** Mounts by number. */
export function storedMounts(db: Database): StoredMount[] {
  return db
    .prepare(
      `SELECT id, host, mount, kind, fs_type AS fsType, source, connection, first_seen_us AS firstSeenUs,
         last_seen_us AS lastSeenUs, gone_us AS goneUs FROM mounts ORDER BY id`,
    )
    .all() as StoredMount[];
}

/**
 * The very double that was stored: one of today's is a multiple of 0.25 µs, one of a trace that counts from 0 has at
 * most ns, and their sum in ns is exact.
 */
function startUs(wholeUs: number, restNs: number): number {
  const ns = wholeUs * 1_000 + restNs;
  return Number.isSafeInteger(ns) ? ns / 1_000 : wholeUs + restNs / 1_000;
}
