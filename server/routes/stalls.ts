// Stalls: open ones with their age now, closed ones from the store.
import Type from 'typebox';
import { listOf } from '../../shared/api.ts';
import { RecordingParam } from '../../shared/recording.ts';
import { listed, type Stall, StallSchema, StallSnapshotSchema } from '../../shared/stall.ts';
import { StallGroupSchema } from '../../shared/stall-group.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import { FromSchema, type Source, sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const BEFORE = 20;

export function stallRoutes(app: Scope, context: Context): void {
  const { store, trace } = context;
  app.get(
    '/api/stalls',
    {
      schema: {
        summary: 'Stalls, open ones first, then the last that ended',
        tags: ['stalls'],
        querystring: Type.Object(
          {
            state: Type.Optional(Type.Enum(['open', 'closed'])),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
            cursor: Type.Optional(Type.String({ maxLength: 200 })),
            recording: Type.Optional(RecordingParam),
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(StallSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { state, limit = 100, cursor, recording } = request.query;
      const { reads, isLive } = await sourceOf(context, recording);
      if (!isLive) return reads.stalls(state ?? null, limit, cursor ?? null);
      const open = trace.stalls.open().map(listed);
      if (state === 'open') return { items: open, nextCursor: null };
      const closed = await store.stalls('closed', limit, cursor ?? null);
      if (state === 'closed' || cursor !== undefined) return closed;
      return { items: [...open, ...closed.items], nextCursor: closed.nextCursor };
    },
  );
  app.get(
    '/api/stalls/groups',
    {
      schema: {
        summary: 'Stalls by their cause: how often it came, for how long, and what ended it',
        tags: ['stalls'],
        querystring: Type.Object(
          {
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
            recording: Type.Optional(RecordingParam),
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(StallGroupSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { reads } = await sourceOf(context, request.query.recording);
      return { items: await reads.stallGroups(request.query.limit ?? 100), nextCursor: null };
    },
  );
  app.get(
    '/api/stalls/:id/before',
    {
      schema: {
        summary: 'Earlier incidents of the same cause, newest first: of each the operation that hung longest',
        tags: ['stalls'],
        params: IdParams,
        querystring: FromSchema,
        response: { 200: listOf(StallSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const source = await sourceOf(context, request.query.recording);
      const stall = await find(request.params.id, source);
      const key = stall.cause?.key ?? `${stall.span.mount} ${stall.span.op}`;
      const own = stall.groupId ?? stall.id;
      const found = await source.reads.incidents(key, BEFORE + 1);
      const items = found.filter((one) => (one.groupId ?? one.id) !== own && one.id !== stall.id);
      return { items: items.slice(0, BEFORE), nextCursor: null };
    },
  );
  app.get(
    '/api/stalls/:id',
    {
      schema: {
        summary: 'One stall',
        tags: ['stalls'],
        params: IdParams,
        querystring: FromSchema,
        response: { 200: StallSchema, ...errorAnswers },
      },
    },
    async (request) => find(request.params.id, await sourceOf(context, request.query.recording)),
  );

  app.get(
    '/api/stalls/:id/snapshots',
    {
      schema: {
        summary: 'What was seen while a stall lasted: processes, threads, sockets, oldest first',
        description: 'One where something changed, 30 at most for all stalls with one cause (groupId).',
        tags: ['stalls'],
        params: IdParams,
        response: {
          200: Type.Object({ items: Type.Array(StallSnapshotSchema), nextCursor: Type.Null() }),
          ...errorAnswers,
        },
      },
    },
    async (request) => {
      const stall = await find(request.params.id, await sourceOf(context, undefined));
      const items = stall.groupId === null ? [] : await store.snapshots(stall.groupId);
      return { items, nextCursor: null };
    },
  );

  async function find(id: number, { reads, isLive }: Source): Promise<Stall> {
    const open = isLive ? trace.stalls.open().find((one) => one.id === id) : undefined;
    const stall = open ?? (await reads.stall(id));
    if (stall) return stall;
    throw new CodedError('FUSESCOPE_NOT_FOUND', `there is no stall ${id}; GET /api/stalls lists them`);
  }
}
