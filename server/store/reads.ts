// The questions that can be asked of a database: the live one, or a recording. Each is one message to its reader thread.
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
  ProcessesQuery,
} from '../../shared/groups.ts';
import type { Gap, Second } from '../../shared/live.ts';
import type { ErrorsQuery } from '../../shared/patterns/answer.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { StallGroup } from '../../shared/stall-group.ts';
import type {
  StoredTimeline,
  TimelineQuery,
  TimelineSummary,
  TimelineSummaryQuery,
} from '../../shared/timeline.ts';
import type { ExportAsk, ExportPiece } from '../export/pieces.ts';
import type { CopyFacts } from '../recordings/copy.ts';
import type { CopyJob, Job, JobAnswer, JobPiece, Query } from './protocol.ts';
import type { FoundPatterns } from './query-patterns.ts';
import type { MountSecondRow, PathTrace, ProcessTally, Range, StoredMount, StoreReads } from './types.ts';

export abstract class Reads implements StoreReads {
  protected abstract ask<T>(query: Query): Promise<T>;

  async spans(query: SpansQuery): Promise<SpanList> {
    return this.ask<SpanList>({ kind: 'spans', query });
  }

  async span(id: number): Promise<Span | null> {
    return this.ask<Span | null>({ kind: 'span', id });
  }

  async latency(query: LatencyQuery, also: readonly string[] = []): Promise<LatencyAnswer> {
    return this.ask<LatencyAnswer>({ kind: 'latency', query, also });
  }

  async heatmap(query: HeatmapQuery): Promise<HeatmapAnswer> {
    return this.ask<HeatmapAnswer>({ kind: 'heatmap', query });
  }

  async timeline(query: TimelineQuery): Promise<StoredTimeline> {
    return this.ask<StoredTimeline>({ kind: 'timeline', query });
  }

  async timelineSummary(query: TimelineSummaryQuery): Promise<TimelineSummary> {
    return this.ask<TimelineSummary>({ kind: 'timelineSummary', query });
  }

  async breakdown(query: BreakdownQuery): Promise<BreakdownAnswer> {
    return this.ask<BreakdownAnswer>({ kind: 'breakdown', query });
  }

  async paths(query: PathsQuery): Promise<PathsAnswer> {
    return this.ask<PathsAnswer>({ kind: 'paths', query });
  }

  async processes(query: ProcessesQuery): Promise<ProcessTally[]> {
    return this.ask<ProcessTally[]>({ kind: 'processes', query });
  }

  async pathTrace(path: string, mountIds: readonly number[], range: Partial<Range>): Promise<PathTrace> {
    const { fromUs = null, toUs = null } = range;
    return this.ask<PathTrace>({ kind: 'path-trace', path, mountIds, fromUs, toUs });
  }

  async stalls(state: 'open' | 'closed' | null, limit: number, cursor: string | null) {
    return this.ask<{ items: Stall[]; nextCursor: string | null }>({ kind: 'stalls', state, limit, cursor });
  }

  async stall(id: number): Promise<Stall | null> {
    return this.ask<Stall | null>({ kind: 'stall', id });
  }

  async incidents(key: string, limit: number): Promise<Stall[]> {
    return this.ask<Stall[]>({ kind: 'incidents', key, limit });
  }

  async stallGroups(limit: number): Promise<StallGroup[]> {
    return this.ask<StallGroup[]>({ kind: 'stallGroups', limit });
  }

  async patterns(query: ErrorsQuery): Promise<FoundPatterns> {
    return this.ask<FoundPatterns>({ kind: 'patterns', query });
  }

  async kept(name: string): Promise<string | null> {
    return this.ask<string | null>({ kind: 'kept', name });
  }

  async snapshots(groupId: number): Promise<StallSnapshot[]> {
    return this.ask<StallSnapshot[]>({ kind: 'snapshots', groupId });
  }

  async gaps(range: Range): Promise<Gap[]> {
    return this.ask<Gap[]>({ kind: 'gaps', ...range });
  }

  async seconds(range: Range): Promise<Second[]> {
    return this.ask<Second[]>({ kind: 'seconds', ...range });
  }

  async storedMounts(): Promise<StoredMount[]> {
    return this.ask<StoredMount[]>({ kind: 'mounts' });
  }

  async mountSeconds(fromS: number): Promise<MountSecondRow[]> {
    return this.ask<MountSecondRow[]>({ kind: 'mount-seconds', fromS });
  }

  copy(job: CopyJob): AsyncGenerator<CopyFacts> {
    return this.job<CopyFacts>(job);
  }

  export(ask: ExportAsk): AsyncGenerator<ExportPiece> {
    return this.job<ExportPiece>({ kind: 'export', ...ask }, 1);
  }

  /** @param ahead pieces that are made while the one before them is being taken */
  private async *job<Piece extends JobPiece>(job: Job, ahead = 0): AsyncGenerator<Piece> {
    const number = await this.ask<number>({ kind: 'job-begin', job });
    const steps: Promise<JobAnswer>[] = [];
    const step = () => {
      const answer = this.ask<JobAnswer>({ kind: 'job-step', number });
      // Whoever leaves early does not hear of it.
      answer.catch(() => {});
      steps.push(answer);
    };
    try {
      for (;;) {
        while (steps.length <= ahead) step();
        const answer = await steps.shift();
        if (answer === undefined || answer.done || answer.piece === null) return;
        yield answer.piece as Piece;
      }
    } finally {
      await this.ask<void>({ kind: 'job-end', number });
    }
  }
}
