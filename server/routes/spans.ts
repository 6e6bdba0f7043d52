// Spans, stored and in flight.
import Type from 'typebox';
import { FilterParam, listOf, SpanListSchema, SpansQuerySchema } from '../../shared/api.ts';
import { nullable } from '../../shared/nullable.ts';
import { SpanSchema } from '../../shared/span.ts';
import type { Context } from '../context.ts';
import { CodedError } from '../errors.ts';
import { withPicked } from '../kernel/picked.ts';
import { shownBy } from '../live/shown.ts';
import { FromSchema, sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers, IdParams } from './scope.ts';

const InflightSchema = Type.Object({
  span: SpanSchema,
  ageMs: Type.Number(),
  picked: Type.Optional(
    nullable(
      Type.Boolean({
        description: 'with picked=true: whether the daemon has taken the request; null where nobody can tell',
      }),
    ),
  ),
});

export function spanRoutes(app: Scope, context: Context): void {
  const { trace } = context;
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
    async (request) => (await sourceOf(context, request.query.recording)).reads.spans(request.query),
  );
  app.get(
    '/api/spans/:id',
    {
      schema: {
        summary: 'One span',
        tags: ['spans'],
        params: IdParams,
        querystring: FromSchema,
        response: { 200: SpanSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { reads } = await sourceOf(context, request.query.recording);
      const span = await reads.span(id);
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
        querystring: Type.Object(
          {
            filter: Type.Optional(FilterParam),
            picked: Type.Optional(
              Type.Boolean({
                default: false,
                description: 'true asks the kernel for each whether the daemon has taken it',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(InflightSchema), ...errorAnswers },
      },
    },
    async (request) => {
      const match = shownBy(trace, request.query.filter ?? '');
      const open = trace.inflight().filter((one) => match(one.span));
      return { items: request.query.picked ? await withPicked(open, context) : open, nextCursor: null };
    },
  );
}
