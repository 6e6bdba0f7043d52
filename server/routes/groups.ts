// What took part: breakdowns, the tree of paths with the life story of each, and the processes.
import {
  BreakdownQuerySchema,
  BreakdownSchema,
  PathsQuerySchema,
  PathsSchema,
  ProcessesQuerySchema,
  ProcessListSchema,
} from '../../shared/groups.ts';
import { HistoryQuerySchema, HistorySchema } from '../../shared/history.ts';
import type { Context } from '../context.ts';
import { historyOf } from '../history/history.ts';
import { withFamily } from '../processes/family.ts';
import { runningFamily } from '../processes/parents.ts';
import { sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function groupRoutes(app: Scope, context: Context): void {
  const { trace } = context;
  app.get(
    '/api/latency/breakdown',
    {
      schema: {
        summary: 'Finished operations by operation, mount, caller, process, path, size class or result',
        tags: ['latency'],
        querystring: BreakdownQuerySchema,
        response: { 200: BreakdownSchema, ...errorAnswers },
      },
    },
    async (request) => (await sourceOf(context, request.query.recording)).reads.breakdown(request.query),
  );
  app.get(
    '/api/paths',
    {
      schema: {
        summary: 'Paths, or the entries of a directory, with operations, bytes, time and errors',
        tags: ['paths'],
        querystring: PathsQuerySchema,
        response: { 200: PathsSchema, ...errorAnswers },
      },
    },
    async (request) => (await sourceOf(context, request.query.recording)).reads.paths(request.query),
  );
  app.get(
    '/api/paths/history',
    {
      schema: {
        summary: 'The life story of a path: who created, wrote, renamed, linked, truncated and removed it',
        description: 'Follows it across renames, and tells what happened to the directories above it.',
        tags: ['paths'],
        querystring: HistoryQuerySchema,
        response: { 200: HistorySchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { reads, isLive } = await sourceOf(context, request.query.recording);
      const mounts = isLive ? trace.mounts.all() : await reads.storedMounts();
      return historyOf(request.query, mounts, reads);
    },
  );
  app.get(
    '/api/processes',
    {
      schema: {
        summary: 'Processes with what each costs the mounts, those that take most time first',
        description: 'Those that only stand above others come last, with nothing of their own.',
        tags: ['processes'],
        querystring: ProcessesQuerySchema,
        response: { 200: ProcessListSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { reads, isLive } = await sourceOf(context, request.query.recording);
      const tallies = await reads.processes(request.query);
      // Numbers of a recording may belong to others by now, or to another machine.
      const running = isLive ? await runningFamily(tallies.map(({ pid }) => pid)) : new Map();
      return { items: withFamily(tallies, running), nextCursor: null };
    },
  );
}
