// Recordings: list, make, stop, describe, remove.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import Type from 'typebox';
import { FilterParam, listOf, TimeParam } from '../../shared/api.ts';
import { SnapshotFrameSchema } from '../../shared/live.ts';
import {
  NameSchema,
  NotesSchema,
  RECORDING_EXTENSION,
  type Recording,
  RecordingDetailsSchema,
  RecordingSchema,
} from '../../shared/recording.ts';
import { formatWall } from '../../shared/units.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import { pictureOf } from '../recordings/picture.ts';
import { rangeOf } from '../store/range.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const NewSchema = Type.Object(
  {
    name: Type.Optional(NameSchema),
    notes: Type.Optional(NotesSchema),
    filter: Type.Optional(FilterParam),
    from: Type.Optional(TimeParam),
    to: Type.Optional(TimeParam),
    recording: Type.Optional(
      Type.Integer({ minimum: 1, description: 'keep a part of this recording instead of the live trace' }),
    ),
  },
  { additionalProperties: false },
);
const ChangeSchema = Type.Object(
  {
    name: Type.Optional(NameSchema),
    notes: Type.Optional(NotesSchema),
    trim: Type.Optional(
      Type.Object(
        {
          filter: Type.Optional(FilterParam),
          from: Type.Optional(TimeParam),
          to: Type.Optional(TimeParam),
        },
        {
          additionalProperties: false,
          description: 'leaves only what was in flight in this range, and matches',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

export function recordingRoutes(app: Scope, { recordings, clock, version }: Context): void {
  const tags = ['recordings'];
  app.get(
    '/api/recordings',
    {
      schema: {
        summary: 'Recordings, newest first',
        tags,
        response: { 200: listOf(RecordingSchema), ...errorAnswers },
      },
    },
    async () => ({ items: await recordings.list(), nextCursor: null }),
  );
  app.get(
    '/api/recordings/:id',
    {
      schema: {
        summary: 'One recording, with the stall that made it',
        tags,
        params: IdParams,
        response: { 200: RecordingDetailsSchema, ...errorAnswers },
      },
    },
    (request) => recordings.details(request.params.id),
  );
  app.get(
    '/api/recordings/:id/picture',
    {
      schema: {
        summary:
          'What the page shows of a recording: mounts, open operations and stalls as they were at its end',
        description:
          'The frame that the live feed begins with; rates are means over the recording. One that grows is shown as it is at this moment; what is asked of it afterwards is answered as of then, until its picture is asked for again.',
        tags,
        params: IdParams,
        response: { 200: SnapshotFrameSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const recording = await recordings.get(request.params.id);
      await recordings.lookAgain(recording.id);
      return pictureOf(recording, await recordings.reads(recording.id), version);
    },
  );
  app.post(
    '/api/recordings',
    {
      schema: {
        summary: 'Start recording, or keep a range',
        description:
          'Without from and to: begins now and grows until it is stopped. With one of them, or of another recording: keeps what was in flight at some time of that range.',
        tags,
        body: NewSchema,
        response: { 201: RecordingSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const { from, to, recording, name = formatWall(clock.wallUs()).text, ...about } = request.body;
      const keeps = from !== undefined || to !== undefined || recording !== undefined;
      const made = keeps
        ? await recordings.keep({ ...about, name, source: 'kept' }, rangeOf(from, to), recording)
        : await recordings.start({ ...about, name, source: 'live' });
      return reply.status(201).send(made);
    },
  );
  app.post(
    '/api/recordings/:id/stop',
    {
      schema: {
        summary: 'Stop recording',
        tags,
        params: IdParams,
        response: { 200: RecordingSchema, ...errorAnswers },
      },
    },
    (request) => recordings.stop(request.params.id),
  );
  app.patch(
    '/api/recordings/:id',
    {
      schema: {
        summary: 'Change its name or notes, or trim it',
        tags,
        params: IdParams,
        body: ChangeSchema,
        response: { 200: RecordingSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { name = null, notes = null, trim } = request.body;
      if (trim) await recordings.trim(id, trim.filter ?? '', rangeOf(trim.from, trim.to));
      return recordings.describe(id, name, notes);
    },
  );
  app.delete(
    '/api/recordings/:id',
    {
      schema: {
        summary: 'Remove it for good; one that grows is stopped first',
        tags,
        params: IdParams,
        response: { 204: Type.Null({ description: 'done; no content' }), ...errorAnswers },
      },
    },
    async (request, reply) => {
      await recordings.remove(request.params.id);
      return reply.status(204).send(null);
    },
  );
  app.get(
    '/api/recordings/:id/file',
    {
      schema: {
        summary: 'The recording as one SQLite file, to keep or to send',
        tags,
        params: IdParams,
      },
    },
    async (request, reply) => {
      const { file, recording } = await recordings.fileOf(request.params.id);
      const size = (await stat(file)).size;
      reply.header('content-disposition', `attachment; filename="${fileNameOf(recording)}"`);
      reply.header('content-length', size);
      return reply
        .type('application/vnd.sqlite3')
        .send(createReadStream(file, { end: Math.max(0, size - 1) }));
    },
  );
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.post(
    '/api/recordings/file',
    {
      schema: {
        summary: 'Open the file of a recording from elsewhere',
        description:
          'The file is the body, as application/octet-stream. It is copied; a wrong one changes nothing.',
        tags,
        querystring: Type.Object({ name: Type.Optional(NameSchema) }, { additionalProperties: false }),
        response: { 201: RecordingSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      const body = request.body as AsyncIterable<Uint8Array> | undefined;
      if (!body)
        throw new CodedError('FUSESCOPE_INVALID', 'there is no file in the request. Send it as its body');
      return reply.status(201).send(await recordings.adopt(body, request.query.name ?? null));
    },
  );
}

/** A name for a file that any system takes. */
function fileNameOf({ id, name }: Recording): string {
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return `${plain === '' ? `recording-${id}` : plain}.${RECORDING_EXTENSION}`;
}
