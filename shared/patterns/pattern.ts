// A pattern of errors as every API shows it: many errors that differ only in what varies.
import Type, { type Static } from 'typebox';
import { nullable } from '../nullable.ts';

export const SPARK_COLUMNS = 48;

export const PatternSchema = Type.Object(
  {
    text: Type.String({
      description: 'the template; what varies is <n>, <id>, <hex>, <uuid>, <tmp> … or <*>',
    }),
    level: Type.String({ description: 'error, fatal, warn, debug …; errno for operations' }),
    op: nullable(Type.String({ description: 'the operation that failed; null for a line of a log' })),
    errno: nullable(Type.Integer()),
    error: nullable(Type.String({ description: 'name of errno' })),
    ordinary: Type.Boolean({ description: 'an everyday answer, such as ENOENT at a look-up' }),
    count: Type.Integer(),
    firstUs: nullable(Type.Number()),
    lastUs: nullable(Type.Number()),
    firstOrder: Type.Number({
      description: 'line of a log where it first appears; for operations their time in µs',
    }),
    lastOrder: Type.Number(),
    example: Type.String({ description: 'the first of them as it was' }),
    mounts: Type.Array(Type.String(), { description: 'the first 20' }),
    processes: Type.Array(Type.String(), { description: 'the first 20' }),
    spark: Type.Array(Type.Integer(), { description: 'counts over the whole stretch, in equal columns' }),
  },
  { $id: 'ErrorPattern' },
);
export type Pattern = Static<typeof PatternSchema>;

/**
 * cause: likely the first cause. cascade: what followed from it, as far as order tells. end: what it led to.
 * apart: before the cause, or of another kind; likely of no account.
 */
export const RankedPatternSchema = Type.Intersect([
  PatternSchema,
  Type.Object({
    role: Type.Enum(['cause', 'cascade', 'end', 'apart']),
    lagUs: nullable(
      Type.Number({ description: 'from its first appearance to that of the next of the cascade' }),
    ),
    lagLines: nullable(Type.Number({ description: 'the same in lines; null for operations' })),
    reasons: Type.Array(Type.String(), { description: 'why it is thought to be the cause' }),
  }),
]);
export type RankedPattern = Static<typeof RankedPatternSchema>;
