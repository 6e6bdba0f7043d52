// Queries and answers of the HTTP interface; the schemas that both the routes and their callers use.
import Type, { type Static } from 'typebox';
import { FaultEffectSchema, FaultMatchSchema, FaultRuleSchema, FaultStateSchema } from './fault.ts';
import { GapSchema, GaugesSchema } from './live.ts';
import { nullable } from './nullable.ts';
import { RecordingParam } from './recording.ts';
import { SpanSchema } from './span.ts';

export const TimeParam = Type.String({
  description: 'µs since the Unix epoch, or RFC 3339',
  pattern: '^([0-9]+(\\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}T.*)$',
  maxLength: 40,
});
export const FilterParam = Type.String({
  maxLength: 4_096,
  description: 'the filter language; "" matches all',
});

export const ErrorSchema = Type.Object(
  { statusCode: Type.Integer(), code: Type.String(), message: Type.String() },
  { $id: 'Error', description: 'code is stable and begins with FUSESCOPE_' },
);
export type ApiError = Static<typeof ErrorSchema>;

/** A page of a list. `nextCursor` null: that was the last. */
export const listOf = <T extends Type.TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: nullable(Type.String()) });

export const SpansQuerySchema = Type.Object(
  {
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
    order: Type.Optional(Type.Enum(['start:desc', 'start:asc', 'duration:desc'], { default: 'start:desc' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 100 })),
    cursor: Type.Optional(Type.String({ maxLength: 200 })),
    withinMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_500,
        description:
          'of a list by start: after this long a page ends even with nothing, after a quarter of it with what it has found, and its cursor goes on from there; 1500 ms in any case where it is absent',
      }),
    ),
  },
  { additionalProperties: false },
);
export type SpansQuery = Static<typeof SpansQuerySchema>;
export const SpanListSchema = listOf(SpanSchema);
export type SpanList = Static<typeof SpanListSchema>;

/** What histograms can be told apart by. */
export const HISTOGRAMS_BY = ['op', 'mount', 'comm', 'path', 'size', 'errno', 'none'] as const;
export type HistogramsBy = (typeof HISTOGRAMS_BY)[number];

/**
 * Where a latency answer comes from: by op or mount, a filter on op, mount and time is answered from rollups; any other
 * filter and any other key by a scan.
 */
export const LatencyQuerySchema = Type.Object(
  {
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
    by: Type.Optional(
      Type.Enum([...HISTOGRAMS_BY], {
        default: 'op',
        description: 'comm: caller; size: classes of the bytes asked for, by powers of two; errno: result',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 200,
        default: 40,
        description:
          'histograms by comm, path, size or errno, those of most operations; of op and mount all are given',
      }),
    ),
  },
  { additionalProperties: false },
);
export type LatencyQuery = Static<typeof LatencyQuerySchema>;

export const HistogramSchema = Type.Object({
  key: Type.String({
    description: 'the operation, mount, …; "all" where by=none, "" where an operation has none',
  }),
  filter: Type.String({
    description: 'the terms of the filter language that leave just these; "" where none do',
  }),
  mountId: nullable(Type.Integer()),
  count: Type.Integer(),
  errors: Type.Integer(),
  sumNs: Type.Number(),
  minNs: nullable(Type.Number()),
  maxNs: nullable(Type.Number()),
  p50Ns: nullable(Type.Number()),
  p90Ns: nullable(Type.Number()),
  p99Ns: nullable(Type.Number()),
  p999Ns: nullable(Type.Number()),
  buckets: Type.Array(Type.Tuple([Type.Number(), Type.Number(), Type.Integer()]), {
    description: '[from ns, to ns), count; ascending, empty ones left out',
  }),
  open: Type.Integer({ description: 'open operations, in none of the figures above' }),
  oldestOpenMs: nullable(Type.Number()),
});
export type HistogramAnswer = Static<typeof HistogramSchema>;
export const LatencySchema = Type.Object({
  fromUs: Type.Number(),
  toUs: Type.Number(),
  keys: Type.Integer({ description: 'how many there are; at least this many where there are 50,000' }),
  items: Type.Array(HistogramSchema, { description: 'most operations first' }),
});
export type LatencyAnswer = Static<typeof LatencySchema>;

export const HeatmapQuerySchema = Type.Object(
  {
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
    columns: Type.Optional(Type.Integer({ minimum: 1, maximum: 600, default: 120 })),
  },
  { additionalProperties: false },
);
export type HeatmapQuery = Static<typeof HeatmapQuerySchema>;
export const HeatmapSchema = Type.Object({
  fromUs: Type.Number(),
  toUs: Type.Number(),
  stepUs: Type.Number({ description: 'width of a column' }),
  edgesNs: Type.Array(Type.Number(), { description: 'latency edges, ascending; row r is edges r to r+1' }),
  columns: Type.Array(Type.Array(Type.Integer()), { description: 'by time, then by row: counts' }),
  gaps: Type.Array(GapSchema),
});
export type HeatmapAnswer = Static<typeof HeatmapSchema>;

/** The process that listens to the kernel. */
export const KernelStateSchema = Type.Object({
  running: Type.Boolean(),
  pid: nullable(Type.Integer()),
  tier: Type.Enum(['bpf', 'tracefs', 'proc'], { description: 'the best that this machine allows' }),
  reason: nullable(Type.String({ description: 'why it is not a better one; null: all is well' })),
  excluded: Type.Integer({ description: 'operations of FuseScope’s own processes, which are not told' }),
  restarts: Type.Integer(),
});
export type KernelState = Static<typeof KernelStateSchema>;

const OtlpStateSchema = Type.Object({
  url: Type.String(),
  queued: Type.Integer(),
  sent: Type.Integer({ description: 'operations the collector has taken' }),
  dropped: Type.Integer({ description: 'that it refused, or that did not fit into the queue' }),
  lastError: nullable(Type.String()),
});
export type OtlpState = Static<typeof OtlpStateSchema>;
export const HealthSchema = Type.Object(
  {
    status: Type.Enum(['ok', 'degraded']),
    version: Type.String(),
    uptimeS: Type.Number(),
    pid: Type.Integer(),
    gauges: GaugesSchema,
    losses: Type.Record(Type.String(), Type.Integer(), { description: 'events lost, by cause' }),
    sources: Type.Integer({ description: 'collectors connected' }),
    liveClients: Type.Integer(),
    tiers: Type.Record(Type.String(), Type.Integer(), { description: 'mounts by capture tier' }),
    kernel: KernelStateSchema,
    mounts: Type.Array(
      Type.Object({ mount: Type.String(), tier: Type.String(), reason: nullable(Type.String()) }),
      { description: 'what captures each mount, and why nothing better' },
    ),
    setAside: nullable(Type.String({ description: 'file of a database that could not be read' })),
    otlp: nullable(OtlpStateSchema, 'null without --otlp'),
  },
  { $id: 'Health' },
);
export type Health = Static<typeof HealthSchema>;

/** One row of what the server's machine offers. `warn`: works, with less; `missing`: what needs it does not work. */
export const FindingSchema = Type.Object({
  name: Type.String(),
  state: Type.Enum(['ok', 'warn', 'missing']),
  found: Type.String(),
  how: nullable(Type.String({ description: 'how to get what is missing' })),
});
export type Finding = Static<typeof FindingSchema>;

export const EventsAnswerSchema = Type.Object({
  accepted: Type.Integer({ description: 'lines handed to the store' }),
  rejectedCount: Type.Integer(),
  rejected: Type.Array(Type.Object({ line: Type.Integer(), error: Type.String() }), {
    description: 'the first 100',
  }),
});
export type EventsAnswer = Static<typeof EventsAnswerSchema>;

export const MirrorRequestSchema = Type.Object(
  {
    source: Type.String({ pattern: '^/', maxLength: 4_096, description: 'directory to mirror, absolute' }),
    mountpoint: Type.String({ pattern: '^/', maxLength: 4_096, description: 'empty directory, absolute' }),
    allowOther: Type.Optional(Type.Boolean()),
    directIo: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type MirrorRequest = Static<typeof MirrorRequestSchema>;
export const MirrorSchema = Type.Object(
  {
    id: Type.Integer(),
    source: Type.String(),
    mountpoint: Type.String(),
    pid: Type.Integer(),
    state: Type.Enum(['mounted', 'ended']),
    demo: Type.Boolean(),
    message: nullable(Type.String()),
  },
  { $id: 'Mirror' },
);
export type Mirror = Static<typeof MirrorSchema>;

export const FaultSchema = Type.Object(
  { ...FaultStateSchema.properties, mountId: Type.Integer(), mount: Type.String() },
  { $id: 'Fault', description: 'a rule on a mirror; each operation it touches has args.fault, its id' },
);
export type Fault = Static<typeof FaultSchema>;
export const FaultRequestSchema = Type.Object(
  {
    mount: Type.Union([Type.Integer(), Type.String({ maxLength: 4_096 })], {
      description: 'id or mount point of the mirror',
    }),
    rule: FaultRuleSchema,
  },
  { additionalProperties: false },
);
export const FaultChangeSchema = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    match: Type.Optional(FaultMatchSchema),
    effect: Type.Optional(FaultEffectSchema),
    seed: FaultRuleSchema.properties.seed,
    ttlMs: FaultRuleSchema.properties.ttlMs,
    note: FaultRuleSchema.properties.note,
  },
  { additionalProperties: false },
);
export const FaultPresetSchema = Type.Object({
  name: Type.String(),
  title: Type.String(),
  incident: Type.String({ description: 'what happened, and where' }),
  rule: FaultRuleSchema,
});
export const EXPORT_FORMATS = ['perfetto', 'chrome', 'csv', 'ndjson', 'otlp', 'html'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
export const ExportQuerySchema = Type.Object(
  {
    format: Type.Enum([...EXPORT_FORMATS]),
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
    name: Type.Optional(
      Type.String({ maxLength: 100, description: 'by which GET /api/exports tells it from others' }),
    ),
  },
  { additionalProperties: false },
);
const RunningExportSchema = Type.Object({
  name: nullable(Type.String()),
  format: Type.Enum([...EXPORT_FORMATS]),
  spans: Type.Integer({ description: 'written so far' }),
  bytes: Type.Integer(),
  share: Type.Number({ description: 'of the range, 0 to 1' }),
});
export type RunningExport = Static<typeof RunningExportSchema>;
export const RunningExportListSchema = listOf(RunningExportSchema);
