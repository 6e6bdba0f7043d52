// GET /api/mounts: every mount this server has heard of, those that are gone too. GET /api/mounts/map: how those of this
// machine depend on each other.
import Type from 'typebox';
import { listOf } from '../../shared/api.ts';
import { MountSchema } from '../../shared/mount.ts';
import { MountMapSchema } from '../../shared/mount-map.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';

export function mountRoutes(app: Scope, { trace, mountMap }: Context): void {
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
  app.get(
    '/api/mounts/map',
    {
      schema: {
        summary: 'How mounts depend on each other: what lies on what, what serves what, who waits for whom',
        tags: ['mounts'],
        description:
          'From mount tables, the open files of daemons as /proc tells them (looked at once in 8 s at most), and the ' +
          'chains of open stalls: no mount is touched.',
        response: { 200: MountMapSchema },
      },
    },
    () => mountMap.map(),
  );
}
