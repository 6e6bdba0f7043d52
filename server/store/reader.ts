// The reader thread: answers questions from a connection of its own, so that none ever holds up writing. Long ones
// are cut into slices and take turns.
import { parentPort } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import type { Second } from '../../shared/live.ts';
import { readStall, type Stall } from '../../shared/stall.ts';
import { CodedError } from '../errors.ts';
import { storedMounts } from './decode.ts';
import { FilterCompiler } from './filter-sql.ts';
import { Jobs } from './jobs.ts';
import { openReadonly } from './open.ts';
import type { FromReader, Query, ToReader } from './protocol.ts';
import { GroupQueries } from './query-groups.ts';
import { HistoryQueries } from './query-history.ts';
import { LatencyQueries } from './query-latency.ts';
import { badCursor, SpanQueries } from './query-spans.ts';
import { SummaryQueries } from './query-summary.ts';
import { TimelineQueries } from './query-timeline.ts';
import type { MountSecondRow } from './types.ts';

if (!parentPort) throw new Error('reader.ts is started by the store, as a worker');
const port = parentPort;
const send = (message: FromReader) => port.postMessage(message);
const NAMES_CACHE_KIB = 4_000;

class Reader {
  private readonly db: Database;
  private readonly names: Database;
  private readonly spans: SpanQueries;
  private readonly latency: LatencyQueries;
  private readonly timelines: TimelineQueries;
  private readonly summaries: SummaryQueries;
  private readonly groups: GroupQueries;
  private readonly history: HistoryQueries;
  private readonly jobs: Jobs;

  constructor(file: string, clock: () => number) {
    const db = openReadonly(file);
    this.db = db;
    this.names = openReadonly(file, NAMES_CACHE_KIB);
    const filters = new FilterCompiler(db, this.names);
    this.spans = new SpanQueries(db, filters, clock);
    this.latency = new LatencyQueries(db, filters, clock);
    this.timelines = new TimelineQueries(db, filters, clock);
    this.summaries = new SummaryQueries(db, filters, clock);
    this.groups = new GroupQueries(db, this.names, filters, clock);
    this.history = new HistoryQueries(db);
    this.jobs = new Jobs(file, this.names, clock);
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
      case 'scan':
        return this.spans.scan(query);
      case 'latency':
        return this.latency.latency(query.query);
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
      case 'gaps':
        return this.latency.gaps(query);
      case 'seconds':
        return this.seconds(query.fromUs, query.toUs);
      case 'stall':
        return this.stall(query.id);
      case 'stalls':
        return this.stalls(query.state, query.limit, query.cursor);
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
    }
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

  private stall(id: number): Stall | null {
    const json = this.db.prepare('SELECT stall FROM stalls WHERE id = ?').pluck().get(id) as
      | string
      | undefined;
    return json === undefined ? null : readStall(json);
  }

  /** Newest first. */
  private stalls(state: 'open' | 'closed' | null, limit: number, cursor: string | null) {
    const match = cursor === null ? null : /^stall\.(\d{1,15})$/.exec(cursor);
    if (cursor !== null && !match) throw badCursor();
    const below = match ? Number(match[1]) : Number.MAX_SAFE_INTEGER;
    const rows = this.db
      .prepare(
        `SELECT stall FROM stalls WHERE id < ? ${state === null ? '' : 'AND state = ?'} ORDER BY id DESC LIMIT ?`,
      )
      .pluck()
      .all(...[below, ...(state === null ? [] : [state]), limit + 1]) as string[];
    const items = rows.slice(0, limit).map((json) => readStall(json));
    return { items, nextCursor: rows.length > limit ? `stall.${items.at(-1)?.id}` : null };
  }
}

let reader: Reader | null = null;

async function reply(number: number, query: Query): Promise<void> {
  try {
    if (!reader) throw new Error('the store is not open');
    send({ type: 'answer', number, answer: await reader.answer(query) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    send({
      type: 'error',
      number,
      code: error instanceof CodedError ? error.code : 'FUSESCOPE_STORE',
      message,
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
  else {
    reader?.close();
    port.close();
  }
});
