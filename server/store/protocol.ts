// What the main thread and the two workers of the store say to each other.
import type { HeatmapQuery, LatencyQuery, SpansQuery } from '../../shared/api.ts';
import type { BreakdownQuery, PathsQuery, ProcessesQuery } from '../../shared/groups.ts';
import type { Gap, Second } from '../../shared/live.ts';
import type { ErrorsQuery } from '../../shared/patterns/answer.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { TimelineQuery, TimelineSummaryQuery } from '../../shared/timeline.ts';
import type { Audit } from '../../shared/ways.ts';
import type { ErrorCode } from '../errors.ts';
import type { ExportAsk, ExportPiece } from '../export/pieces.ts';
import type { CopyFacts } from '../recordings/copy.ts';
import type { Chunk, DictionaryName, Epoch, NewStrings } from './layout.ts';
import type { RetentionLimits } from './retention.ts';
import type { RestoredSpan, RollupRow, StoredMount } from './types.ts';

export interface WriterOptions {
  file: string;
  /** False: its name is removed once it is open. */
  named: boolean;
  maxBytes: number;
  maxAgeS: number;
  /** It stands in for one of the same server that has ended by itself. */
  again: boolean;
}

/** Everything of one flush; one transaction holds it whole. */
export interface Batch {
  number: number;
  chunks: Chunk[];
  rows: number;
  /** Of the rows, how many are new spans. */
  inserted: number;
  strings: Record<DictionaryName, NewStrings>;
  epoch: Epoch | null;
  mounts: StoredMount[];
  rollups: RollupRow[];
  seconds: Second[];
  stalls: Stall[];
  snapshots: [groupId: number, snapshot: StallSnapshot][];
  gaps: Gap[];
  audit: Audit[];
  seqs: [instance: string, seq: number][];
  settings: [name: string, json: string][];
}

export type ToWriter =
  | { type: 'batch'; batch: Batch }
  /** Answer to `renewed`: every string that is known, since the new file has none. */
  | { type: 'strings'; strings: Record<DictionaryName, [id: number, text: string][]>; mounts: StoredMount[] }
  /** How much is kept from now on. */
  | { type: 'limits'; limits: RetentionLimits }
  /** The reader has found the file broken. */
  | { type: 'broken' }
  | { type: 'close' };

export interface StoreFacts {
  sizeBytes: number;
  spans: number;
  oldestUs: number | null;
}

export interface Found {
  nextSpanId: number;
  nextStallId: number;
  nextAuditId: number;
  mounts: StoredMount[];
  restored: RestoredSpan[];
  restoredStalls: Stall[];
  seqs: [instance: string, seq: number][];
  settings: [name: string, json: string][];
  setAside: string | null;
  firstIds: Record<DictionaryName, number>;
  facts: StoreFacts;
  /** Number of the last batch of this server that is in the file; 0 for none. */
  lastBatch: number;
}

export type FromWriter =
  | { type: 'ready'; found: Found }
  | { type: 'refused'; code: ErrorCode; message: string }
  | { type: 'written'; number: number; facts: StoreFacts }
  /** A batch that can never be written (not a matter of space or rights). */
  | { type: 'given-up'; number: number; message: string }
  | { type: 'facts'; facts: StoreFacts }
  /** `reopens`: the file will be opened again, and nobody else may have it open then. */
  | { type: 'state'; state: 'ok' | 'failing'; message: string | null; reopens: boolean }
  /** The file was gone or broken; a new one was begun. */
  | { type: 'renewed'; setAside: string | null; message: string };

export type Query =
  | { kind: 'spans'; query: SpansQuery }
  | { kind: 'span'; id: number }
  | { kind: 'latency'; query: LatencyQuery; also: readonly string[] }
  | { kind: 'heatmap'; query: HeatmapQuery }
  | { kind: 'timeline'; query: TimelineQuery }
  | { kind: 'timelineSummary'; query: TimelineSummaryQuery }
  | { kind: 'breakdown'; query: BreakdownQuery }
  | { kind: 'paths'; query: PathsQuery }
  | { kind: 'processes'; query: ProcessesQuery }
  | {
      kind: 'path-trace';
      path: string;
      mountIds: readonly number[];
      fromUs: number | null;
      toUs: number | null;
    }
  | { kind: 'stalls'; state: 'open' | 'closed' | null; limit: number; cursor: string | null }
  | { kind: 'stall'; id: number }
  | { kind: 'incidents'; key: string; limit: number }
  | { kind: 'stallGroups'; limit: number }
  | { kind: 'audit'; limit: number; cursor: string | null }
  | { kind: 'snapshots'; groupId: number }
  | { kind: 'gaps'; fromUs: number; toUs: number }
  | { kind: 'seconds'; fromUs: number; toUs: number }
  | { kind: 'patterns'; query: ErrorsQuery }
  | { kind: 'kept'; name: string }
  | { kind: 'mounts' }
  | { kind: 'mount-seconds'; fromS: number }
  | { kind: 'job-begin'; job: Job }
  | { kind: 'job-step'; number: number }
  | { kind: 'job-end'; number: number };

/** `follow` goes on until it is ended. */
export type CopyJob =
  | { kind: 'copy'; target: string; filter: string; fromUs: number | null; toUs: number | null }
  | { kind: 'follow'; target: string; filter: string };
export type ExportJob = { kind: 'export' } & ExportAsk;
/** Work in several pieces. */
export type Job = CopyJob | ExportJob;

export type JobPiece = CopyFacts | ExportPiece;
export interface JobAnswer {
  done: boolean;
  piece: JobPiece | null;
}

export type ToReader =
  /** Once the writer has made the file, or another one. `nowUs`: time stands still in it, for a recording. */
  | { type: 'open'; file: string; nowUs: number | null }
  | { type: 'query'; number: number; query: Query }
  /** Lets go of the file until `open` comes again. */
  | { type: 'release' }
  | { type: 'close' };
export type FromReader =
  | { type: 'ready' }
  | { type: 'refused'; code: ErrorCode; message: string }
  | { type: 'answer'; number: number; answer: unknown }
  /** `broken`: since the file is. */
  | { type: 'error'; number: number; code: ErrorCode; message: string; broken: boolean };
