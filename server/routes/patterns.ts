// GET /api/errors: what failed, as patterns in the order of their cascade. Of the live trace its operations; of a log
// that was imported its error lines too.
import { ErrorsAnswerSchema, ErrorsQuerySchema, errorsAnswer } from '../../shared/patterns/answer.ts';
import type { Pattern } from '../../shared/patterns/pattern.ts';
import type { Recording } from '../../shared/recording.ts';
import type { Context } from '../context.ts';
import { LOG_PATTERNS } from '../import/importer.ts';
import { type Range, rangeOf } from '../store/range.ts';
import { sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

/** How far back errors of the live trace are looked for, unless a range is given. */
const LIVE_US = 3_600e6;

export function patternRoutes(app: Scope, context: Context): void {
  app.get(
    '/api/errors',
    {
      schema: {
        summary: 'Errors folded into patterns, the likely first cause on top, then what followed in order',
        description:
          'Operations with an errno, and the error lines of an imported log; what varies in them is masked, then folded by Drain (He et al., ICWS 2017). The last hour, unless a range is given. Error lines have no operation: a filter leaves them out.',
        tags: ['errors'],
        querystring: ErrorsQuerySchema,
        response: { 200: ErrorsAnswerSchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { from, to, filter = '', recording } = request.query;
      const { reads, isLive, nowUs } = await sourceOf(context, recording);
      const range = rangeOf(from, to);
      const fromUs = range.fromUs ?? (isLive ? nowUs - LIVE_US : null);
      const { patterns, complete } = await reads.patterns({
        filter,
        ...(fromUs === null ? {} : { from: String(fromUs) }),
        ...(to === undefined ? {} : { to }),
      });
      const said = filter === '' ? await reads.kept(LOG_PATTERNS) : null;
      const all = said === null ? [] : (JSON.parse(said) as Pattern[]);
      const isWhole = recording !== undefined && covers(await context.recordings.get(recording), range);
      const lines = isWhole ? all : within(all, range);
      return errorsAnswer(joined(lines, patterns), { fromUs, toUs: range.toUs, complete });
    },
  );
}

/** Whether a range is all of a recording. One without operations has no length: every range is all of it. */
function covers(recording: Recording, { fromUs, toUs }: Range): boolean {
  const begins = fromUs === null || recording.fromUs === null || fromUs <= recording.fromUs;
  const ends =
    toUs === null || recording.fromUs === null || recording.toUs === null || toUs >= recording.toUs;
  return begins && ends;
}

/** Lines without a time are in every range. */
function within(lines: Pattern[], { fromUs, toUs }: Range): Pattern[] {
  return lines.filter(
    ({ firstUs, lastUs }) =>
      (lastUs === null || fromUs === null || lastUs >= fromUs) &&
      (firstUs === null || toUs === null || firstUs <= toUs),
  );
}

/** Lines are in order of their number, operations of their time; together both are in order of their time. */
function joined(lines: Pattern[], operations: Pattern[]): Pattern[] {
  if (lines.length === 0) return operations;
  if (operations.length === 0) return lines;
  const byTime = lines.map((one) =>
    one.firstUs === null || one.lastUs === null
      ? one
      : { ...one, firstOrder: one.firstUs, lastOrder: one.lastUs },
  );
  return [...byTime, ...operations];
}
