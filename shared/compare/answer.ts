// GET /api/latency/compare: two stretches of operations side by side, and what of the differences is more than noise.
import Type, { type Static } from 'typebox';
import { FilterParam, HistogramSchema, TimeParam } from '../api.ts';
import { nullable } from '../nullable.ts';
import { RecordingParam } from '../recording.ts';

export const CompareQuerySchema = Type.Object(
  {
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
    againstFilter: Type.Optional(FilterParam),
    againstFrom: Type.Optional(TimeParam),
    againstTo: Type.Optional(TimeParam),
    againstRecording: Type.Optional(RecordingParam),
  },
  { additionalProperties: false },
);
export type CompareQuery = Static<typeof CompareQuerySchema>;

const SideSchema = Type.Object({
  fromUs: Type.Number(),
  toUs: Type.Number(),
  pieces: Type.Integer({ description: 'pieces of time it was cut into' }),
});

const FindingSchema = Type.Object({
  what: Type.Enum(['typical', 'tail', 'errors'], {
    description:
      'typical: all durations by rank; tail: how many lie beyond the p99 of both together; errors: how many failed',
  }),
  first: Type.Enum(['more', 'less'], { description: 'which way the first differs from the second' }),
  a: Type.Number({
    description: 'typical: share of pairs in which the first took longer; else the share of the first',
  }),
  b: Type.Number({ description: 'the rest of the pairs, or the share of the second' }),
  p: Type.Number({ description: 'corrected for all that were asked at once' }),
  real: Type.Boolean({ description: 'more than noise: p under 0.05' }),
});
export type Finding = Static<typeof FindingSchema>;

const ComparedSchema = Type.Object({
  key: Type.String({ description: 'the operation' }),
  a: nullable(HistogramSchema, 'the first; null: it has none'),
  b: nullable(HistogramSchema, 'the second'),
  verdict: Type.Enum(['differs', 'noise', 'too-little', 'only-first', 'only-second'], {
    description: 'too-little: too few pieces of time for any difference to stand out',
  }),
  findings: Type.Array(FindingSchema, { description: 'the surest first' }),
  text: Type.String({ description: 'the same in words' }),
});
export type Compared = Static<typeof ComparedSchema>;

export const CompareSchema = Type.Object({
  a: SideSchema,
  b: SideSchema,
  method: Type.String(),
  items: Type.Array(ComparedSchema, { description: 'those that differ first, then most operations first' }),
});
export type CompareAnswer = Static<typeof CompareSchema>;
