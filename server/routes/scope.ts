// The Fastify instance as route files get it: typed by its schemas.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
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
