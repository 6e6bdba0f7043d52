// The configuration file of the server (serve --config): JSON. What may run a command or hold a secret stands here and
// nowhere else: neither the interface nor the page can set it.
import Type, { type Static } from 'typebox';
import { CAUSE_KINDS } from '../../shared/diagnosis.ts';

const Time = Type.String({
  pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$',
  description: 'such as 500ms, 10s, 2m',
});
const Path = Type.String({ pattern: '^/', maxLength: 4_096, description: 'an absolute path' });

const WebhookSchema = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', maxLength: 2_000, description: 'an http or https address' }),
    secretFile: Type.Optional(Path),
    headers: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]+$' }), Type.String())),
  },
  { additionalProperties: false },
);

export const AlertRuleSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Glob over mount points. */
    mount: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
    op: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
    /** Age from which a stall counts. */
    after: Type.Optional(Time),
    cause: Type.Optional(Type.Array(Type.Enum([...CAUSE_KINDS]), { minItems: 1 })),
    /** So long nothing of it may be stalled before it is told to have ended. */
    quiet: Type.Optional(Time),
    webhook: Type.Optional(WebhookSchema),
    /** Program and arguments; the program is an absolute path. No shell. */
    command: Type.Optional(Type.Tuple([Path], { additionalItems: Type.String(), maxItems: 100 })),
    journal: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type AlertRuleConfig = Static<typeof AlertRuleSchema>;

export const ConfigSchema = Type.Object(
  { alerts: Type.Optional(Type.Array(AlertRuleSchema, { maxItems: 100 })) },
  { additionalProperties: false },
);
export type Config = Static<typeof ConfigSchema>;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a time of the configuration. */
export function timeMs(text: string): number {
  const [, number = '0', unit = 's'] = /^([\d.]+)(\w+)$/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? 1_000);
}
