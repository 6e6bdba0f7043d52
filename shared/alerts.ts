// Alerts: what is sent when stalls are raised and when they have ended, and what the server tells of its alerting.
import Type, { type Static } from 'typebox';
import { CauseSchema } from './diagnosis.ts';
import { nullable } from './nullable.ts';
import { StallSchema } from './stall.ts';

/** What a webhook and a command are given, version 1. */
export const AlertMessageSchema = Type.Object(
  {
    v: Type.Literal(1),
    id: Type.String({ description: 'of the alert; its raised and its closed message share it' }),
    event: Type.Enum(['raised', 'closed']),
    rule: Type.String(),
    text: Type.String({ description: 'one sentence for people' }),
    atUs: Type.Number({ description: 'µs since the Unix epoch' }),
    host: Type.String(),
    mountId: Type.Integer(),
    mount: Type.String(),
    cause: nullable(CauseSchema),
    sinceUs: Type.Number({ description: 'ENTER of the first operation that hung' }),
    stalls: Type.Integer({ description: 'operations that stalled for this cause on this mount so far' }),
    open: Type.Integer({ description: 'of these, open now' }),
    longestMs: Type.Number(),
    processes: Type.Array(
      Type.Object({ pid: nullable(Type.Integer()), comm: nullable(Type.String()), count: Type.Integer() }),
      { description: 'who waits or waited, 50 at most' },
    ),
    stall: Type.Omit(StallSchema, ['caller', 'daemon'], {
      description: 'the first of them, without the stacks of its processes',
    }),
  },
  { $id: 'AlertMessage' },
);
export type AlertMessage = Static<typeof AlertMessageSchema>;

const ChannelSchema = Type.Object({
  rule: Type.String(),
  kind: Type.Enum(['webhook', 'command', 'journal']),
  target: Type.String({ description: 'host of the webhook, program of the command' }),
  waiting: Type.Integer(),
  delivered: Type.Integer(),
  failed: Type.Integer({ description: 'given up after the last try' }),
  dropped: Type.Integer({ description: 'let go because too many waited' }),
  trying: nullable(Type.String({ description: 'why the one at the head is tried again' })),
});
export type Channel = Static<typeof ChannelSchema>;

const DeliverySchema = Type.Object({
  atUs: Type.Number(),
  rule: Type.String(),
  kind: Type.Enum(['webhook', 'command', 'journal']),
  event: Type.Enum(['raised', 'closed']),
  text: Type.String(),
  outcome: Type.Enum(['delivered', 'failed', 'dropped']),
  tries: Type.Integer(),
  error: nullable(Type.String()),
});
export type Delivery = Static<typeof DeliverySchema>;

const AlertRuleViewSchema = Type.Object({
  name: Type.String(),
  mount: nullable(Type.String({ description: 'glob over mount points' })),
  op: nullable(Type.Array(Type.String())),
  cause: nullable(Type.Array(Type.String())),
  afterMs: Type.Number(),
  quietMs: Type.Number(),
});

export const AlertsSchema = Type.Object(
  {
    config: Type.Object({
      file: nullable(Type.String({ description: 'null: the server was started without --config' })),
      loadedUs: nullable(Type.Number()),
      error: nullable(Type.String({ description: 'of the last reload, which was not taken' })),
    }),
    rules: Type.Array(AlertRuleViewSchema),
    channels: Type.Array(ChannelSchema),
    active: Type.Array(
      Type.Object({
        rule: Type.String(),
        mount: Type.String(),
        kind: Type.String(),
        sinceUs: Type.Number(),
        stalls: Type.Integer(),
        open: Type.Integer(),
      }),
      { description: 'alerts that were raised and are not closed' },
    ),
    deliveries: Type.Array(DeliverySchema, { description: 'the last 100, newest first' }),
  },
  { $id: 'Alerts' },
);
export type Alerts = Static<typeof AlertsSchema>;
