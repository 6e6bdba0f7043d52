// Mirrors that this server runs: mount, list, unmount; and the demo.
import Type from 'typebox';
import { listOf, MirrorRequestSchema, MirrorSchema } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const NothingSchema = Type.Null({ description: 'done; no content' });

export function mirrorRoutes(app: Scope, { mirrors }: Context): void {
  const tags = ['mirrors'];
  app.get(
    '/api/mirrors',
    { schema: { summary: 'Mirrors this server started', tags, response: { 200: listOf(MirrorSchema) } } },
    () => ({ items: mirrors.list(), nextCursor: null }),
  );
  app.post(
    '/api/mirrors',
    {
      schema: {
        summary: 'Mount a traced mirror of a directory',
        tags,
        body: MirrorRequestSchema,
        response: { 201: MirrorSchema, ...errorAnswers },
      },
    },
    async (request, reply) => reply.status(201).send(await mirrors.mount(request.body)),
  );
  app.post(
    '/api/mirrors/demo',
    { schema: { summary: 'Start the demo', tags, response: { 201: MirrorSchema, ...errorAnswers } } },
    async (_request, reply) => reply.status(201).send(await mirrors.startDemo()),
  );
  app.delete(
    '/api/mirrors/:id',
    {
      schema: {
        summary: 'Unmount a mirror',
        tags,
        params: IdParams,
        response: { 204: NothingSchema },
      },
    },
    async (request, reply) => {
      await mirrors.unmount(request.params.id);
      return reply.status(204).send(null);
    },
  );
}
