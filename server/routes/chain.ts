// GET /api/mounts/chain: what a directory is really on. It reads a mount table and looks at no path, so it answers for
// one that hangs.
import Type from 'typebox';
import { listOf } from '../../shared/api.ts';
import { ChainLinkSchema } from '../../shared/chain.ts';
import { mountChain } from '../mounts/chain.ts';
import { readMountTable } from '../mounts/mount-table.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function chainRoute(app: Scope): void {
  app.get(
    '/api/mounts/chain',
    {
      schema: {
        summary: 'The mount that shows a directory, and each mount beneath it',
        tags: ['mounts'],
        description: 'From the mount table of a process alone: no mount is touched.',
        querystring: Type.Object(
          {
            dir: Type.String({
              minLength: 1,
              pattern: '^/',
              description: 'absolute, as that process sees it; .. is taken as written',
            }),
            pid: Type.Optional(
              Type.Integer({
                minimum: 1,
                description: 'whose view it is, a container’s too; the server’s own without it',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: listOf(ChainLinkSchema), ...errorAnswers },
      },
    },
    ({ query: { dir, pid } }) => ({
      items: mountChain(readMountTable(pid ?? 'self'), dir),
      nextCursor: null,
    }),
  );
}
