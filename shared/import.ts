// Importing a log: how it is asked for, and what became of it.
import Type, { type Static } from 'typebox';
import { ReadReportSchema } from './wire/log-frames.ts';

/** Formats that are read; `auto` tells them apart by the first lines. */
export const LOG_FORMATS = [
  'auto',
  'ndjson',
  'csv',
  'chrome',
  'fusestream',
  'libfuse',
  'juicefs',
  'loggedfs',
  'rclone',
  'gcsfuse',
  'gofuse',
  's3fs',
  'sshfs',
  'ftrace',
  'strace',
  'tracing',
  'application',
] as const;

export const ImportQuerySchema = Type.Object(
  {
    format: Type.Optional(
      Type.Enum([...LOG_FORMATS], { default: 'auto', description: 'auto: told by its first lines' }),
    ),
    mount: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4_096,
        description: 'mount point of its operations; of a trace by strace only calls below it are taken',
      }),
    ),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'of the recording' })),
    modified: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 9e15,
        description: 'when the log was last written, µs since the epoch: gives a day to times without one',
      }),
    ),
  },
  { additionalProperties: false },
);
export const ImportAnswerSchema = Type.Intersect(
  [
    Type.Object({
      file: Type.String({ description: 'the name it was given' }),
      recording: Type.Integer({ description: 'the recording that it became' }),
      stalls: Type.Integer({ description: 'by the clock of the log' }),
      patterns: Type.Integer({ description: 'kinds of errors; GET /api/errors?recording= lists them' }),
    }),
    ReadReportSchema,
  ],
  { $id: 'ImportAnswer' },
);
export type ImportAnswer = Static<typeof ImportAnswerSchema>;
