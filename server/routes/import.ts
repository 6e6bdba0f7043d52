// POST /api/import: a log of another program, or one of our own exports, becomes a recording. Streamed, of any length,
// plain or packed with gzip or zstd.
import { ImportAnswerSchema, ImportQuerySchema } from '../../shared/import.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

async function* nothing(): AsyncGenerator<Uint8Array> {}

export function importRoute(app: Scope, { imports }: Context): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.post(
    '/api/import',
    {
      schema: {
        summary: 'Make a recording of a log: its operations, stalls by its own clock, and error patterns',
        description:
          'The body is the log itself, plain or packed with gzip or zstd. A line that cannot be read is counted and the first ten are told with their reason; the others are taken.',
        tags: ['recordings'],
        querystring: ImportQuerySchema,
        response: { 200: ImportAnswerSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { format = 'auto', mount = null, name = 'log', modified = null } = request.query;
      const body = request.body as AsyncIterable<Uint8Array> | undefined;
      return imports.import(body ?? nothing(), { format, mount, name, modifiedUs: modified });
    },
  );
}
