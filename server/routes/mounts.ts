// GET /api/mounts: every mount this server has heard of, those that are gone too.
import Type from 'typebox';
import { listOf } from '../../shared/api.ts';
import { MountSchema } from '../../shared/mount.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';

export function mountRoutes(app: Scope, { trace }: Context): void {
  app.get(
    '/api/mounts',
    {
      schema: {
        summary: 'Mounts with their state, rates and latencies',
        tags: ['mounts'],
        querystring: Type.Object(
          {
            gone: Type.Optional(
              Type.Boolean({ default: true, description: 'false leaves out those that are gone' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(MountSchema) },
      },
    },
    (request) => {
      const mounts = trace.mountViews();
      const items = request.query.gone === false ? mounts.filter((one) => one.state !== 'gone') : mounts;
      return { items, nextCursor: null };
    },
  );
}
