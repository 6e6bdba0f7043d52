// A recording: a kept stretch of a trace in a file of its own, and what may be asked of it.
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';

/** Version of the file's own description; the tables have the number of the store's migrations beside it. */
export const RECORDING_VERSION = 1;
/** How files of recordings end. */
export const RECORDING_EXTENSION = 'fscope';

export const RecordingSourceSchema = Type.Enum(['live', 'kept', 'flight', 'run', 'log'], {
  description:
    'live: started and stopped; kept: taken from what was stored; flight: kept because of a stall; run: around a command; log: imported from a log',
});
export type RecordingSource = Static<typeof RecordingSourceSchema>;

export const NameSchema = Type.String({ minLength: 1, maxLength: 200 });
export const NotesSchema = Type.String({ maxLength: 20_000 });

export const RecordingSchema = Type.Object(
  {
    id: Type.Integer(),
    name: Type.String(),
    notes: Type.String(),
    state: Type.Enum(['recording', 'done', 'broken'], {
      description: 'recording: it grows, and is shown as it is when somebody looks; broken: see problem',
    }),
    problem: nullable(Type.String({ description: 'why the file cannot be read' })),
    source: RecordingSourceSchema,
    version: Type.Integer({ description: 'of the file' }),
    host: Type.String({ description: 'machine on which it was made' }),
    createdUs: Type.Number(),
    filter: Type.String(),
    fromUs: nullable(Type.Number({ description: 'start of the range, else of the first operation' })),
    toUs: nullable(Type.Number({ description: 'its end: what is open is open until then' })),
    spans: Type.Integer(),
    open: Type.Integer({ description: 'operations that had not ended' }),
    stalls: Type.Integer(),
    lost: Type.Integer({ description: 'events known to be missing in it' }),
    mounts: Type.Array(Type.String()),
    stallId: nullable(Type.Integer({ description: 'the stall for which it was kept' })),
    sizeBytes: Type.Integer(),
  },
  { $id: 'Recording', description: 'A kept stretch of trace, in one portable file' },
);
export type Recording = Static<typeof RecordingSchema>;

/** One recording with what was noted about the stall that made it. */
export const RecordingDetailsSchema = Type.Intersect([
  RecordingSchema,
  Type.Object({ snapshot: Type.Unknown({ description: 'the stall with its diagnosis, as JSON, or null' }) }),
]);
export type RecordingDetails = Static<typeof RecordingDetailsSchema>;

/** The parameter of every question that can be asked of a recording instead of the live trace. */
export const RecordingParam = Type.Integer({
  minimum: 1,
  description: 'answer from this recording instead of the live trace',
});
