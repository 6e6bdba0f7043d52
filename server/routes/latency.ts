// Histograms and the heat map. What is stored covers what has ended; what is open is added here, apart.

import type { HistogramAnswer } from '../../shared/api.ts';
import { HeatmapQuerySchema, HeatmapSchema, LatencyQuerySchema, LatencySchema } from '../../shared/api.ts';
import type { Span } from '../../shared/span.ts';
import type { Context } from '../context.ts';
import { shownBy } from '../live/shown.ts';
import { type Source, sourceOf } from './from.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

/** Open operations of a recording that are counted. */
const MAX_OPEN = 10_000;

export function latencyRoutes(app: Scope, context: Context): void {
  const { trace } = context;
  app.get(
    '/api/latency',
    {
      schema: {
        summary: 'Histograms and percentiles by operation or mount; open operations counted apart',
        tags: ['latency'],
        querystring: LatencyQuerySchema,
        response: { 200: LatencySchema, ...errorAnswers },
      },
    },
    async (request) => {
      const { by = 'op', filter = '', recording } = request.query;
      const source = await sourceOf(context, recording);
      const answer = await source.reads.latency(request.query);
      const match = shownBy(trace, filter);
      const items = new Map(answer.items.map((item) => [item.key, item]));
      const open = source.isLive ? trace.inflight() : await openOf(source);
      for (const { span, ageMs } of open) {
        if (!match(span)) continue;
        const key = by === 'op' ? span.op : by === 'mount' ? span.mount : 'all';
        const item = items.get(key) ?? blank(key, by === 'mount' ? span.mountId : null);
        item.open++;
        item.oldestOpenMs = Math.max(item.oldestOpenMs ?? 0, ageMs);
        items.set(key, item);
      }
      return { ...answer, items: [...items.values()] };
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

/** An operation of which none has ended yet. */
function blank(key: string, mountId: number | null): HistogramAnswer {
  return {
    key,
    mountId,
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
}
