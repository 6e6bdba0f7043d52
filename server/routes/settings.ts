// What users set at run time: from when an operation is slow and from when it is stalled, and how much is kept. Beside
// it what the command line decided.
import { SettingsAnswerSchema, SettingsSchema } from '../../shared/settings.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

export function settingsRoutes(app: Scope, { trace, store, startedWith }: Context): void {
  const tags = ['settings'];
  const answer = () => ({ thresholds: [...trace.stalls.rules], retention: store.retention, startedWith });
  app.get(
    '/api/settings',
    {
      schema: {
        summary: 'What is set, and what the server was started with',
        tags,
        response: { 200: SettingsAnswerSchema },
      },
    },
    answer,
  );
  app.put(
    '/api/settings',
    {
      schema: {
        summary: 'Set what is given; in force at once, kept over restarts',
        description: 'Less retention lets go at once of what is then too old or too much.',
        tags,
        body: SettingsSchema,
        response: { 200: SettingsAnswerSchema, ...errorAnswers },
      },
    },
    ({ body: { thresholds, retention } }) => {
      if (thresholds !== undefined) {
        trace.stalls.rules = thresholds;
        store.putSetting('thresholds', JSON.stringify(thresholds));
      }
      if (retention !== undefined) store.keep(retention);
      return answer();
    },
  );
}
