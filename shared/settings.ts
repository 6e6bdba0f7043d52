// What is set at run time, and what the command line decided when the server was started.
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';
import { ThresholdRuleSchema } from './stall.ts';

const ThresholdsSchema = Type.Array(ThresholdRuleSchema, {
  maxItems: 1_000,
  description: 'the last rule that matches an operation decides; an absent field matches everything',
});

export const LEAST_BYTES = 16 * 1_024 ** 2;
export const LEAST_AGE_S = 3_600;
export const RetentionSchema = Type.Object(
  {
    maxBytes: Type.Integer({
      minimum: LEAST_BYTES,
      maximum: 2 ** 50,
      description: 'size at which the oldest operations are let go',
    }),
    maxAgeS: Type.Integer({
      minimum: LEAST_AGE_S,
      maximum: 100 * 366 * 86_400,
      description: 'age at which operations are let go',
    }),
  },
  { additionalProperties: false },
);
export type Retention = Static<typeof RetentionSchema>;

export const SettingsSchema = Type.Object(
  {
    thresholds: Type.Optional(ThresholdsSchema),
    retention: Type.Optional(nullable(RetentionSchema, 'null: as the server was started')),
  },
  { $id: 'Settings', additionalProperties: false, description: 'what is absent stays as it is' },
);

export const StartedWithSchema = Type.Object(
  {
    host: Type.String({ description: 'address it listens on' }),
    token: Type.Boolean({ description: 'whether a token is asked for' }),
    socket: Type.String({ description: 'of collectors' }),
    db: Type.String({ description: 'database, or :memory:' }),
    maxBytes: Type.Number({ description: 'size at which the oldest operations are let go' }),
    maxAgeS: Type.Number({ description: 'age at which operations are let go' }),
    attach: Type.Array(Type.String(), { description: 'all, none, or mount points' }),
    config: nullable(Type.String({ description: 'file with the alerts' })),
  },
  { $id: 'StartedWith', description: 'options of fusescope serve, which take a restart to change' },
);
export type StartedWith = Static<typeof StartedWithSchema>;

export const SettingsAnswerSchema = Type.Object({
  thresholds: ThresholdsSchema,
  retention: nullable(RetentionSchema, 'as it was set at run time; null: as the server was started'),
  startedWith: StartedWithSchema,
});
export type SettingsAnswer = Static<typeof SettingsAnswerSchema>;
