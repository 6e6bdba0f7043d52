// The tables of the store, for people as much as for us: plain names, units in the names, and a view `operations`
// that joins everything. 64-bit values (nodeid, fh, file_offset, size, request_unique) are integers up to 2^53-1 and
// decimal text above, as in every API; start_ns is ns since the Unix epoch. Changes come as numbered migrations.
import { ERRNO_NAMES, errnoNumber } from '../../shared/errno.ts';
import { OPS } from '../../shared/ops.ts';

/** "FSCP": tells our files from other SQLite databases. */
export const APPLICATION_ID = 0x46534350;

const FIRST = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

CREATE TABLE mounts (
  id INTEGER PRIMARY KEY, host TEXT NOT NULL, mount TEXT NOT NULL, kind TEXT NOT NULL, fs_type TEXT, source TEXT,
  connection INTEGER, first_seen_us INTEGER NOT NULL, last_seen_us INTEGER NOT NULL
) STRICT;

-- Dictionaries. The same text may stand here more than once: ids ascend, and old ones go with their spans.
CREATE TABLE paths (id INTEGER PRIMARY KEY, path TEXT NOT NULL) STRICT;
CREATE TABLE comms (id INTEGER PRIMARY KEY, comm TEXT NOT NULL) STRICT;
CREATE TABLE arguments (id INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
CREATE TABLE instances (id INTEGER PRIMARY KEY, instance TEXT NOT NULL) STRICT;
-- When a new stretch of the dictionaries began, and with which ids; by these, retention knows what is unused.
CREATE TABLE epochs (
  opened_s INTEGER NOT NULL, span_id INTEGER NOT NULL, path_id INTEGER NOT NULL, comm_id INTEGER NOT NULL,
  argument_id INTEGER NOT NULL, instance_id INTEGER NOT NULL
) STRICT;

CREATE TABLE spans (
  id INTEGER PRIMARY KEY,
  mount_id INTEGER NOT NULL,
  start_ns INTEGER NOT NULL,
  duration_ns INTEGER,
  queue_ns INTEGER,
  op INTEGER NOT NULL,
  source INTEGER NOT NULL,      -- 0 kernel 1 mirror 2 log 3 api
  state INTEGER NOT NULL,       -- 0 open 1 done 2 aborted 3 lost
  errno INTEGER,
  path_id INTEGER,
  new_path_id INTEGER,
  comm_id INTEGER,
  argument_id INTEGER,
  nodeid ANY,
  fh ANY,
  file_offset ANY,
  size ANY,
  bytes INTEGER,
  pid INTEGER,
  tid INTEGER,
  uid INTEGER,
  gid INTEGER,
  daemon_tid INTEGER,
  instance_id INTEGER,          -- collector process, for spans that were stored while open
  request_unique ANY
) STRICT;
CREATE INDEX spans_by_start ON spans (start_ns);
CREATE INDEX spans_open ON spans (id) WHERE state = 0;

CREATE TABLE stalls (
  id INTEGER PRIMARY KEY, state TEXT NOT NULL, span_id INTEGER NOT NULL, mount_id INTEGER NOT NULL,
  raised_us INTEGER NOT NULL, closed_us INTEGER, stall TEXT NOT NULL
) STRICT;
CREATE INDEX stalls_open ON stalls (id) WHERE state = 'open';
CREATE INDEX stalls_by_end ON stalls (closed_us) WHERE state = 'closed';

-- Latency by second, minute and hour (step_s 1, 60, 3600). histogram: see shared/histogram.ts.
CREATE TABLE rollups (
  step_s INTEGER NOT NULL, at_s INTEGER NOT NULL, mount_id INTEGER NOT NULL, op INTEGER NOT NULL,
  count INTEGER NOT NULL, errors INTEGER NOT NULL, sum_ns INTEGER NOT NULL, min_ns INTEGER NOT NULL,
  max_ns INTEGER NOT NULL, histogram BLOB NOT NULL,
  PRIMARY KEY (step_s, at_s, mount_id, op)
) STRICT, WITHOUT ROWID;

CREATE TABLE seconds (
  at_s INTEGER PRIMARY KEY, ops INTEGER NOT NULL, errors INTEGER NOT NULL, lost INTEGER NOT NULL,
  stalls INTEGER NOT NULL
) STRICT;

CREATE TABLE losses (
  id INTEGER PRIMARY KEY, mount_id INTEGER, cause TEXT NOT NULL, count INTEGER NOT NULL, from_us INTEGER NOT NULL,
  to_us INTEGER NOT NULL
) STRICT;
CREATE INDEX losses_by_end ON losses (to_us);

-- Highest sequence number of each collector process of which everything is stored.
CREATE TABLE sources (instance TEXT PRIMARY KEY, seq INTEGER NOT NULL, seen_s INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE settings (name TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE ops (op INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE errnos (errno INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;

CREATE VIEW operations AS
SELECT s.id,
  strftime('%Y-%m-%dT%H:%M:%S', s.start_ns / 1000000000, 'unixepoch')
    || printf('.%09dZ', s.start_ns % 1000000000) AS start,
  coalesce(m.mount, '#' || s.mount_id) AS mount,
  coalesce(o.name, 'op-' || s.op) AS op,
  CASE s.state WHEN 0 THEN 'open' WHEN 1 THEN 'done' WHEN 2 THEN 'aborted' ELSE 'lost' END AS state,
  s.duration_ns / 1e6 AS duration_ms,
  CASE WHEN s.errno > 0 THEN coalesce(e.name, 'E' || s.errno) END AS error,
  p.path, n.path AS new_path, s.file_offset, s.size, s.bytes, s.pid, s.tid, s.uid, s.gid, c.comm, a.json AS arguments,
  CASE s.source WHEN 0 THEN 'kernel' WHEN 1 THEN 'mirror' WHEN 2 THEN 'log' ELSE 'api' END AS source,
  s.request_unique, s.nodeid, s.fh, s.queue_ns, s.daemon_tid, s.start_ns, s.duration_ns
FROM spans s
LEFT JOIN mounts m ON m.id = s.mount_id
LEFT JOIN ops o ON o.op = s.op
LEFT JOIN errnos e ON e.errno = s.errno
LEFT JOIN paths p ON p.id = s.path_id
LEFT JOIN paths n ON n.id = s.new_path_id
LEFT JOIN comms c ON c.id = s.comm_id
LEFT JOIN arguments a ON a.id = s.argument_id;
`;

/** An operation of at least this has a place in the index `spans_slow`. */
export const SLOW_NS = 100_000_000;

/** What reaches into a stretch of time from before it: the slow few are found without looking at all. */
const SLOW_INDEX = `
CREATE INDEX spans_slow ON spans (start_ns) WHERE duration_ns >= ${SLOW_NS};
`;

const AUDIT = `
-- Ways out of a stall that somebody took. Written before the deed (outcome begun) and again after it.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, action TEXT NOT NULL, mount_id INTEGER NOT NULL, mount TEXT NOT NULL,
  connection INTEGER, target TEXT, uid INTEGER, via TEXT NOT NULL, address TEXT NOT NULL, outcome TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;
`;

/** What stalls are grouped by, from their JSON. Questions must ask with these very words to be answered by the index. */
export const STALL_KEYS = {
  cause: `coalesce(json_extract(stall, '$.cause.key'),
    json_extract(stall, '$.span.mount') || ' ' || json_extract(stall, '$.span.op'))`,
  incident: "coalesce(json_extract(stall, '$.groupId'), id)",
  ageMs: "json_extract(stall, '$.ageMs')",
  ended: "json_extract(stall, '$.endedBy.kind')",
} as const;

/** Holds all that grouping takes: the JSON of a stall with its stacks is too long to read for each. */
const STALL_INDEX = `
CREATE INDEX stalls_by_cause ON stalls (
  ${STALL_KEYS.cause}, ${STALL_KEYS.incident}, state, raised_us, ${STALL_KEYS.ageMs}, ${STALL_KEYS.ended}
);
`;

/** What was seen while a stall lasted, by the group of stalls that share its cause. */
const SNAPSHOTS = `
CREATE TABLE snapshots (
  id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, taken_us INTEGER NOT NULL, json TEXT NOT NULL
) STRICT;
CREATE INDEX snapshots_by_group ON snapshots (group_id);
CREATE INDEX snapshots_by_time ON snapshots (taken_us);
`;

const MOUNT_GONE = `
-- When a mount was taken away; NULL while it is there. What the kernel tells of a mirror counts from then on.
ALTER TABLE mounts ADD COLUMN gone_us INTEGER;
`;

/** Migration i brings version i to i+1. Never edit one that was released: add the next. */
export const MIGRATIONS: readonly string[] = [FIRST, SLOW_INDEX, AUDIT, STALL_INDEX, SNAPSHOTS, MOUNT_GONE];

/** Rows of the name tables, written anew at every start, so that they know what this version knows. */
export const NAMES = {
  ops: OPS.map((op) => [op.code, op.name] as const),
  errnos: ERRNO_NAMES.map((name) => [errnoNumber(name) ?? 0, name] as const),
};
