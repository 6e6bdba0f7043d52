// Histograms and the heat map. What is stored covers what has ended; what is open is added here, apart.

import type { HistogramAnswer } from '../../shared/api.ts';
import { HeatmapQuerySchema, HeatmapSchema, LatencyQuerySchema, LatencySchema } from '../../shared/api.ts';
import { compileFilter } from '../../shared/filter/compile.ts';
import type { Context } from '../context.ts';
import { parseFilter } from '../filters.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function latencyRoutes(app: Scope, { store, trace }: Context): void {
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
      const { by = 'op', filter = '' } = request.query;
      const answer = await store.latency(request.query);
      const match = compileFilter(parseFilter(filter));
      const items = new Map(answer.items.map((item) => [item.key, item]));
      for (const { span, ageMs } of trace.inflight()) {
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
    (request) => store.heatmap(request.query),
  );
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
