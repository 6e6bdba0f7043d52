// GET /api/export: the spans of a filter and range as a file, streamed; the table of formats.
import { Readable } from 'node:stream';
import type { ExportFormat } from '../../shared/api.ts';
import { ExportQuerySchema } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import { chrome } from '../export/chrome.ts';
import { csv } from '../export/csv.ts';
import type { Exporter } from '../export/format.ts';
import { html } from '../export/html.ts';
import { ndjson } from '../export/ndjson.ts';
import { otlp } from '../export/otlp.ts';
import { perfetto } from '../export/perfetto.ts';
import { parseFilter } from '../filters.ts';
import { parseTimeUs } from '../times.ts';
import { sourceOf } from './from.ts';
import type { Scope } from './scope.ts';

const EXPORTERS: Readonly<Record<ExportFormat, Exporter>> = {
  perfetto,
  chrome,
  csv,
  ndjson,
  otlp,
  html,
};

export function exportRoute(app: Scope, context: Context): void {
  app.get(
    '/api/export',
    {
      schema: {
        summary: 'Spans as a file: perfetto, chrome, csv, ndjson, otlp or html',
        tags: ['spans'],
        querystring: ExportQuerySchema,
      },
    },
    async (request, reply) => {
      const { format, filter = '' } = request.query;
      // A wrong filter must be an error answer, not a file that breaks off.
      parseFilter(filter);
      const fromUs = parseTimeUs(request.query.from, 'from');
      const toUs = parseTimeUs(request.query.to, 'to');
      const exporter = EXPORTERS[format];
      const { reads, nowUs } = await sourceOf(context, request.query.recording);
      const spans = reads.scan(filter, {
        ...(fromUs === undefined ? {} : { fromUs }),
        ...(toUs === undefined ? {} : { toUs }),
      });
      const chunks = exporter.write(spans, {
        untilUs: toUs ?? nowUs,
        version: context.version,
      });
      reply.header('content-disposition', `attachment; filename="fusescope.${exporter.extension}"`);
      return reply.type(exporter.contentType).send(Readable.from(chunks, { objectMode: false }));
    },
  );
}
