// Ways out of a stall: which there are, the preview of one with its token, the deed itself, and the audit.

import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { listOf } from '../../shared/api.ts';
import {
  ActionSchema,
  AuditSchema,
  OutcomeSchema,
  PerformRequestSchema,
  PreviewRequestSchema,
  PreviewSchema,
  type WayName,
} from '../../shared/ways.ts';
import type { Context } from '../context.ts';
import { isLoopback, peerUid } from '../security/peer.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const SUMMARIES: Readonly<Record<WayName, string>> = {
  abort: 'Abort the connection: whoever waits for it gets an error',
  continue: 'Continue a daemon that was stopped (SIGCONT)',
  unmount: 'Unmount, lazily, a mount whose daemon has ended',
  signal: 'Send a caller a signal',
  release: 'Let an operation go on that an injected fault holds back',
};

export function wayRoutes(app: Scope, { ways, store }: Context): void {
  const tags = ['ways out'];
  app.get(
    '/api/mounts/:id/actions',
    {
      schema: {
        summary: 'Ways out of a stall of this mount: which apply, and why the others do not',
        tags,
        params: IdParams,
        response: { 200: listOf(ActionSchema), ...errorAnswers },
      },
    },
    async (request) => ({ items: await ways.actions(request.params.id), nextCursor: null }),
  );
  app.post(
    '/api/mounts/:id/preview',
    {
      schema: {
        summary: 'What an action would do; nothing happens yet',
        description:
          'The token in the answer is what the action itself asks for. It holds two minutes, once.',
        tags,
        params: IdParams,
        body: PreviewRequestSchema,
        response: { 200: PreviewSchema, ...errorAnswers },
      },
    },
    (request) => ways.preview(request.params.id, request.body),
  );
  for (const [action, summary] of Object.entries(SUMMARIES)) {
    app.post(
      `/api/mounts/:id/${action}`,
      {
        schema: {
          summary,
          description:
            'Needs the token of a preview of the same action. The answer says whether it worked, and what is left.',
          tags,
          params: IdParams,
          body: PerformRequestSchema,
          response: { 200: OutcomeSchema, ...errorAnswers },
        },
      },
      async (request) => {
        const { token, via = 'api' } = request.body;
        return ways.perform(request.params.id, action as WayName, token, { via, ...(await peerOf(request)) });
      },
    );
  }
  app.get(
    '/api/audit',
    {
      schema: {
        summary: 'Ways out that were taken, newest first: by whom, and what came of them',
        tags,
        querystring: Type.Object(
          {
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
            cursor: Type.Optional(Type.String({ maxLength: 200 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(AuditSchema), ...errorAnswers },
      },
    },
    (request) => store.audit(request.query.limit ?? 100, request.query.cursor ?? null),
  );
}

/** Who is at the other end, as far as the kernel tells. */
async function peerOf({ raw: { socket } }: FastifyRequest): Promise<{ uid: number | null; address: string }> {
  const address = socket.remoteAddress ?? 'unknown';
  return { uid: isLoopback(address) ? await peerUid(socket) : null, address };
}
