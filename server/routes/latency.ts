// Histograms and the heat map. What is stored covers what has ended; what is open is added here, apart.

import type { HistogramAnswer, HistogramsBy } from '../../shared/api.ts';
import { HeatmapQuerySchema, HeatmapSchema, LatencyQuerySchema, LatencySchema } from '../../shared/api.ts';
import type { Span } from '../../shared/span.ts';
import type { Context } from '../context.ts';
import { shownBy } from '../live/shown.ts';
import { groupOfOpen } from '../store/breakdown-keys.ts';
import { type Source, sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

/** Open operations of a recording that are counted. */
const MAX_OPEN = 10_000;
/** Groups that are told of for what is open in them, however few have ended. */
const MAX_ALSO = 200;

export function latencyRoutes(app: Scope, context: Context): void {
  const { trace } = context;
  app.get(
    '/api/latency',
    {
      schema: {
        summary:
          'Histograms and percentiles by operation, mount, caller, path, size class or result; open operations counted apart',
        tags: ['latency'],
        querystring: LatencyQuerySchema,
        response: { 200: LatencySchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { by = 'op', filter = '', recording } = request.query;
      const source = await sourceOf(context, recording);
      const match = shownBy(trace, filter);
      const all = source.isLive ? trace.inflight() : await openOf(source);
      const open = grouped(
        by,
        all.filter(({ span }) => match(span)),
      );
      const also = [...open.keys()].slice(0, MAX_ALSO);
      const answer = await source.reads.latency(request.query, also);
      const items = new Map(answer.items.map((item) => [item.key, item]));
      for (const [key, { count, oldestMs, ...named }] of open) {
        // Of one that was not asked for, how many have ended is not known.
        if (!items.has(key) && !also.includes(key)) continue;
        const item = items.get(key) ?? { ...BLANK, ...named, key };
        items.set(key, { ...item, open: count, oldestOpenMs: oldestMs });
      }
      return { ...answer, keys: Math.max(answer.keys, items.size), items: [...items.values()] };
    },
  );
  app.get(
    '/api/heatmap',
    {
      schema: {
        summary: 'Time by latency, counts',
        tags: ['latency'],
        querystring: HeatmapQuerySchema,
        response: { 200: HeatmapSchema, ...errorAnswers },
      },
    },
    async (request) => (await sourceOf(context, request.query.recording)).reads.heatmap(request.query),
  );
}

/** What is open in a recording, with its age at its end; as many as an answer can hold. */
async function openOf({ reads, nowUs }: Source): Promise<{ span: Span; ageMs: number }[]> {
  const { items } = await reads.spans({ filter: 'state:open', order: 'start:asc', limit: MAX_OPEN });
  return items.map((span) => ({ span, ageMs: Math.max(0, (nowUs - span.startUs) / 1e3) }));
}

interface OpenGroup extends Pick<HistogramAnswer, 'filter' | 'mountId'> {
  count: number;
  oldestMs: number;
}

/** What is open by key, the group with the oldest first. */
function grouped(by: HistogramsBy, open: readonly { span: Span; ageMs: number }[]): Map<string, OpenGroup> {
  const groups = new Map<string, OpenGroup>();
  for (const { span, ageMs } of open.toSorted((a, b) => b.ageMs - a.ageMs)) {
    const { key, filter } = by === 'none' ? { key: 'all', filter: '' } : groupOfOpen(by, span);
    const group = groups.get(key);
    if (group) group.count++;
    else
      groups.set(key, { filter, mountId: by === 'mount' ? span.mountId : null, count: 1, oldestMs: ageMs });
  }
  return groups;
}

/** Of whom none has ended yet. */
const BLANK: HistogramAnswer = {
  key: '',
  filter: '',
  mountId: null,
  count: 0,
  errors: 0,
  sumNs: 0,
  minNs: null,
  maxNs: null,
  p50Ns: null,
  p90Ns: null,
  p99Ns: null,
  p999Ns: null,
  buckets: [],
  open: 0,
  oldestOpenMs: null,
};
