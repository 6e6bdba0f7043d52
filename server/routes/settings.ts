// What users set at run time. Thresholds for now: from when an operation is slow, and from when it is stalled. Beside
// them what the command line decided, which is only shown.
import { SettingsAnswerSchema, SettingsSchema } from '../../shared/settings.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function settingsRoutes(app: Scope, { trace, store, startedWith }: Context): void {
  const tags = ['settings'];
  app.get(
    '/api/settings',
    {
      schema: {
        summary: 'What is set, and what the server was started with',
        tags,
        response: { 200: SettingsAnswerSchema },
      },
    },
    () => ({ thresholds: [...trace.stalls.rules], startedWith }),
  );
  app.put(
    '/api/settings',
    {
      schema: {
        summary: 'Set all of it; in force at once, kept over restarts',
        tags,
        body: SettingsSchema,
        response: { 200: SettingsSchema, ...errorAnswers },
      },
    },
    (request) => {
      trace.stalls.rules = request.body.thresholds;
      store.putSetting('thresholds', JSON.stringify(request.body.thresholds));
      return request.body;
    },
  );
}
