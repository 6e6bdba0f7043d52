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
