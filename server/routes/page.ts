// The page: static files with long-lived caching for hashed assets, and its index for every view's address.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';

import { CodedError } from '../errors.ts';
import type { Scope } from './scope.ts';

/** @param pageDir folder with the built page; null or missing: the interface alone. */
export async function pageRoutes(app: Scope, pageDir: string | null): Promise<void> {
  const has = pageDir !== null && existsSync(join(pageDir, 'index.html'));
  if (has) {
    await app.register(fastifyStatic, {
      root: pageDir,
      wildcard: false,
      index: ['index.html'],
      // The build lays compressed copies beside the files.
      preCompressed: true,
      setHeaders(reply, path) {
        reply.header(
          'cache-control',
          path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        );
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    // A view's address has no dot in its path; its query may well have, in a filter or a time.
    const [path = ''] = request.url.split('?');
    const isPage = request.method === 'GET' && !path.startsWith('/api/') && !path.includes('.');
    if (has && isPage) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    const error = new CodedError(
      'FUSESCOPE_NOT_FOUND',
      isPage
        ? 'the page is not built; run "npm run build"'
        : `there is no ${request.method} ${request.url}; /api/docs lists what there is`,
    );
    return reply.status(404).send({ statusCode: 404, code: error.code, message: error.message });
  });
}
