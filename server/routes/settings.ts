// What users set at run time. Thresholds for now: from when an operation is slow, and from when it is stalled.
import Type from 'typebox';
import { ThresholdRuleSchema } from '../../shared/stall.ts';
import type { Context } from '../context.ts';
import type { Scope } from './scope.ts';
import { errorAnswers } from './scope.ts';

const SettingsSchema = Type.Object(
  {
    thresholds: Type.Array(ThresholdRuleSchema, {
      maxItems: 1_000,
      description: 'the last rule that matches an operation decides; an absent field matches everything',
    }),
  },
  { $id: 'Settings', additionalProperties: false },
);

export function settingsRoutes(app: Scope, { trace, store }: Context): void {
  const tags = ['settings'];
  app.get(
    '/api/settings',
    { schema: { summary: 'What is set', tags, response: { 200: SettingsSchema } } },
    () => ({ thresholds: [...trace.stalls.rules] }),
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
