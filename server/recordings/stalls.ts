// Stalls of a recording by its own clock: found in its spans, where nobody watched, and as old as its end makes them.
import type { Database } from 'better-sqlite3';
import { noDiagnosis } from '../../shared/diagnosis.ts';
import { readStall, type Stall, thresholdsFor } from '../../shared/stall.ts';
import { SPAN_COLUMNS, type SpanRow, spanOf } from '../store/decode.ts';

/** A flood of stalls says no more than this many. */
const MAX_STALLS = 10_000;
const LEAST_STALLED_NS = 1_000_000;

/** Stalls of a trace that no server has watched: what took longer than its threshold, or is open for longer. */
export function raiseStalls(db: Database, toUs: number): void {
  const rows = db
    .prepare(
      `SELECT ${SPAN_COLUMNS.select}, m.fs_type FROM spans s ${SPAN_COLUMNS.joins}
       WHERE s.state = 0 OR s.duration_ns >= ${LEAST_STALLED_NS} ORDER BY s.start_ns`,
    )
    .raw();
  const put = db.prepare('REPLACE INTO stalls VALUES (?, ?, ?, ?, ?, ?, ?)');
  let id = 1;
  const found: Stall[] = [];
  for (const row of rows.iterate() as IterableIterator<SpanRow>) {
    const span = spanOf(row);
    const fsType = (row as unknown as unknown[]).at(-1) as string | null;
    const { stalledMs } = thresholdsFor([], { mount: span.mount, fsType, op: span.op });
    const ageMs = span.durationNs === null ? (toUs - span.startUs) / 1e3 : span.durationNs / 1e6;
    if (ageMs < stalledMs || (span.state !== 'open' && span.durationNs === null)) continue;
    const open = span.state === 'open';
    found.push({
      id: id++,
      span,
      ageMs,
      thresholdMs: stalledMs,
      state: open ? 'open' : 'closed',
      raisedUs: span.startUs + stalledMs * 1e3,
      closedUs: open ? null : span.startUs + ageMs * 1e3,
      endedBy: null,
      ...noDiagnosis(),
    });
    if (found.length >= MAX_STALLS) break;
  }
  for (const stall of found) {
    const closedUs = stall.closedUs === null ? null : Math.round(stall.closedUs);
    const raisedUs = Math.round(stall.raisedUs);
    put.run(
      stall.id,
      stall.state,
      stall.span.id,
      stall.span.mountId,
      raisedUs,
      closedUs,
      JSON.stringify(stall),
    );
  }
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
