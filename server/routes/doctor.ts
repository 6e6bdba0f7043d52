// GET /api/doctor: what the machine of this server offers, and what captures each of its mounts.
import { FindingSchema, listOf } from '../../shared/api.ts';
import type { Context } from '../context.ts';
import { diagnose } from '../doctor/checks.ts';
import { readMachine } from '../doctor/machine.ts';
import { mountFindings } from '../doctor/mounts.ts';
import type { Scope } from './scope.ts';

export function doctorRoute(app: Scope, { trace, launch }: Context): void {
  app.get(
    '/api/doctor',
    {
      schema: {
        summary: 'What this machine offers, what captures each mount, and how to get what is missing',
        tags: ['server'],
        response: { 200: listOf(FindingSchema) },
      },
    },
    async () => {
      const machine = diagnose(await readMachine(launch));
      return { items: [...machine, ...mountFindings(trace.mountViews())], nextCursor: null };
    },
  );
}
