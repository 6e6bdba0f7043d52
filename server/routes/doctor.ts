// GET /api/doctor: what the machine of this server offers.
import { FindingSchema, listOf } from '../../shared/api.ts';
import { diagnose } from '../doctor/checks.ts';
import type { Scope } from './scope.ts';

export function doctorRoute(app: Scope): void {
  app.get(
    '/api/doctor',
    {
      schema: {
        summary: 'What this machine offers, and how to get what is missing',
        tags: ['server'],
        response: { 200: listOf(FindingSchema) },
      },
    },
    () => ({ items: diagnose(), nextCursor: null }),
  );
}
