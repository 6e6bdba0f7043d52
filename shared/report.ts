// The self-contained page that an export as html is: what stands in its file, and how a span becomes one line of it.

import { errnoName } from './errno.ts';
import type { Gap } from './live.ts';
import { type Args, blankSpan, SOURCE_KINDS, SPAN_STATES, type Span } from './span.ts';
import type { U64 } from './u64.ts';

export interface ReportStall {
  spanId: number;
  mountId: number;
  op: string;
  path: string | null;
  comm: string | null;
  pid: number | null;
  raisedUs: number;
  closedUs: number | null;
  ageMs: number;
  kind: string;
  text: string;
}

export interface ReportHead {
  producer: string;
  fromUs: number;
  untilUs: number;
  filter: string;
  /** Spans in the file, and those that it had no room for. */
  spans: number;
  leftOut: number;
  mounts: { id: number; mount: string; fsType: string | null; source: string | null }[];
  stalls: ReportStall[];
  gaps: Gap[];
}

/** Ids of the elements that hold the two. */
export const REPORT_DATA = 'fusescope-data';
export const REPORT_HEAD = 'fusescope-head';

export type ReportRow = [
  id: number,
  mountId: number,
  source: number,
  op: string,
  state: number,
  sinceFromUs: number,
  durationNs: number | null,
  queueNs: number | null,
  errno: number | null,
  path: string | null,
  newPath: string | null,
  comm: string | null,
  pid: number | null,
  tid: number | null,
  uid: number | null,
  size: U64 | null,
  offset: U64 | null,
  bytes: number | null,
  args: Args | null,
];

/** @param fromUs begin of the report, µs since the epoch: rows tell times since then */
export function reportRow(span: Span, fromUs: number): ReportRow {
  return [
    span.id,
    span.mountId,
    SOURCE_KINDS.indexOf(span.source),
    span.op,
    SPAN_STATES.indexOf(span.state),
    span.startUs - fromUs,
    span.durationNs,
    span.queueNs,
    span.errno,
    span.path,
    span.newPath,
    span.comm,
    span.pid,
    span.tid,
    span.uid,
    span.size,
    span.offset,
    span.bytes,
    span.args,
  ];
}

/** The span of a row; what a row does not have (nodeid, fh, gid …) is null. @param fromUs as for `reportRow` */
export function reportSpan(row: ReportRow, fromUs: number, mountOf: (id: number) => string): Span {
  const [id, mountId, source, op, state, sinceUs, durationNs, queueNs, errno, path, newPath, comm, ...rest] =
    row;
  const [pid, tid, uid, size, offset, bytes, args] = rest;
  return {
    ...blankSpan(id, mountId, mountOf(mountId), SOURCE_KINDS[source] ?? 'api', op),
    state: SPAN_STATES[state] ?? 'lost',
    startUs: fromUs + sinceUs,
    durationNs,
    queueNs,
    errno,
    error: errno === null ? null : errnoName(errno),
    path,
    newPath,
    comm,
    pid,
    tid,
    uid,
    size,
    offset,
    bytes,
    args,
  };
}
