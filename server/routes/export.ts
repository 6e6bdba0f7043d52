// GET /api/export: the spans of a filter and range as a file, streamed; and how far those under way are.
import { Readable } from 'node:stream';
import { ExportQuerySchema, RunningExportListSchema } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import { EXPORTERS } from '../export/formats.ts';
import { RunningExports } from '../export/running.ts';
import { parseFilter } from '../filters.ts';
import { rangeOf } from '../store/range.ts';
import { sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function exportRoute(app: Scope, context: Context): void {
  const running = new RunningExports();
  app.get(
    '/api/export',
    {
      schema: {
        summary: 'Spans as a file: perfetto, chrome, csv, ndjson, otlp or html',
        description:
          'Everything of the filter that was in flight at some time of the range. Open ones stay open.',
        tags: ['spans'],
        querystring: ExportQuerySchema,
      },
    },
    async (request, reply) => {
      const { format, filter = '', name = null } = request.query;
      // A wrong question must be an error answer, not a file that breaks off.
      parseFilter(filter);
      const range = rangeOf(request.query.from, request.query.to);
      const { contentType, extension } = EXPORTERS[format];
      const { reads } = await sourceOf(context, request.query.recording);
      const pieces = running.follow(
        name,
        format,
        reads.export({ format, filter, ...range, version: context.version }),
      );
      reply.header('content-disposition', `attachment; filename="fusescope.${extension}"`);
      return reply.type(contentType).send(Readable.from(pieces, { objectMode: false }));
    },
  );
  app.get(
    '/api/exports',
    {
      schema: {
        summary: 'Exports under way, and how far they are',
        tags: ['spans'],
        response: { 200: RunningExportListSchema, ...errorAnswers },
      },
    },
    () => ({ items: running.list(), nextCursor: null }),
  );
}
