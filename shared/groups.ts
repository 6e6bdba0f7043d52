// What took part: operations added up by caller, path, size, result, and by process; and the tree of paths.
import Type, { type Static } from 'typebox';
import { FilterParam, listOf, TimeParam } from './api.ts';
import { nullable } from './nullable.ts';
import { RecordingParam } from './recording.ts';

const LIMIT = (most: number, usual: number) => Type.Integer({ minimum: 1, maximum: most, default: usual });
const RANGE = {
  filter: Type.Optional(FilterParam),
  from: Type.Optional(TimeParam),
  to: Type.Optional(TimeParam),
  recording: Type.Optional(RecordingParam),
};

export const BREAKDOWNS = ['op', 'mount', 'comm', 'process', 'path', 'size', 'errno'] as const;
export type BreakdownBy = (typeof BREAKDOWNS)[number];
export const BreakdownQuerySchema = Type.Object(
  {
    ...RANGE,
    by: Type.Enum([...BREAKDOWNS], { description: 'size: classes of the bytes asked for, by powers of two' }),
    limit: Type.Optional(LIMIT(200, 20)),
  },
  { additionalProperties: false },
);
export type BreakdownQuery = Static<typeof BreakdownQuerySchema>;

const TALLY = {
  count: Type.Integer(),
  errors: Type.Integer({ description: 'with an errno other than ENOENT and ENODATA' }),
  bytes: Type.Number({ description: 'read and written' }),
  sumNs: Type.Number({ description: 'their durations together' }),
  maxNs: nullable(Type.Number()),
};

const GroupSchema = Type.Object({
  key: Type.String({ description: '"" where an operation has none' }),
  filter: Type.String({
    description: 'the terms of the filter language that leave just these; "" where none do',
  }),
  ...TALLY,
  p50Ns: nullable(Type.Number()),
  p99Ns: nullable(Type.Number()),
});

export const BreakdownSchema = Type.Object({
  fromUs: Type.Number(),
  toUs: Type.Number(),
  total: Type.Integer({ description: 'finished operations of the filter and range' }),
  keys: Type.Integer({ description: 'how many groups there are; at least this many where there are 50,000' }),
  items: Type.Array(GroupSchema, { description: 'most operations first' }),
});
export type BreakdownAnswer = Static<typeof BreakdownSchema>;

export const PATH_ORDERS = ['count', 'time', 'bytes', 'errors'] as const;
export type PathOrder = (typeof PATH_ORDERS)[number];
export const PathsQuerySchema = Type.Object(
  {
    ...RANGE,
    under: Type.Optional(
      Type.String({
        maxLength: 4_096,
        pattern: '^/',
        description: 'a directory in the mount: its entries, each with all below it. Absent: whole paths',
      }),
    ),
    order: Type.Optional(Type.Enum([...PATH_ORDERS], { default: 'count' })),
    limit: Type.Optional(LIMIT(1_000, 100)),
  },
  { additionalProperties: false },
);
export type PathsQuery = Static<typeof PathsQuerySchema>;

export const PathTallySchema = Type.Object({
  path: Type.String({ description: 'in the mount' }),
  own: Type.Integer({ description: 'operations on this very path' }),
  below: Type.Integer({ description: 'operations on what lies in it' }),
  open: Type.Integer({ description: 'of all these, not finished' }),
  ...TALLY,
});
export type PathTally = Static<typeof PathTallySchema>;
export const PathsSchema = Type.Object({
  items: Type.Array(PathTallySchema),
  nextCursor: nullable(Type.String()),
  keys: Type.Integer({ description: 'how many there are; at least this many where there are 50,000' }),
  unnamed: Type.Integer({ description: 'operations whose path is not known' }),
});
export type PathsAnswer = Static<typeof PathsSchema>;

export const ProcessesQuerySchema = Type.Object(
  { ...RANGE, limit: Type.Optional(LIMIT(1_000, 200)) },
  { additionalProperties: false },
);
export type ProcessesQuery = Static<typeof ProcessesQuerySchema>;
export const ProcessSchema = Type.Object({
  pid: Type.Integer(),
  comms: Type.Array(Type.String(), { description: 'names it had, the first eight' }),
  parent: nullable(Type.Integer(), 'known while it runs on this machine'),
  running: Type.Boolean({ description: 'a process of this number and one of these names runs now' }),
  mountIds: Type.Array(Type.Integer()),
  open: Type.Integer(),
  lastUs: nullable(Type.Number({ description: 'its last ENTER; null: it only stands above others' })),
  ...TALLY,
});
export type Process = Static<typeof ProcessSchema>;
export const ProcessListSchema = listOf(ProcessSchema);
