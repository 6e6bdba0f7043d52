// Stalls: open ones with their age now, closed ones from the store.
import Type from 'typebox';
import { listOf } from '../../shared/api.ts';
import { StallSchema } from '../../shared/stall.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

export function stallRoutes(app: Scope, { store, trace }: Context): void {
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
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(StallSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const { state, limit = 100, cursor } = request.query;
      const open = trace.stalls.open();
      if (state === 'open') return { items: open, nextCursor: null };
      const closed = await store.stalls('closed', limit, cursor ?? null);
      if (state === 'closed' || cursor !== undefined) return closed;
      return { items: [...open, ...closed.items], nextCursor: closed.nextCursor };
    },
  );
  app.get(
    '/api/stalls/:id',
    {
      schema: {
        summary: 'One stall',
        tags: ['stalls'],
        params: IdParams,
        response: { 200: StallSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      const stall = trace.stalls.open().find((one) => one.id === id) ?? (await store.stall(id));
      if (!stall)
        throw new CodedError('FUSESCOPE_NOT_FOUND', `there is no stall ${id}; GET /api/stalls lists them`);
      return stall;
    },
  );
}
