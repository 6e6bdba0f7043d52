// POST /api/events: event lines (NDJSON) of any program, streamed and of any length. A wrong line is reported
// with its number; the others are taken.

import type { EventsAnswer } from '../../shared/api.ts';
import { EventsAnswerSchema } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import { LineSplitter, parseEventLine } from '../ingest/lines.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

const MAX_REPORTED = 100;

export function eventsRoute(app: Scope, { intake }: Context): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.post(
    '/api/events',
    {
      schema: {
        summary: 'Send ENTER and EXIT event lines, one JSON object a line',
        tags: ['ingest'],
        response: { 200: EventsAnswerSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const answer: EventsAnswer = { accepted: 0, rejectedCount: 0, rejected: [] };
      const reject = (line: number, error: string) => {
        answer.rejectedCount++;
        if (answer.rejected.length < MAX_REPORTED) answer.rejected.push({ line, error });
      };
      const splitter = new LineSplitter(
        (text, number) => {
          const { line, error } = parseEventLine(text);
          if (!line) return reject(number, error);
          intake.line(line);
          answer.accepted++;
        },
        (number) => reject(number, 'longer than 1 MiB'),
      );
      const body = request.body as AsyncIterable<Buffer> | undefined;
      if (body) {
        for await (const chunk of body) {
          splitter.push(chunk);
          await intake.relieved();
        }
      }
      splitter.end();
      return answer;
    },
  );
}
