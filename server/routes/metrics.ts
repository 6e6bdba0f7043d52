// GET /metrics: Prometheus text. Labels are bounded: mounts, operations, causes, errnos; never paths or processes.
import type { Context } from '../context.ts';
import { Durations } from '../metrics/durations.ts';
import { metricsOf } from '../metrics/registry.ts';
import type { Scope } from './scope.ts';

export function metricsRoute(app: Scope, context: Context): void {
  const { trace } = context;
  const registry = metricsOf(context);
  const durations = new Durations((id) => trace.mounts.get(id)?.mount ?? `#${id}`);
  trace.on('latency', (rows) => durations.add(rows));
  app.get(
    '/metrics',
    { schema: { summary: 'Prometheus metrics', tags: ['server'] } },
    async (_request, reply) => {
      const text = `${durations.text(trace.latency)}${await registry.metrics()}`;
      return reply.type(registry.contentType).send(text);
    },
  );
}
