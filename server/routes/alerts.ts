// GET /api/alerts: the rules of the configuration file, what is raised now, and what became of the last messages.
import { AlertsSchema } from '../../shared/alerts.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';

export function alertRoutes(app: Scope, { alerting }: Context): void {
  app.get(
    '/api/alerts',
    {
      schema: {
        summary: 'Who is told of stalls, what is raised now, and the last deliveries',
        description:
          'Rules come from the file of serve --config alone, which SIGHUP reads again. Webhooks are given an ' +
          'AlertMessage; so are commands, on their standard input.',
        tags: ['stalls'],
        response: { 200: AlertsSchema },
      },
    },
    () => alerting.view(),
  );
}
