// GET /api/health: whether the server does its work, and what it knows to be missing.
import { HealthSchema } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';

export function healthRoutes(app: Scope, context: Context): void {
  const { trace, store, hub, intake, kernel, otlp } = context;
  app.get(
    '/api/health',
    {
      schema: {
        summary: 'State, rates, losses by cause, store, capture tiers',
        tags: ['server'],
        response: { 200: HealthSchema },
      },
    },
    () => {
      const gauges = trace.gauges();
      const tiers: Record<string, number> = {};
      const mounts = trace.mountViews().filter((mount) => mount.state !== 'gone');
      for (const { tier } of mounts) tiers[tier] = (tiers[tier] ?? 0) + 1;
      return {
        status: gauges.store.state === 'ok' ? ('ok' as const) : ('degraded' as const),
        version: context.version,
        uptimeS: (context.clock.wallUs() - context.startedUs) / 1e6,
        pid: process.pid,
        gauges,
        losses: trace.losses.byCause(),
        sources: intake.connected,
        liveClients: hub.size,
        tiers,
        kernel: kernel.state,
        mounts: mounts.map(({ mount, tier, tierReason }) => ({ mount, tier, reason: tierReason })),
        otlp: otlp?.state ?? null,
        setAside: store.setAside,
      };
    },
  );
}
