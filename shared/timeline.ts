// The timeline as the interface gives it: lanes, the operations wide enough to be drawn one by one, and for the
// rest how many there are in each column. Numbers stand in parallel arrays, so that a large picture stays small.
import Type, { type Static } from 'typebox';
import { FilterParam, TimeParam } from './api.ts';
import { GapSchema } from './live.ts';
import { nullable } from './nullable.ts';
import { RecordingParam } from './recording.ts';

/** What a lane stands for. Lanes always belong to one mount. */
export const LANE_KINDS = ['caller', 'daemon', 'op', 'path', 'mount'] as const;
export type LaneKind = (typeof LANE_KINDS)[number];

const RANGE = {
  filter: Type.Optional(FilterParam),
  from: TimeParam,
  to: TimeParam,
  recording: Type.Optional(RecordingParam),
};

export const TimelineQuerySchema = Type.Object(
  {
    ...RANGE,
    lanes: Type.Optional(Type.Enum([...LANE_KINDS], { default: 'caller' })),
    width: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 4_000,
        default: 1_000,
        description: 'columns of the picture: its pixels, or fewer',
      }),
    ),
  },
  { additionalProperties: false },
);
export type TimelineQuery = Static<typeof TimelineQuerySchema>;

const LaneSchema = Type.Object({
  key: Type.String({ description: 'the same for the same lane in every answer' }),
  mountId: Type.Integer(),
  mount: Type.String(),
  label: nullable(Type.String({ description: 'caller, operation or path; null where it is not known' })),
  thread: nullable(Type.Integer({ description: 'of the caller or the daemon' })),
  folded: Type.Integer({ description: 'how many quieter lanes this one stands for; 0: it is one itself' }),
  count: Type.Integer({ description: 'operations' }),
  errors: Type.Integer({ description: 'of these, with an errno other than ENOENT and ENODATA' }),
  open: Type.Integer(),
  busyNs: Type.Number({ description: 'sum of the durations, open ones not in it' }),
});
export type TimelineLane = Static<typeof LaneSchema>;

const numbers = (description: string) => Type.Array(Type.Number(), { description });

export const TimelineSchema = Type.Object(
  {
    fromUs: Type.Number(),
    toUs: Type.Number(),
    coveredUs: Type.Number({
      description:
        'what began before this is in the answer. Less than toUs: there was too much for one answer, ask on from here',
    }),
    stepNs: Type.Number({ description: 'width of a column' }),
    exact: Type.Boolean({ description: 'every operation is in `spans`, none in `columns`' }),
    operations: Type.Integer({ description: 'in the range' }),
    lanes: Type.Array(LaneSchema),
    names: Type.Array(Type.String(), { description: 'names and paths that `spans` refers to' }),
    spans: Type.Object(
      {
        id: numbers('id of the span'),
        lane: numbers('place in `lanes`'),
        startNs: numbers('since fromUs; negative where it began before'),
        durationNs: numbers('-1: open; 0 also where an end is not known'),
        queueNs: numbers('-1: not known'),
        op: numbers('place in `names`'),
        path: numbers('place in `names`; -1: not known'),
        errno: numbers('0: none'),
        state: numbers('0 open, 1 done, 2 aborted, 3 lost'),
      },
      { description: 'operations at least a column long, those open, and each where there are few' },
    ),
    columns: Type.Object(
      {
        lane: numbers('place in `lanes`'),
        at: numbers('column, 0 at fromUs'),
        count: numbers('operations that began in it and are shorter than a column'),
        op: numbers('an operation of the commonest class, as a place in `names`'),
        errors: numbers('of these, with an errno other than ENOENT and ENODATA'),
        errorId: numbers('id of the first of those; 0: none'),
      },
      { description: 'everything else, by lane and column, ascending' },
    ),
    gaps: Type.Array(GapSchema, { description: 'events known to be missing in the range' }),
  },
  { $id: 'Timeline' },
);
export type TimelineAnswer = Static<typeof TimelineSchema>;
/** What the spans of a store tell of it. */
export type StoredTimeline = Omit<TimelineAnswer, 'gaps'>;

export const TimelineSummaryQuerySchema = Type.Object(RANGE, { additionalProperties: false });
export type TimelineSummaryQuery = Static<typeof TimelineSummaryQuerySchema>;

const SummaryRow = {
  count: Type.Integer(),
  open: Type.Integer({ description: 'of these, open at the end of the range' }),
  timeNs: Type.Number({ description: 'spent within the range, of open operations too' }),
};

export const TimelineSummarySchema = Type.Object(
  {
    fromUs: Type.Number(),
    toUs: Type.Number(),
    coveredUs: Type.Number({ description: 'as in the timeline' }),
    operations: Type.Integer({ description: 'that were under way at some time of the range' }),
    open: Type.Integer(),
    ops: Type.Array(
      Type.Object({
        op: Type.String(),
        ...SummaryRow,
        openNs: Type.Number({ description: 'of timeNs, what open operations spent' }),
        queueNs: Type.Number({ description: 'of timeNs, until a daemon took it up, where known' }),
        p50Ns: nullable(Type.Number()),
        p99Ns: nullable(Type.Number({ description: 'of whole durations; open operations are in neither' })),
        maxNs: nullable(Type.Number()),
        errors: Type.Integer(),
        bytes: Type.Number(),
      }),
      { description: 'most time first' },
    ),
    callers: Type.Array(
      Type.Object({ comm: nullable(Type.String()), threads: Type.Integer(), ...SummaryRow }),
      { description: 'most time first, 50 at most' },
    ),
  },
  { $id: 'TimelineSummary' },
);
export type TimelineSummary = Static<typeof TimelineSummarySchema>;
