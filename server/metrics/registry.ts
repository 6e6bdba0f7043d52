// Every metric but the durations: what the server knows now, read at each scrape, and what it counts as it happens.
import { Counter, Gauge, Registry } from 'prom-client';
import type { Context } from '../context.ts';
import { Labels } from './durations.ts';

type Value = readonly [labels: Record<string, string>, value: number];

/** All of them are read when they are scraped; a mount has them while it is there, 200 mounts at most. */
export function metricsOf({ trace, hub, intake, alerting, otlp }: Context): Registry {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `fusescope_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const gauges = (name: string, help: string, labelNames: string[], read: () => readonly Value[]) =>
    new Gauge({
      name: `fusescope_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  /** Of what is counted elsewhere and only grows. */
  const totals = (name: string, help: string, labelNames: string[], read: () => readonly Value[]) =>
    new Counter({
      name: `fusescope_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  const mounts = () =>
    trace
      .mountViews()
      .filter((mount) => mount.state !== 'gone')
      .slice(0, 200);
  const byMount = (read: (mount: ReturnType<typeof mounts>[number]) => number): Value[] => {
    const sums = new Map<string, number>();
    for (const one of mounts()) sums.set(one.mount, (sums.get(one.mount) ?? 0) + read(one));
    return [...sums].map(([mount, value]) => [{ mount }, value]);
  };

  gauge('inflight', 'Open operations', () => trace.openCount);
  gauge('stalled_operations', 'Open operations past their threshold', () => trace.stalls.open().length);
  gauge(
    'oldest_open_seconds',
    'Age of the oldest open operation; 0: none is open',
    () => (trace.gauges().oldestOpenMs ?? 0) / 1e3,
  );
  gauges('mount_inflight', 'Open operations of each mount', ['mount'], () => byMount((one) => one.inflight));
  gauges('mount_stalled_operations', 'Open operations past their threshold, of each mount', ['mount'], () =>
    byMount((one) => one.stalled),
  );
  gauges('mount_waiting', 'Requests that the kernel counts as waiting', ['mount'], () =>
    byMount((one) => one.waiting ?? 0),
  );
  gauges('mount_dead', '1 where the daemon of a mount has ended', ['mount'], () =>
    byMount((one) => (one.state === 'dead' ? 1 : 0)),
  );
  gauge('sources', 'Collectors connected', () => intake.connected);
  gauge('live_clients', 'WebSockets on the live feed', () => hub.size);
  gauge(
    'ingest_lag_seconds',
    'From an event until it was read, worst of the last second',
    () => trace.gauges().lagMs / 1e3,
  );
  gauge('store_bytes', 'Size of the database', () => trace.gauges().store.sizeBytes);
  gauge('store_queued_spans', 'Operations that wait to be stored', () => trace.gauges().store.queued);
  gauge('store_ok', '1 while the store takes what it is given', () =>
    trace.gauges().store.state === 'ok' ? 1 : 0,
  );
  totals('lost_total', 'Events known to be missing, by cause', ['cause'], () =>
    Object.entries(trace.losses.byCause()).map(([cause, count]) => [{ cause }, count] as const),
  );
  totals(
    'otlp_spans_total',
    'Operations for the OpenTelemetry collector, by what became of them',
    ['outcome'],
    () => {
      const { sent = 0, dropped = 0 } = otlp?.state ?? {};
      return [[{ outcome: 'sent' }, sent] as const, [{ outcome: 'dropped' }, dropped] as const];
    },
  );
  totals('alert_messages_total', 'Alerts, by what became of them', ['channel', 'outcome'], () => {
    const sums = new Map<string, Value>();
    for (const { kind, delivered, failed, dropped } of alerting.view().channels)
      for (const [outcome, count] of Object.entries({ delivered, failed, dropped })) {
        const key = `${kind} ${outcome}`;
        sums.set(key, [{ channel: kind, outcome }, (sums.get(key)?.[1] ?? 0) + count]);
      }
    return [...sums.values()];
  });

  const errors = new Counter({
    name: 'fusescope_operation_errors_total',
    help: 'Operations that ended with an errno',
    labelNames: ['mount', 'op', 'errno'],
    registers,
  });
  const raised = new Counter({ name: 'fusescope_stalls_raised_total', help: 'Stalls that began', registers });
  const ended = new Counter({
    name: 'fusescope_stalls_total',
    help: 'Stalls that have ended, by their cause',
    labelNames: ['cause'],
    registers,
  });
  const labels = new Labels();
  trace.on('ended', (span) => {
    if (span.error !== null) errors.inc({ ...labels.of(span.mount, span.op), errno: span.error });
  });
  trace.on('raised', () => raised.inc());
  trace.on('closed', (stall) => ended.inc({ cause: stall.cause?.kind ?? 'unknown' }));
  return registry;
}
