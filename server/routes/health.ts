// GET /api/health: whether the server does its work, and what it knows to be missing.
import { HealthSchema } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';

export function healthRoutes(app: Scope, context: Context): void {
  const { trace, store, hub, intake } = context;
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
      for (const mount of trace.mounts.all()) {
        if (mount.present) tiers[mount.tier] = (tiers[mount.tier] ?? 0) + 1;
      }
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
        setAside: store.setAside,
      };
    },
  );
}
