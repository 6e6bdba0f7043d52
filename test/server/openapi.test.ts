// The description of the interface, held against the routes that there are.
import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { buildApp } from '../../server/app.ts';
import type { Context } from '../../server/context.ts';

interface Operation {
  summary?: string;
  tags?: string[];
  responses: Record<string, unknown>;
}

/** Method and path of each route, in the words of OpenAPI, from Fastify's drawing of its tree. */
function routesOf(tree: string): string[] {
  const parts: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, stem = '', path = '', methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?/.exec(line) ?? [];
    if (path === '') return [];
    parts.splice(stem.length / 4, Infinity, path);
    const whole = parts.join('').replaceAll(/:(\w+)/g, '{$1}');
    return methods
      .split(', ')
      .filter((method) => method !== '' && method !== 'HEAD')
      .map((method) => `${method.toLowerCase()} ${whole}`);
  });
}

it('every route is described, with what it answers', async () => {
  // Routes read the parts of a server when they are asked, but for the metrics, which count from the start.
  const parts = { version: '1.2.3', log: pino({ level: 'silent' }), trace: new EventEmitter() };
  const app = await buildApp({
    context: parts as unknown as Context,
    guard: { token: null, host: '127.0.0.1' },
    pageDir: null,
  });
  await app.ready();
  const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, Operation>> };
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
  );
  const itself = (route: string) => /^get \/api\/(docs|openapi\.json)/.test(route);
  const routes = routesOf(app.printRoutes({ commonPrefix: false })).filter((route) => !itself(route));
  expect(routes.length).toBeGreaterThan(50);
  expect(described.map(({ name }) => name).sort()).toEqual(routes.sort());
  for (const { name, summary, tags, responses } of described) {
    expect(summary, name).toMatch(/^[A-Z0-9]\S* .{3,}/);
    expect(tags, name).toHaveLength(1);
    expect(Object.keys(responses), name).not.toEqual([]);
  }
  await app.close();
});
