// Frames of WS /api/live: JSON text, one object a frame. The server sends a snapshot, then a batch at most
// 20 times a second and a tick each second; a client may change its filter at any time.
import Type, { type Static } from 'typebox';
import { MountSchema } from './mount.ts';
import { nullable } from './nullable.ts';
import { SpanSchema } from './span.ts';
import { StallSchema } from './stall.ts';

export const LIVE_VERSION = 1;

/** What the whole trace did in one second of wall time; the columns of the time strip. */
export const SecondSchema = Type.Object({
  atS: Type.Integer({ description: 'seconds since the Unix epoch' }),
  ops: Type.Integer({ description: 'operations finished' }),
  errors: Type.Integer({ description: 'of these, with an errno other than ENOENT and ENODATA' }),
  lost: Type.Integer({ description: 'events found missing' }),
  stalls: Type.Integer({ description: 'stalls open at the end of this second' }),
});
export type Second = Static<typeof SecondSchema>;

/** Events that are known to be missing. */
export const GapSchema = Type.Object({
  mountId: nullable(Type.Integer()),
  cause: Type.String(),
  count: Type.Integer(),
  fromUs: Type.Number(),
  toUs: Type.Number(),
});
export type Gap = Static<typeof GapSchema>;

/** The instrument about itself; the page's foot and gauges. */
export const GaugesSchema = Type.Object({
  nowUs: Type.Number(),
  opsPerS: Type.Number(),
  errorsPerS: Type.Number(),
  inflight: Type.Integer(),
  oldestOpenMs: nullable(Type.Number()),
  lost: Type.Integer({ description: 'events lost since the server started' }),
  lagMs: Type.Number({ description: 'from an event until it was read here, worst of the last second' }),
  store: Type.Object({
    state: Type.Enum(['ok', 'failing']),
    message: nullable(
      Type.String({
        description: 'why it fails; else what has happened to the database, such as its setting aside',
      }),
    ),
    sizeBytes: Type.Number(),
    maxBytes: Type.Number(),
    oldestUs: nullable(Type.Number()),
    spans: Type.Integer(),
    queued: Type.Integer({ description: 'spans waiting to be written' }),
  }),
});
export type Gauges = Static<typeof GaugesSchema>;

export const SnapshotFrameSchema = Type.Object(
  {
    type: Type.Literal('snapshot'),
    v: Type.Literal(LIVE_VERSION),
    server: Type.Object({
      version: Type.String(),
      startedUs: Type.Number(),
      demo: Type.Boolean({ description: 'whether the demo is mounted' }),
    }),
    gauges: GaugesSchema,
    mounts: Type.Array(MountSchema),
    stalls: Type.Array(StallSchema, { description: 'open ones' }),
    open: Type.Array(SpanSchema, {
      description: 'open operations older than 100 ms, oldest first, 500 at most',
    }),
    seconds: Type.Array(SecondSchema, { description: 'the last ten minutes, oldest first' }),
    gaps: Type.Array(GapSchema, { description: 'of the last ten minutes' }),
    filter: Type.String(),
  },
  { $id: 'LiveSnapshot' },
);
export type SnapshotFrame = Static<typeof SnapshotFrameSchema>;

export const BatchFrameSchema = Type.Object(
  {
    type: Type.Literal('batch'),
    nowUs: Type.Number(),
    spans: Type.Array(SpanSchema, { description: 'that ended and match the filter, in order of their end' }),
    omitted: Type.Integer({
      description:
        'spans that match but were left out to spare this client; they are stored and can be asked for',
    }),
    open: nullable(
      Type.Array(SpanSchema),
      'all open operations older than 100 ms that match, oldest first, 500 at most; null: as before',
    ),
  },
  { $id: 'LiveBatch' },
);
export type BatchFrame = Static<typeof BatchFrameSchema>;

export const TickFrameSchema = Type.Object(
  {
    type: Type.Literal('tick'),
    gauges: GaugesSchema,
    mounts: Type.Array(MountSchema),
    second: SecondSchema,
    gaps: Type.Array(GapSchema, { description: 'found since the last tick' }),
  },
  { $id: 'LiveTick' },
);
export type TickFrame = Static<typeof TickFrameSchema>;

/** Sent at once when a stall is raised or closed. */
export const StallFrameSchema = Type.Object(
  { type: Type.Literal('stall'), stall: StallSchema },
  { $id: 'LiveStall' },
);
export type StallFrame = Static<typeof StallFrameSchema>;

export const ErrorFrameSchema = Type.Object(
  { type: Type.Literal('error'), code: Type.String(), message: Type.String() },
  { $id: 'LiveError' },
);
export type ErrorFrame = Static<typeof ErrorFrameSchema>;

/** What the server sends. */
export type LiveFrame = SnapshotFrame | BatchFrame | TickFrame | StallFrame | ErrorFrame;

/** What a client may send: a new filter (an error frame answers a wrong one, the old filter stays). */
export const SubscribeFrameSchema = Type.Object(
  {
    type: Type.Literal('subscribe'),
    filter: Type.String({ maxLength: 4_096 }),
    spans: Type.Optional(
      Type.Boolean({ description: 'false: no spans in batches, only what is open; default true' }),
    ),
  },
  { $id: 'LiveSubscribe', additionalProperties: false },
);
export type SubscribeFrame = Static<typeof SubscribeFrameSchema>;
