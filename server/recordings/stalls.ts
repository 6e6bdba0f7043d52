// Stalls of a recording by its own clock: found in its spans, where nobody watched, and as old as its end makes them.
import type { Database } from 'better-sqlite3';
import { noDiagnosis } from '../../shared/diagnosis.ts';
import { opName } from '../../shared/ops.ts';
import { readStall, type Stall, thresholdsFor } from '../../shared/stall.ts';
import { SPAN_COLUMNS, type SpanRow, spanOf } from '../store/decode.ts';

/** A flood of stalls says no more than this many. */
const MAX_STALLS = 10_000;
const LEAST_STALLED_NS = 1_000_000;

/** Stalls of a trace that no server has watched: what took longer than its threshold, or is open for longer. */
export function raiseStalls(db: Database, toUs: number): void {
  const one = db
    .prepare(`SELECT ${SPAN_COLUMNS.select} FROM spans s ${SPAN_COLUMNS.joins} WHERE s.id = ?`)
    .raw();
  const put = db.prepare('REPLACE INTO stalls VALUES (?, ?, ?, ?, ?, ?, ?)');
  // First which, then one after the other: ten thousand of them whole are much to hold.
  for (const [i, { spanId, thresholdMs }] of found(db, toUs).entries()) {
    const span = spanOf(one.get(spanId) as SpanRow);
    const ageMs = span.durationNs === null ? (toUs - span.startUs) / 1e3 : span.durationNs / 1e6;
    const open = span.state === 'open';
    const stall: Stall = {
      id: i + 1,
      span,
      ageMs,
      thresholdMs,
      state: open ? 'open' : 'closed',
      raisedUs: span.startUs + thresholdMs * 1e3,
      closedUs: open ? null : span.startUs + ageMs * 1e3,
      endedBy: null,
      ...noDiagnosis(),
    };
    const closedUs = stall.closedUs === null ? null : Math.round(stall.closedUs);
    const raisedUs = Math.round(stall.raisedUs);
    put.run(stall.id, stall.state, span.id, span.mountId, raisedUs, closedUs, JSON.stringify(stall));
  }
}

interface Found {
  spanId: number;
  thresholdMs: number;
}

/** The first so many, in order of their start. */
function found(db: Database, toUs: number): Found[] {
  const list: Found[] = [];
  const rows = db
    .prepare(
      `SELECT s.id, ifnull(m.mount, '#' || s.mount_id), m.fs_type, s.op, s.state, s.duration_ns, s.start_ns / 1000.0
       FROM spans s LEFT JOIN mounts m ON m.id = s.mount_id
       WHERE s.state = 0 OR s.duration_ns >= ${LEAST_STALLED_NS} ORDER BY s.start_ns`,
    )
    .raw()
    .iterate() as Iterable<[number, string, string | null, number, number, number | null, number]>;
  for (const [spanId, mount, fsType, op, state, durationNs, startUs] of rows) {
    if (state !== 0 && durationNs === null) continue;
    const { stalledMs } = thresholdsFor([], { mount, fsType, op: opName(op) });
    const ageMs = durationNs === null ? (toUs - startUs) / 1e3 : durationNs / 1e6;
    if (ageMs < stalledMs) continue;
    list.push({ spanId, thresholdMs: stalledMs });
    if (list.length >= MAX_STALLS) break;
  }
  return list;
}

/** Stalls that are open are as old as the recording's end makes them. */
export function ageStalls(db: Database, toUs: number): void {
  const put = db.prepare('UPDATE stalls SET stall = ? WHERE id = ?');
  const open = db.prepare("SELECT id, stall FROM stalls WHERE state = 'open'").raw().all() as [
    number,
    string,
  ][];
  for (const [id, json] of open) {
    const stall = readStall(json);
    stall.ageMs = Math.max(0, (toUs - stall.span.startUs) / 1e3);
    put.run(JSON.stringify(stall), id);
  }
}
