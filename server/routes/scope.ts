// The Fastify instance as route files get it: typed by its schemas.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerDefault,
} from 'fastify';
import Type from 'typebox';
import { ErrorSchema } from '../../shared/api.ts';

export type Scope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse<IncomingMessage>,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Answers every route may give beside its own. */
export const errorAnswers = { '4xx': ErrorSchema, '5xx': ErrorSchema };

export const IdParams = Type.Object({ id: Type.Integer({ minimum: 0 }) });

/** What a WebSocket address answers to an ordinary request. */
export async function needsUpgrade(_request: FastifyRequest, reply: FastifyReply) {
  reply.status(426).header('upgrade', 'websocket').header('connection', 'upgrade');
  const message = 'this address is a WebSocket; /api/docs says what it speaks';
  return { statusCode: 426, code: 'FUSESCOPE_INVALID', message };
}
