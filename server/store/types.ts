// What the rest of the server may ask of the store. The store lives behind worker threads, since SQLite is
// synchronous: nothing here waits, except what returns a promise.
import type {
  HeatmapAnswer,
  HeatmapQuery,
  LatencyAnswer,
  LatencyQuery,
  SpanList,
  SpansQuery,
} from '../../shared/api.ts';
import type {
  BreakdownAnswer,
  BreakdownQuery,
  PathsAnswer,
  PathsQuery,
  Process,
  ProcessesQuery,
} from '../../shared/groups.ts';
import type { Gap, Gauges, Second } from '../../shared/live.ts';
import type { ErrorsQuery } from '../../shared/patterns/answer.ts';
import type { Retention } from '../../shared/settings.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { StallGroup } from '../../shared/stall-group.ts';
import type {
  StoredTimeline,
  TimelineQuery,
  TimelineSummary,
  TimelineSummaryQuery,
} from '../../shared/timeline.ts';
import type { Audit } from '../../shared/ways.ts';
import type { ExportAsk, ExportPiece } from '../export/pieces.ts';
import type { CopyFacts } from '../recordings/copy.ts';
import type { CopyJob } from './protocol.ts';
import type { FoundPatterns } from './query-patterns.ts';

export interface StoreOptions {
  /** Path of the database, or `:memory:` (a file on tmpfs without a name). */
  file: string;
  /** Oldest spans go when the file grows past this. */
  maxBytes: number;
  /** Spans that were stored longer ago than this go; open ones stay. */
  maxAgeS: number;
  /** Paths, and other texts, that are remembered so that each is stored once; beyond that some are stored again. */
  maxStrings?: number;
  /** Called when the store begins to fail and when it recovers; its gauges say the same. */
  onState?: (state: 'ok' | 'failing', message: string | null) => void;
  /** Called with spans that were given up because the store could not take them. */
  onLost?: (cause: 'store-behind' | 'store-failing', count: number) => void;
  /** Called once everything that was handed in before `noteSeq(instance, seq)` is in a committed transaction. */
  onDurable?: (instance: string, seq: number) => void;
}

/** A mount as the store keeps it, so that spans of an earlier run still have a name. */
export interface StoredMount {
  id: number;
  host: string;
  mount: string;
  kind: Span['source'];
  fsType: string | null;
  source: string | null;
  connection: number | null;
  firstSeenUs: number;
  lastSeenUs: number;
  /** Since when it is not there, µs since the epoch; null while it is, or where that is not known. */
  goneUs: number | null;
}

export interface MountSecondRow {
  mountId: number;
  atS: number;
  ops: number;
  errors: number;
}

/** A span that was open when the server last ended, with the collector process (`instance`) it came from. */
export interface RestoredSpan {
  span: Span;
  instance: string | null;
}

/** One second of one mount and operation: a sparse log-linear histogram (shared/histogram.ts). */
export interface RollupRow {
  mountId: number;
  op: string;
  atS: number;
  count: number;
  errors: number;
  sumNs: number;
  minNs: number;
  maxNs: number;
  /** Bucket numbers, ascending, and how often each. */
  buckets: Uint16Array;
  counts: Uint32Array;
}

/** A process as spans tell of it. */
export type ProcessTally = Omit<Process, 'parent' | 'running' | 'lastUs'> & { lastUs: number };

/** Everything that is stored of some names and of the directories above them, oldest first. */
export interface PathTrace {
  names: Set<string>;
  spans: Span[];
  /** From here on nothing is missing; null: nothing is. */
  sinceUs: number | null;
}

export interface Range {
  fromUs: number;
  toUs: number;
}

/** What may be asked of a database, the live one and a recording alike. */
export interface StoreReads {
  /**
   * A page that has looked for 1.5 s ends with what it has: it may be short or empty, and `nextCursor` goes on from
   * there; only null is the end. By duration everything is looked at, finished spans alone; past 10 s it is refused.
   * This and every other question first waits (5 s at most) for what was put before it.
   * @throws CodedError FUSESCOPE_FILTER with the position, FUSESCOPE_CURSOR, FUSESCOPE_TIME, FUSESCOPE_BUSY
   */
  spans(query: SpansQuery): Promise<SpanList>;
  span(id: number): Promise<Span | null>;
  /** Every span of the filter that was in flight in the range, in order of start, as pieces of a file: constant memory. */
  export(ask: ExportAsk): AsyncGenerator<ExportPiece>;
  /**
   * By the time at which operations ended. A filter on op, mount and source is answered from rollups in whole seconds
   * (`fromUs`, `toUs` tell which); any other, and by any other key than these, by looking at spans. `open` is 0 and
   * `oldestOpenMs` null.
   * @param also keys that are answered whatever their count, where they are not all
   * @throws CodedError FUSESCOPE_BUSY where that would take more than 10 s
   */
  latency(query: LatencyQuery, also?: readonly string[]): Promise<LatencyAnswer>;
  /** The last ten minutes, unless a range is given. Columns are whole seconds. @throws as `latency` */
  heatmap(query: HeatmapQuery): Promise<HeatmapAnswer>;
  /**
   * What began in the range or reaches into it. An answer that has looked for 1.2 s, or at 2 M operations, ends early;
   * its `coveredUs` says how far it got. @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_TIME
   */
  timeline(query: TimelineQuery): Promise<StoredTimeline>;
  /** What was under way in the range, by operation and by caller. Ends early as `timeline` does. @throws as it */
  timelineSummary(query: TimelineSummaryQuery): Promise<TimelineSummary>;
  /** By the time at which operations ended. @throws as `latency` */
  breakdown(query: BreakdownQuery): Promise<BreakdownAnswer>;
  /** By the time at which operations began, as `processes`. @throws as `latency` */
  paths(query: PathsQuery): Promise<PathsAnswer>;
  processes(query: ProcessesQuery): Promise<ProcessTally[]>;
  /** A path in these mounts, and all names that renames lead to from it. Ends early where it takes too long. */
  pathTrace(path: string, mountIds: readonly number[], range: Partial<Range>): Promise<PathTrace>;
  stalls(
    state: 'open' | 'closed' | null,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: Stall[]; nextCursor: string | null }>;
  stall(id: number): Promise<Stall | null>;
  /** The first ended stall of each incident of one cause (`cause.key`), newest first. */
  incidents(key: string, limit: number): Promise<Stall[]>;
  /** Stalls by cause, the one that ended last first. */
  stallGroups(limit: number): Promise<StallGroup[]>;
  /** What failed, folded; looks for 5 s at most. @throws CodedError FUSESCOPE_FILTER, FUSESCOPE_TIME */
  patterns(query: ErrorsQuery): Promise<FoundPatterns>;
  /** JSON that was kept under a name (table `settings`), or null. */
  kept(name: string): Promise<string | null>;
  /** What was seen while a group of stalls lasted, oldest first. */
  snapshots(groupId: number): Promise<StallSnapshot[]>;
  gaps(range: Range): Promise<Gap[]>;
  seconds(range: Range): Promise<Second[]>;
  /** Mounts as they are stored. */
  storedMounts(): Promise<StoredMount[]>;
  /** Operations that ended since a second, by mount and second. */
  mountSeconds(fromS: number): Promise<MountSecondRow[]>;
  /** Into a recording, in pieces that the caller fetches one by one. A copy that is left early is ended. */
  copy(job: CopyJob): AsyncGenerator<CopyFacts>;
}

export interface Store extends StoreReads {
  /** First id that no stored span has. */
  readonly nextSpanId: number;
  readonly nextStallId: number;
  readonly nextAuditId: number;
  readonly mounts: readonly StoredMount[];
  /** Open spans found at start. */
  readonly restored: readonly RestoredSpan[];
  /** Stalls that were open when the server last ended. */
  readonly restoredStalls: readonly Stall[];
  /** Highest durable sequence number of each collector instance of the last day. */
  readonly seqs: ReadonlyMap<string, number>;
  /** File that was set aside because it could not be read, else null. */
  readonly setAside: string | null;
  /** What users have set, as JSON by name (table `settings`). */
  readonly settings: ReadonlyMap<string, string>;

  putMount(mount: StoredMount): void;
  /** A span not yet stored, finished or open. It is read at once: the caller may go on changing it. */
  insert(span: Span, instance: string | null): void;
  /** A span that was inserted while open and has now ended. */
  update(span: Span): void;
  putRollups(rows: readonly RollupRow[]): void;
  putSecond(second: Second): void;
  /** Inserts the stall, or replaces what is stored under its id. */
  putStall(stall: Stall): void;
  putSnapshot(groupId: number, snapshot: StallSnapshot): void;
  putGap(gap: Gap): void;
  /** Inserts the line, or replaces what is stored under its id. */
  putAudit(audit: Audit): void;
  putSetting(name: string, json: string): void;
  /** What was set of how much is kept; null: as the store was opened. */
  readonly retention: Retention | null;
  /** Sets it, from now on and over restarts. */
  keep(retention: Retention | null): void;
  noteSeq(instance: string, seq: number): void;
  /** Hands what was put since the last call to the writer. Called by the server's own timer. */
  flush(): void;

  audit(limit: number, cursor: string | null): Promise<{ items: Audit[]; nextCursor: string | null }>;
  gauges(): Gauges['store'];
  /** Once everything that was put before is committed, or the store fails. */
  settled(): Promise<void>;
  /** Once the oldest of what waits for the disk is committed, or the store fails. */
  moved(): Promise<void>;
  /** Writes what is pending, then ends the workers. */
  close(): Promise<void>;
}
