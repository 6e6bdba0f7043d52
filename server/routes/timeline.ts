// The timeline of a range, and what a stretch of it held.
import {
  TimelineQuerySchema,
  TimelineSchema,
  TimelineSummaryQuerySchema,
  TimelineSummarySchema,
} from '../../shared/timeline.ts';
import type { Context } from '../context.ts';
import { sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function timelineRoutes(app: Scope, context: Context): void {
  const tags = ['timeline'];
  app.get(
    '/api/timeline',
    {
      schema: {
        summary: 'A range as lanes: long operations one by one, short ones counted by column',
        tags,
        querystring: TimelineQuerySchema,
        response: { 200: TimelineSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { reads } = await sourceOf(context, request.query.recording);
      const answer = await reads.timeline(request.query);
      return { ...answer, gaps: await reads.gaps({ fromUs: answer.fromUs, toUs: answer.coveredUs }) };
    },
  );
  app.get(
    '/api/timeline/summary',
    {
      schema: {
        summary: 'What was under way in a range: time, percentiles and errors by operation, time by caller',
        tags,
        querystring: TimelineSummaryQuerySchema,
        response: { 200: TimelineSummarySchema, ...errorAnswers },
      },
    },
    async (request) =>
      (await sourceOf(context, request.query.recording)).reads.timelineSummary(request.query),
  );
}
