// Spans, stored and in flight.
import Type from 'typebox';
import { FilterParam, listOf, SpanListSchema, SpansQuerySchema } from '../../shared/api.ts';
import { compileFilter } from '../../shared/filter/compile.ts';
import { SpanSchema } from '../../shared/span.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import { parseFilter } from '../filters.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const InflightSchema = Type.Object({ span: SpanSchema, ageMs: Type.Number() });

export function spanRoutes(app: Scope, { store, trace }: Context): void {
  app.get(
    '/api/spans',
    {
      schema: {
        summary: 'Spans by filter and range, newest start first',
        tags: ['spans'],
        querystring: SpansQuerySchema,
        response: { 200: SpanListSchema, ...errorAnswers },
      },
    },
    (request) => store.spans(request.query),
  );
  app.get(
    '/api/spans/:id',
    {
      schema: {
        summary: 'One span',
        tags: ['spans'],
        params: IdParams,
        response: { 200: SpanSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      const span = await store.span(id);
      if (!span)
        throw new CodedError(
          'FUSESCOPE_NOT_FOUND',
          `there is no span ${id}; it may be older than what is kept`,
        );
      return span;
    },
  );
  app.get(
    '/api/inflight',
    {
      schema: {
        summary: 'Open operations with their age, oldest first',
        tags: ['spans'],
        querystring: Type.Object({ filter: Type.Optional(FilterParam) }, { additionalProperties: false }),
        response: { 200: listOf(InflightSchema), ...errorAnswers },
      },
    },
    (request) => {
      const match = compileFilter(parseFilter(request.query.filter ?? ''));
      return { items: trace.inflight().filter((one) => match(one.span)), nextCursor: null };
    },
  );
}
