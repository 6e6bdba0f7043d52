// GET /api/latency/compare: two stretches, filters or recordings side by side. Each is cut into pieces of whole
// seconds, as rollups have them, between its first and its last operation.
import type { HeatmapAnswer } from '../../shared/api.ts';
import { CompareQuerySchema, CompareSchema } from '../../shared/compare/answer.ts';
import { compareSides, METHOD, type Side } from '../../shared/compare/compare.ts';
import { MOST_PIECES } from '../../shared/compare/deal.ts';
import type { Context } from '../context.ts';
import type { StoreReads } from '../store/types.ts';
import { sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

interface Ask {
  filter?: string;
  from?: string;
  to?: string;
}

export function compareRoute(app: Scope, context: Context): void {
  app.get(
    '/api/latency/compare',
    {
      schema: {
        summary: 'Two ranges, filters or recordings side by side, and what differs more than by noise',
        description:
          `${METHOD}. Each side is cut into at most ${MOST_PIECES} pieces of time, whole seconds each, ` +
          'from its first operation to its last; the pieces are the witnesses, not the single operations.',
        tags: ['latency'],
        querystring: CompareQuerySchema,
        response: { 200: CompareSchema, ...errorAnswers },
      },
    },
    async ({ query }) => {
      const [a, b] = await Promise.all([
        sideOf(context, query.recording, given({ filter: query.filter, from: query.from, to: query.to })),
        sideOf(
          context,
          query.againstRecording,
          given({ filter: query.againstFilter, from: query.againstFrom, to: query.againstTo }),
        ),
      ]);
      return {
        a: a.shown,
        b: b.shown,
        method: METHOD,
        items: compareSides(a.side, b.side),
      };
    },
  );
}

/** Without what is not given: the store takes an absent end for an open one. */
function given(ask: { [Name in keyof Ask]: Ask[Name] | undefined }): Ask {
  return Object.fromEntries(Object.entries(ask).filter(([, value]) => value !== undefined)) as Ask;
}

async function sideOf(context: Context, recording: number | undefined, ask: Ask) {
  const { reads } = await sourceOf(context, recording);
  const whole = await reads.latency(ask);
  const { fromUs, toUs } = whole;
  const ends = extent(await reads.heatmap({ ...ask, ...range(fromUs, toUs), columns: COLUMNS }));
  // The columns of a heat map are wider than the range.
  const [firstS, lastS] = [Math.floor(fromUs / 1e6), Math.ceil(toUs / 1e6)];
  const pieces = ends === null ? [] : cut(Math.max(ends.fromS, firstS), Math.min(ends.toS, lastS));
  const side: Side = { whole: whole.items, pieces: await each(reads, ask, pieces) };
  return { side, shown: { fromUs, toUs, pieces: pieces.length } };
}

const COLUMNS = 120;
const range = (fromUs: number, toUs: number) => ({
  from: String(Math.floor(fromUs)),
  to: String(Math.ceil(toUs)),
});

/** From the first to the last column that holds anything, s since the epoch. */
function extent({ fromUs, stepUs, columns }: HeatmapAnswer): { fromS: number; toS: number } | null {
  const holds = (column: readonly number[]) => column.some((count) => count > 0);
  const first = columns.findIndex(holds);
  if (first < 0) return null;
  const edge = (column: number) => Math.round((fromUs + column * stepUs) / 1e6);
  return { fromS: edge(first), toS: edge(columns.findLastIndex(holds) + 1) };
}

/** Equal pieces, but for rounding to seconds. */
function cut(fromS: number, toS: number): { fromS: number; toS: number }[] {
  const count = Math.min(MOST_PIECES, Math.max(1, toS - fromS));
  const edge = (i: number) => fromS + Math.round(((toS - fromS) * i) / count);
  return Array.from({ length: count }, (_, i) => ({ fromS: edge(i), toS: edge(i + 1) }));
}

async function each(reads: StoreReads, ask: Ask, pieces: readonly { fromS: number; toS: number }[]) {
  const answers = [];
  for (const { fromS, toS } of pieces)
    answers.push((await reads.latency({ ...ask, ...range(fromS * 1e6, toS * 1e6) })).items);
  return answers;
}
