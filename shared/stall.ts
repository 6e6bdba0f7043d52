// Slow and stalled: the thresholds, and the form in which a stall is shown.
import Type, { type Static } from 'typebox';
import { DiagnosisSchema, EndedBySchema, noDiagnosis } from './diagnosis.ts';
import { ProcessesSchema, UnreadSchema } from './examination.ts';
import { nullable } from './nullable.ts';
import { SpanSchema } from './span.ts';

export const ThresholdsSchema = Type.Object({
  slowMs: Type.Number({ minimum: 1, description: 'a finished or open operation over this is marked slow' }),
  stalledMs: Type.Number({ minimum: 1, description: 'an operation still open after this is a stall' }),
});
export type Thresholds = Static<typeof ThresholdsSchema>;

/** Every operation is expected under 100 ms, but read, which waits for data. */
export const DEFAULT_THRESHOLDS: Thresholds = { slowMs: 100, stalledMs: 1_000 };
export const READ_THRESHOLDS: Thresholds = { slowMs: 1_000, stalledMs: 5_000 };

/** One rule; the last one that matches decides. An absent field matches everything. */
export const ThresholdRuleSchema = Type.Object({
  mount: Type.Optional(Type.String()),
  fsType: Type.Optional(Type.String()),
  op: Type.Optional(Type.String()),
  slowMs: Type.Optional(Type.Number({ minimum: 1 })),
  stalledMs: Type.Optional(Type.Number({ minimum: 1 })),
});
export type ThresholdRule = Static<typeof ThresholdRuleSchema>;

/** Thresholds of an operation on a mount: the defaults, overridden by each matching rule in turn. */
export function thresholdsFor(
  rules: readonly ThresholdRule[],
  at: { mount: string; fsType: string | null; op: string },
): Thresholds {
  const found = { ...(at.op === 'read' ? READ_THRESHOLDS : DEFAULT_THRESHOLDS) };
  for (const rule of rules) {
    if (rule.mount !== undefined && rule.mount !== at.mount) continue;
    if (rule.fsType !== undefined && rule.fsType !== at.fsType) continue;
    if (rule.op !== undefined && rule.op !== at.op) continue;
    if (rule.slowMs !== undefined) found.slowMs = rule.slowMs;
    if (rule.stalledMs !== undefined) found.stalledMs = rule.stalledMs;
  }
  return found;
}

export const StallSchema = Type.Object(
  {
    id: Type.Integer(),
    span: SpanSchema,
    ageMs: Type.Number({ description: 'how long the operation has been open; once closed, how long it was' }),
    thresholdMs: Type.Number(),
    state: Type.Union([Type.Literal('open'), Type.Literal('closed')]),
    raisedUs: Type.Number(),
    closedUs: nullable(Type.Number()),
    endedBy: nullable(EndedBySchema, 'null while open'),
    ...DiagnosisSchema.properties,
  },
  { $id: 'Stall', description: 'An open span past its threshold, or one that was' },
);
export type Stall = Static<typeof StallSchema>;

/** As lists and live frames show it: without what only its own page needs. */
export function listed(stall: Stall): Stall {
  return {
    ...stall,
    caller: null,
    daemon: null,
    waiters: [],
    chain: stall.chain.map((link) => ({ ...link, stack: [], userStack: [], facts: [] })),
  };
}

/** What was seen at one look while a stall lasted. */
export const StallSnapshotSchema = Type.Object({
  takenUs: Type.Number(),
  kind: Type.String({ description: 'cause.kind as it was told then' }),
  text: Type.String(),
  confidence: Type.String(),
  waiting: Type.Integer(),
  processes: ProcessesSchema,
  unread: Type.Array(UnreadSchema),
});
export type StallSnapshot = Static<typeof StallSnapshotSchema>;

const NOT_LOOKED_INTO = { endedBy: null, ...noDiagnosis() };

/** A stall as it was stored, perhaps by an older version. */
export function readStall(json: string): Stall {
  return { ...NOT_LOOKED_INTO, ...(JSON.parse(json) as Partial<Stall>) } as Stall;
}
