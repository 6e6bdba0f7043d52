// GET /metrics: Prometheus text. Labels are bounded: mounts and operations, never paths or processes.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';

/** Seconds; from a lookup answered from memory to a request that nobody answers. */
const BUCKETS_S = [0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

export function metricsRoute(app: Scope, { trace, hub, intake }: Context): void {
  const registers = [new Registry()];
  const labelNames = ['mount', 'op'];
  const duration = new Histogram({
    name: 'fusescope_operation_duration_seconds',
    help: 'Operations that ended, by how long they took',
    labelNames,
    buckets: BUCKETS_S,
    registers,
  });
  const errors = new Counter({
    name: 'fusescope_operation_errors_total',
    help: 'Operations that ended with an errno',
    labelNames: [...labelNames, 'errno'],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('fusescope_inflight', 'Open operations', () => trace.openCount);
  gauge(
    'fusescope_stalled_operations',
    'Open operations past their threshold',
    () => trace.stalls.open().length,
  );
  gauge('fusescope_sources', 'Collectors connected', () => intake.connected);
  gauge('fusescope_live_clients', 'WebSockets on the live feed', () => hub.size);
  gauge('fusescope_store_bytes', 'Size of the database', () => trace.gauges().store.sizeBytes);
  gauge('fusescope_store_ok', '1 while the store takes what it is given', () =>
    trace.gauges().store.state === 'ok' ? 1 : 0,
  );
  new Gauge({
    name: 'fusescope_lost_total',
    help: 'Events known to be missing, by cause',
    labelNames: ['cause'],
    registers,
    collect() {
      for (const [cause, count] of Object.entries(trace.losses.byCause())) this.set({ cause }, count);
    },
  });

  trace.on('ended', (span) => {
    if (span.durationNs !== null && span.state === 'done') {
      duration.observe({ mount: span.mount, op: span.op }, span.durationNs / 1e9);
    }
    if (span.error !== null) errors.inc({ mount: span.mount, op: span.op, errno: span.error });
  });

  app.get(
    '/metrics',
    { schema: { summary: 'Prometheus metrics', tags: ['server'] } },
    async (_request, reply) => {
      const [registry] = registers;
      return reply.type(registry?.contentType ?? 'text/plain').send(await registry?.metrics());
    },
  );
}
