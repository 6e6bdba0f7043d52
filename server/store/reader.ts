// The reader thread: answers questions from a connection of its own, so that none ever holds up writing. Long ones
// are cut into slices and take turns.
import { parentPort } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import type { LatencyAnswer, LatencyQuery } from '../../shared/api.ts';
import type { Second } from '../../shared/live.ts';
import { CodedError } from '../errors.ts';
import { storedMounts } from './decode.ts';
import { FilterCompiler } from './filter-sql.ts';
import { Jobs } from './jobs.ts';
import { isBroken, openReadonly } from './open.ts';
import type { FromReader, JobAnswer, Query, ToReader } from './protocol.ts';
import { GroupQueries } from './query-groups.ts';
import { HistogramQueries, needsSpans } from './query-histograms.ts';
import { HistoryQueries } from './query-history.ts';
import { LatencyQueries } from './query-latency.ts';
import { gapsIn } from './query-losses.ts';
import { PatternQueries } from './query-patterns.ts';
import { SpanQueries } from './query-spans.ts';
import { StallQueries } from './query-stalls.ts';
import { SummaryQueries } from './query-summary.ts';
import { TimelineQueries } from './query-timeline.ts';
import type { MountSecondRow } from './types.ts';

if (!parentPort) throw new Error('reader.ts is started by the store, as a worker');
const port = parentPort;
const send = (message: FromReader, moved: ArrayBuffer[] = []) => port.postMessage(message, moved);
const NAMES_CACHE_KIB = 4_000;

class Reader {
  private readonly db: Database;
  private readonly names: Database;
  private readonly spans: SpanQueries;
  private readonly latency: LatencyQueries;
  private readonly histograms: HistogramQueries;
  private readonly timelines: TimelineQueries;
  private readonly summaries: SummaryQueries;
  private readonly groups: GroupQueries;
  private readonly history: HistoryQueries;
  private readonly patterns: PatternQueries;
  private readonly jobs: Jobs;
  private readonly stalls: StallQueries;

  constructor(file: string, clock: () => number) {
    const db = openReadonly(file);
    this.db = db;
    this.names = openReadonly(file, NAMES_CACHE_KIB);
    const filters = new FilterCompiler(db, this.names);
    this.spans = new SpanQueries(db, filters, clock);
    this.latency = new LatencyQueries(db, filters, clock);
    this.histograms = new HistogramQueries(db, this.names, filters, clock);
    this.timelines = new TimelineQueries(db, filters, clock);
    this.summaries = new SummaryQueries(db, filters, clock);
    this.groups = new GroupQueries(db, this.names, filters, clock);
    this.history = new HistoryQueries(db, filters);
    this.patterns = new PatternQueries(db, filters, clock);
    this.jobs = new Jobs(file, this.names, clock);
    this.stalls = new StallQueries(db);
  }

  close(): void {
    this.db.close();
    this.names.close();
    this.jobs.close();
  }

  answer(query: Query): unknown {
    switch (query.kind) {
      case 'spans':
        return this.spans.list(query.query);
      case 'span':
        return this.spans.span(query.id);
      case 'latency':
        return this.latencyOf(query.query, query.also);
      case 'heatmap':
        return this.latency.heatmap(query.query);
      case 'timeline':
        return this.timelines.timeline(query.query);
      case 'timelineSummary':
        return this.summaries.summary(query.query);
      case 'breakdown':
        return this.groups.breakdown(query.query);
      case 'paths':
        return this.groups.paths(query.query);
      case 'processes':
        return this.groups.processes(query.query);
      case 'path-trace':
        return this.history.trace(query.path, query.mountIds, query);
      case 'patterns':
        return this.patterns.patterns(query.query);
      case 'kept':
        return this.kept(query.name);
      case 'gaps':
        return gapsIn(this.db, query.fromUs, query.toUs);
      case 'seconds':
        return this.seconds(query.fromUs, query.toUs);
      case 'stall':
        return this.stalls.one(query.id);
      case 'snapshots':
        return this.stalls.snapshots(query.groupId);
      case 'stalls':
        return this.stalls.list(query.state, query.limit, query.cursor);
      case 'mounts':
        return storedMounts(this.db);
      case 'mount-seconds':
        return this.mountSeconds(query.fromS);
      case 'job-begin':
        return this.jobs.begin(query.job);
      case 'job-step':
        return this.jobs.step(query.number);
      case 'job-end':
        return this.jobs.end(query.number);
      case 'incidents':
        return this.stalls.incidents(query.key, query.limit);
      case 'stallGroups':
        return this.stalls.groups(query.limit);
      case 'audit':
        return this.stalls.audit(query.limit, query.cursor);
    }
  }

  private latencyOf(query: LatencyQuery, also: readonly string[]): Promise<LatencyAnswer> {
    const { by = 'op' } = query;
    return needsSpans(by) ? this.histograms.latency(query, by, also) : this.latency.latency(query);
  }

  private kept(name: string): string | null {
    const json = this.db.prepare('SELECT json FROM settings WHERE name = ?').pluck().get(name);
    return (json as string | undefined) ?? null;
  }

  private seconds(fromUs: number, toUs: number): Second[] {
    return this.db
      .prepare(
        'SELECT at_s AS atS, ops, errors, lost, stalls FROM seconds WHERE at_s >= ? AND at_s <= ? ORDER BY at_s',
      )
      .all(Math.floor(fromUs / 1e6), Math.floor(toUs / 1e6)) as Second[];
  }

  private mountSeconds(fromS: number): MountSecondRow[] {
    return this.db
      .prepare(
        `SELECT mount_id AS mountId, at_s AS atS, sum(count) AS ops, sum(errors) AS errors FROM rollups
         WHERE step_s = 1 AND at_s >= ? GROUP BY at_s, mount_id`,
      )
      .all(fromS) as MountSecondRow[];
  }
}

let reader: Reader | null = null;

/** A piece of a file goes to the main thread as it is, without a copy. */
function buffersOf({ piece }: JobAnswer): ArrayBuffer[] {
  return piece !== null && 'bytes' in piece ? [piece.bytes.buffer] : [];
}

async function reply(number: number, query: Query): Promise<void> {
  try {
    if (!reader) throw new Error('the database does not answer. Try again when its disk does');
    const answer = await reader.answer(query);
    send({ type: 'answer', number, answer }, query.kind === 'job-step' ? buffersOf(answer as JobAnswer) : []);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({
      type: 'error',
      number,
      code: error instanceof CodedError ? error.code : 'FUSESCOPE_STORE',
      message,
      broken: isBroken(error),
    });
  }
}

function open(file: string, nowUs: number | null): void {
  try {
    reader?.close();
    reader = new Reader(file, nowUs === null ? () => Date.now() * 1_000 : () => nowUs);
    send({ type: 'ready' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({ type: 'refused', code: 'FUSESCOPE_STORE', message });
  }
}

port.on('message', (message: ToReader) => {
  if (message.type === 'query') void reply(message.number, message.query);
  else if (message.type === 'open') open(message.file, message.nowUs);
  else if (message.type === 'release') {
    reader?.close();
    reader = null;
  } else {
    reader?.close();
    port.close();
  }
});
