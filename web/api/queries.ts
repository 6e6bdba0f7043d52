// What the views ask the store for, as options of TanStack Query. Live data does not come this way.
import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import type { Alerts } from '../../shared/alerts.ts';
import type {
  Fault,
  Finding,
  HeatmapAnswer,
  HistogramsBy,
  LatencyAnswer,
  Mirror,
  SpanList,
} from '../../shared/api.ts';
import type { CompareAnswer, CompareQuery } from '../../shared/compare/answer.ts';
import type { FaultPreset } from '../../shared/fault-presets.ts';
import type { BreakdownAnswer, BreakdownBy, PathsAnswer, Process } from '../../shared/groups.ts';
import type { History } from '../../shared/history.ts';
import type { MountMap } from '../../shared/mount-map.ts';
import type { ErrorsAnswer } from '../../shared/patterns/answer.ts';
import type { Recording } from '../../shared/recording.ts';
import type { SettingsAnswer } from '../../shared/settings.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall, StallSnapshot } from '../../shared/stall.ts';
import type { StallGroup } from '../../shared/stall-group.ts';
import type { TimelineSummary } from '../../shared/timeline.ts';
import type { Action, Audit } from '../../shared/ways.ts';
import { apiGet, RequestError } from './client.ts';

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** A stretch of time in µs since the epoch; null is open-ended. */
export interface TimeRange {
  fromUs: number | null;
  toUs: number | null;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // A coded refusal will not change by asking again; a missing answer may.
      retry: (failures, error) => failures < 2 && !(error instanceof RequestError && error.status >= 400),
      staleTime: 1_000,
      refetchOnWindowFocus: false,
    },
  },
});

const between = (range: TimeRange) => ({
  from: range.fromUs === null ? null : Math.floor(range.fromUs),
  to: range.toUs === null ? null : Math.ceil(range.toUs),
});

/** The orders that the store knows; see SpansQuerySchema. */
export type ServerOrder = 'start:desc' | 'start:asc' | 'duration:desc';

/** One page of finished and open spans, newest start first or longest first. */
export function fetchSpans(
  ask: {
    filter: string;
    range: TimeRange;
    order: ServerOrder;
    limit: number;
    cursor?: string | null;
    /** A page by start ends then with what it has, ms. */
    withinMs?: number;
  },
  signal?: AbortSignal,
): Promise<SpanList> {
  const { filter, range, order, limit, cursor, withinMs } = ask;
  return apiGet('/spans', { filter, ...between(range), order, limit, cursor, withinMs }, signal);
}

export const spanQuery = (id: number) =>
  queryOptions({
    queryKey: ['span', id],
    queryFn: ({ signal }) => apiGet<Span>(`/spans/${id}`, {}, signal),
  });

const NEAR = 2;

/** What the thread of a span did before and after it, oldest first, the span among it. */
export const neighboursQuery = (span: Span) =>
  queryOptions({
    queryKey: ['neighbours', span.id],
    staleTime: 5_000,
    queryFn: async ({ signal }) => {
      const filter = `tid:${span.tid} -id:${span.id}`;
      const ask = (order: ServerOrder, range: TimeRange) =>
        fetchSpans({ filter, range, order, limit: NEAR }, signal);
      const [before, after] = await Promise.all([
        ask('start:desc', { fromUs: null, toUs: span.startUs }),
        ask('start:asc', { fromUs: span.startUs, toUs: null }),
      ]);
      return [...before.items.reverse(), span, ...after.items];
    },
  });

export const stallQuery = (id: number) =>
  queryOptions({
    queryKey: ['stall', id],
    queryFn: ({ signal }) => apiGet<Stall>(`/stalls/${id}`, {}, signal),
  });

/** What was seen while a stall lasted. @param examinedUs of the last look: another one may have told something new */
export const snapshotsQuery = (id: number, examinedUs: number | null) =>
  queryOptions({
    queryKey: ['stalls', 'snapshots', id, Math.floor((examinedUs ?? 0) / 5e6)],
    queryFn: ({ signal }) => apiGet<Page<StallSnapshot>>(`/stalls/${id}/snapshots`, {}, signal),
    placeholderData: keepPreviousData,
  });

/** Earlier incidents of a stall's cause. @param key of the cause: another one has another past */
export const stallsBeforeQuery = (id: number, key: string) =>
  queryOptions({
    queryKey: ['stalls', 'before', id, key],
    queryFn: ({ signal }) => apiGet<Page<Stall>>(`/stalls/${id}/before`, {}, signal),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

/** Stalls by cause, over everything that is stored. @param changes another number asks again */
export const stallGroupsQuery = (changes: number) =>
  queryOptions({
    queryKey: ['stalls', 'groups', changes],
    queryFn: ({ signal }) => apiGet<Page<StallGroup>>('/stalls/groups', {}, signal),
    placeholderData: keepPreviousData,
  });

/** Ways out of a stall of a mount; what applies changes with what happens to it. */
export const actionsQuery = (mountId: number) =>
  queryOptions({
    queryKey: ['actions', mountId],
    queryFn: ({ signal }) => apiGet<Page<Action>>(`/mounts/${mountId}/actions`, {}, signal),
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
  });

/** The last ways out that were taken. @param changes another number asks again */
export const auditQuery = (changes: number) =>
  queryOptions({
    queryKey: ['audit', changes],
    queryFn: ({ signal }) => apiGet<Page<Audit>>('/audit', { limit: 20 }, signal),
    placeholderData: keepPreviousData,
  });

/** All recordings, newest first; looked at more often while one of them grows. */
export const recordingsQuery = queryOptions({
  queryKey: ['recordings'],
  queryFn: ({ signal }) => apiGet<Page<Recording>>('/recordings', {}, signal),
  refetchInterval: ({ state }) => (state.data?.items.some(isGrowing) ? 1_000 : 5_000),
});

export const isGrowing = (recording: Recording): boolean => recording.state === 'recording';

/** Stalls that have ended, newest first, a page at a time. */
export const closedStallsQuery = (limit: number) =>
  queryOptions({
    queryKey: ['stalls', 'closed', limit],
    queryFn: ({ signal }) => apiGet<Page<Stall>>('/stalls', { state: 'closed', limit }, signal),
    placeholderData: keepPreviousData,
  });

/** How mounts depend on each other. @param changes another text asks again: mounts or stalls are not the same */
export const mountMapQuery = (changes: string) =>
  queryOptions({
    queryKey: ['mounts', 'map', changes],
    queryFn: ({ signal }) => apiGet<MountMap>('/mounts/map', {}, signal),
    placeholderData: keepPreviousData,
  });

export const mirrorsQuery = queryOptions({
  queryKey: ['mirrors'],
  queryFn: ({ signal }) => apiGet<Page<Mirror>>('/mirrors', {}, signal),
});

/** `range` is asked for anew at each fetch, so that a live window moves on. */
export const latencyQuery = (key: string, filter: string, range: () => TimeRange, by: HistogramsBy) => ({
  queryKey: ['latency', key, filter, by],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    apiGet<LatencyAnswer>('/latency', { filter, by, ...between(range()) }, signal),
  placeholderData: keepPreviousData,
});

export const heatmapQuery = (key: string, filter: string, range: () => TimeRange, columns: number) =>
  queryOptions({
    queryKey: ['heatmap', key, filter, columns],
    queryFn: ({ signal }) =>
      apiGet<HeatmapAnswer>('/heatmap', { filter, columns, ...between(range()) }, signal),
    placeholderData: keepPreviousData,
  });

/** What operations of a past stretch, by when they ended, have in common. */
export const breakdownQuery = (by: BreakdownBy, filter: string, range: TimeRange, limit: number) =>
  queryOptions({
    queryKey: ['breakdown', by, filter, range, limit],
    queryFn: ({ signal }) =>
      apiGet<BreakdownAnswer>('/latency/breakdown', { by, filter, limit, ...between(range) }, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

/** Two stretches side by side. `ask` is made anew at each fetch, so that a live window moves on. */
export const compareQuery = (key: string, ask: () => CompareQuery) =>
  queryOptions({
    queryKey: ['compare', key],
    queryFn: ({ signal }) => apiGet<CompareAnswer>('/latency/compare', ask(), signal),
    placeholderData: keepPreviousData,
  });

/** The slowest finished operations of a window. */
export const slowestQuery = (key: string, filter: string, range: () => TimeRange, limit: number) =>
  queryOptions({
    queryKey: ['slowest', key, filter, limit],
    queryFn: ({ signal }) => fetchSpans({ filter, range: range(), order: 'duration:desc', limit }, signal),
    placeholderData: keepPreviousData,
  });

/** What a stretch of time held; what is past is not asked for again. */
export const summaryQuery = (filter: string, range: { fromUs: number; toUs: number }) =>
  queryOptions({
    queryKey: ['timelineSummary', filter, range.fromUs, range.toUs],
    queryFn: ({ signal }) =>
      apiGet<TimelineSummary>('/timeline/summary', { filter, ...between(range) }, signal),
    placeholderData: keepPreviousData,
  });

/** Rules on mirrors; mirrors tell of their counters each second. */
export const faultsQuery = queryOptions({
  queryKey: ['faults'],
  queryFn: ({ signal }) => apiGet<Page<Fault>>('/faults', {}, signal),
  refetchInterval: 1_000,
});

/** Rules to start from; they are part of the server. */
export const presetsQuery = queryOptions({
  queryKey: ['faults', 'presets'],
  queryFn: ({ signal }) => apiGet<Page<FaultPreset>>('/faults/presets', {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => apiGet<SettingsAnswer>('/settings', {}, signal),
});

/** Who is told of stalls, and what became of it. */
export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) => apiGet<Alerts>('/alerts', {}, signal),
  refetchInterval: 5_000,
});

/** How much of a recording a filter and range take, whatever the page shows. */
export const partQuery = (recording: number, filter: string, range: TimeRange) =>
  queryOptions({
    queryKey: ['part', recording, filter, range.fromUs, range.toUs],
    queryFn: ({ signal }) =>
      apiGet<TimelineSummary>('/timeline/summary', { recording, filter, ...between(range) }, signal),
    placeholderData: keepPreviousData,
  });

/** What the server's machine offers; it does not change while one looks. */
export const doctorQuery = queryOptions({
  queryKey: ['doctor'],
  queryFn: ({ signal }) => apiGet<Page<Finding>>('/doctor', {}, signal),
  staleTime: 60_000,
});

/** Entries of a directory with what each took. */
export const filesQuery = (filter: string, range: TimeRange | null, under: string) =>
  queryOptions({
    queryKey: ['paths', filter, range, under],
    queryFn: ({ signal }) =>
      apiGet<PathsAnswer>('/paths', { filter, under, ...between(range ?? ALWAYS) }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: range ? false : 5_000,
  });

export const processesQuery = (filter: string, range: TimeRange | null) =>
  queryOptions({
    queryKey: ['processes', filter, range],
    queryFn: ({ signal }) =>
      apiGet<Page<Process>>('/processes', { filter, ...between(range ?? ALWAYS) }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: range ? false : 5_000,
  });

/** The life story of a path in a mount. */
export const historyQuery = (path: string, mount: string, range: TimeRange | null) =>
  queryOptions({
    queryKey: ['history', path, mount, range],
    queryFn: ({ signal }) =>
      apiGet<History>('/paths/history', { path, mount, ...between(range ?? ALWAYS) }, signal),
    refetchInterval: range ? false : 5_000,
  });

/** What failed, as patterns; of the live trace the last hour, unless a range is given. */
export const errorsQuery = (filter: string, range: TimeRange | null) =>
  queryOptions({
    queryKey: ['errors', filter, range],
    queryFn: ({ signal }) => apiGet<ErrorsAnswer>('/errors', { filter, ...between(range ?? ALWAYS) }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: range ? false : 5_000,
  });

const ALWAYS: TimeRange = { fromUs: null, toUs: null };
