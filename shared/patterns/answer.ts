// Errors as GET /api/errors and `fusescope errors` give them: patterns in the order of their cascade, and what a mount
// failed at that does not come up.
import Type, { type Static } from 'typebox';
import { FilterParam, TimeParam } from '../api.ts';
import { nullable } from '../nullable.ts';
import { RecordingParam } from '../recording.ts';
import { rankPatterns } from './cascade.ts';
import { type Pattern, RankedPatternSchema } from './pattern.ts';

export const ErrorsQuerySchema = Type.Object(
  {
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(RecordingParam),
  },
  { additionalProperties: false },
);
export type ErrorsQuery = Static<typeof ErrorsQuerySchema>;

export const ErrorsAnswerSchema = Type.Object(
  {
    items: Type.Array(RankedPatternSchema, { description: 'the likely first cause on top' }),
    nextCursor: Type.Null(),
    fromUs: nullable(Type.Number()),
    toUs: nullable(Type.Number()),
    complete: Type.Boolean({ description: 'false: there was too much to look at all of it' }),
    mount: nullable(
      Type.Object({
        text: Type.String({ description: 'what says that a mount did not come up' }),
        checks: Type.Array(
          Type.Object({
            text: Type.String({ description: 'what failed, the first of it as it was' }),
            count: Type.Integer(),
            order: Type.Number({ description: 'line of the log, or time of the operation in µs' }),
          }),
          { description: 'what failed before, in order' },
        ),
      }),
      'a mount that did not come up, as far as a log tells',
    ),
  },
  { $id: 'Errors' },
);
export type ErrorsAnswer = Static<typeof ErrorsAnswerSchema>;

const NOT_UP =
  /\bmount\w*\b.*\b(?:tim(?:ed|e)[ -]?out|timeout|fail\w*|did not|not ready|unable)\b|\b(?:fail\w*|tim(?:ed|e)[ -]?out|unable|cannot|could not)\b.*\bmount/i;

/** Patterns as an answer. */
export function errorsAnswer(
  patterns: readonly Pattern[],
  about: Pick<ErrorsAnswer, 'fromUs' | 'toUs' | 'complete'>,
): ErrorsAnswer {
  const items = rankPatterns(patterns);
  const chain = items.filter((one) => one.role !== 'apart');
  const at = chain.findLastIndex((one) => one.op === null && NOT_UP.test(one.example));
  const down = chain[at];
  return {
    items,
    nextCursor: null,
    ...about,
    mount: down
      ? {
          text: down.example,
          checks: chain
            .slice(0, at)
            .map((one) => ({ text: one.example, count: one.count, order: one.firstOrder })),
        }
      : null,
  };
}
