// A fault on a mirror: which operations it touches, and what it does to them. One form for the interface, the command,
// a file of rules and the mirror itself. What follows from it is in fuse/faults; presets are in fault-presets.ts.
import Type, { type Static } from 'typebox';
import { errnoNumber } from './errno.ts';
import { nearest } from './filter/nearest.ts';
import { nullable } from './nullable.ts';

/** Operations that a mirror sees. Look-ups come to it as getattr, setattr in its four parts. */
export const FAULT_OPS = [
  ...['getattr', 'access', 'statfs', 'readlink', 'opendir', 'readdir', 'releasedir', 'fsyncdir'],
  ...['open', 'create', 'read', 'write', 'flush', 'release', 'fsync', 'fallocate', 'truncate'],
  ...['chmod', 'chown', 'utimens', 'mknod', 'mkdir', 'unlink', 'rmdir', 'rename', 'link', 'symlink'],
  ...['setxattr', 'getxattr', 'listxattr', 'removexattr'],
] as const;

const count = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const bytes = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A day: what waits longer hangs. */
const ms = Type.Number({ minimum: 0, maximum: 86_400_000 });
const strict = { additionalProperties: false };
const RangeSchema = Type.Object({ min: Type.Optional(bytes), max: Type.Optional(bytes) }, strict);

export const FaultMatchSchema = Type.Object(
  {
    op: Type.Optional(
      Type.Array(Type.String({ maxLength: 20 }), {
        minItems: 1,
        maxItems: 40,
        description: 'operations; left out: all that the effect can be done to',
      }),
    ),
    path: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, description: 'glob as in filters: /a/**, *.tmp' }),
    ),
    pid: Type.Optional(Type.Integer({ minimum: 1 })),
    comm: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'glob' })),
    uid: Type.Optional(Type.Integer({ minimum: 0 })),
    size: Type.Optional(RangeSchema),
    offset: Type.Optional(RangeSchema),
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'of those that match' })),
    every: Type.Optional(Type.Integer({ minimum: 1, description: 'only each Nth match (FailEveryNth)' })),
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'not the first N matches (FailAfterN)' })),
    first: Type.Optional(Type.Integer({ minimum: 1, description: 'only N matches, then no more' })),
    fromMs: Type.Optional(ms),
    toMs: Type.Optional(ms),
  },
  { ...strict, description: 'all of it must hold; fromMs and toMs count from when the rule was switched on' },
);
export type FaultMatch = Static<typeof FaultMatchSchema>;

export const DelaySchema = Type.Union([
  Type.Object({ kind: Type.Literal('fixed'), ms }, strict),
  Type.Object({ kind: Type.Literal('uniform'), minMs: ms, maxMs: ms }, strict),
  Type.Object({ kind: Type.Literal('normal'), meanMs: ms, deviationMs: ms }, strict),
  Type.Object(
    { kind: Type.Literal('long-tail'), medianMs: ms, p99Ms: ms },
    { ...strict, description: 'log-normal through these two' },
  ),
]);
export type Delay = Static<typeof DelaySchema>;

/** Latencies in ns, and an errno (0 = ok) for each. */
const SamplesSchema = Type.Object(
  {
    ns: Type.Array(Type.Number({ minimum: 0 }), { minItems: 1, maxItems: 10_000 }),
    errno: Type.Array(bytes),
  },
  strict,
);
export type Samples = Static<typeof SamplesSchema>;

export const FaultEffectSchema = Type.Object(
  {
    delay: Type.Optional(DelaySchema),
    hang: Type.Optional(
      Type.Object(
        {
          atOnce: Type.Optional({ ...count, description: 'hold at most so many, let others pass' }),
          againMs: Type.Optional({ ...ms, description: 'after a release, hold none for so long' }),
        },
        { ...strict, description: 'until it is released' },
      ),
    ),
    errno: Type.Optional(Type.String({ maxLength: 32, description: 'name, as EIO (ReturnError)' })),
    partial: Type.Optional(
      Type.Object(
        { maxBytes: Type.Optional(bytes), shortBy: Type.Optional(count) },
        {
          ...strict,
          description: 'of read and write (PartialRead): at most so many bytes, or so many fewer',
        },
      ),
    ),
    corrupt: Type.Optional(
      Type.Object({ bytes: count }, { ...strict, description: 'change so many bytes of each read or write' }),
    ),
    space: Type.Optional(
      Type.Object({ bytes }, { ...strict, description: 'ENOSPC once so much was written' }),
    ),
    stale: Type.Optional(
      Type.Object({ ms }, { ...strict, description: 'getattr answers what was true up to so long ago' }),
    ),
    listing: Type.Optional(
      Type.Object({ perEntryMs: ms }, { ...strict, description: 'readdir takes so long for each entry' }),
    ),
    disconnect: Type.Optional(Type.Literal(true, { description: 'the file system’s process ends' })),
    replay: Type.Optional(
      Type.Object(
        {
          samples: Type.Record(Type.String(), SamplesSchema),
          order: Type.Optional(Type.Enum(['sampled', 'in-order'])),
        },
        { ...strict, description: 'latencies and errors of a trace, by operation' },
      ),
    ),
  },
  { ...strict, description: 'delay and hang come first; then the rest' },
);
export type FaultEffect = Static<typeof FaultEffectSchema>;

const id = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
  description: 'made up where left out',
});

export const FaultRuleSchema = Type.Object(
  {
    id: Type.Optional(id),
    match: Type.Optional(FaultMatchSchema),
    effect: FaultEffectSchema,
    enabled: Type.Optional(Type.Boolean()),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 0xffff_ffff,
        description: 'same seed, same choices; 1 if left out',
      }),
    ),
    ttlMs: Type.Optional(
      Type.Number({ minimum: 1, maximum: 86_400_000, description: 'switched off by itself after this' }),
    ),
    note: Type.Optional(Type.String({ maxLength: 300 })),
    preset: Type.Optional(Type.String({ maxLength: 63, description: 'the preset it was made from' })),
  },
  { ...strict, $id: 'FaultRule' },
);
export type FaultRule = Static<typeof FaultRuleSchema>;

/** A rule as it stands on its mirror. */
export const FaultStateSchema = Type.Object({
  id,
  match: FaultMatchSchema,
  effect: FaultEffectSchema,
  enabled: Type.Boolean(),
  seed: Type.Integer(),
  ttlMs: nullable(Type.Number({ description: 'what is left of it' })),
  note: nullable(Type.String()),
  preset: nullable(Type.String()),
  matches: Type.Integer({
    description: 'operations that all of `match` held for, counting and chance apart',
  }),
  hits: Type.Integer({ description: 'of these: that the effect was done to' }),
  held: Type.Integer({ description: 'operations it holds back now' }),
  lastHitUs: nullable(Type.Number()),
});
export type FaultState = Static<typeof FaultStateSchema>;

/** A file for `mount --faults`. */
export const FaultFileSchema = Type.Object({ rules: Type.Array(FaultRuleSchema, { maxItems: 200 }) }, strict);

/** Which operations an effect can be done to; all, where none is named. */
const EFFECT_OPS: Partial<Record<keyof FaultEffect, readonly string[]>> = {
  partial: ['read', 'write'],
  corrupt: ['read', 'write'],
  space: ['write', 'fallocate', 'create', 'mkdir', 'mknod', 'symlink', 'link', 'setxattr'],
  stale: ['getattr'],
  listing: ['readdir'],
};

/** The operations that a rule may touch. */
export function opsOfRule({ match, effect }: Pick<FaultRule, 'match' | 'effect'>): readonly string[] {
  if (match?.op) return match.op;
  if (effect.replay) return Object.keys(effect.replay.samples);
  const kinds = Object.keys(effect) as (keyof FaultEffect)[];
  const limits = kinds.flatMap((kind) => EFFECT_OPS[kind] ?? []);
  return limits.length > 0 ? [...new Set(limits)] : FAULT_OPS;
}

/** What is wrong with a rule that its schema lets through, or null. */
export function faultProblem({ match = {}, effect }: FaultRule): string | null {
  const kinds = Object.keys(effect) as (keyof FaultEffect)[];
  if (kinds.length === 0) return 'the rule has no effect; give one, such as errno EIO or a delay';
  for (const op of match.op ?? []) {
    if (!(FAULT_OPS as readonly string[]).includes(op)) return unknownOp(op);
    for (const kind of kinds) {
      const allowed = EFFECT_OPS[kind];
      if (allowed && !allowed.includes(op))
        return `${kind} cannot be done to ${op}, only to ${allowed.join(', ')}`;
    }
  }
  if (effect.errno !== undefined) {
    const number = errnoNumber(effect.errno);
    if (number === null || number >= 512)
      return `"${effect.errno}" is no errno a file system can give; try EIO`;
  }
  const { partial, delay } = effect;
  if (partial && (partial.maxBytes === undefined) === (partial.shortBy === undefined))
    return 'partial takes one of maxBytes and shortBy';
  if (delay?.kind === 'uniform' && delay.minMs > delay.maxMs) return 'a uniform delay needs minMs <= maxMs';
  if (delay?.kind === 'long-tail' && !(delay.medianMs > 0 && delay.p99Ms >= delay.medianMs))
    return 'a long-tail delay needs 0 < medianMs <= p99Ms';
  for (const [op, samples] of Object.entries(effect.replay?.samples ?? {}))
    if (samples.ns.length !== samples.errno.length) return `replay of ${op} needs one errno for each latency`;
  return null;
}

function unknownOp(op: string): string {
  if (op === 'lookup') return 'a mirror sees look-ups as getattr; use that';
  if (op === 'setattr') return 'a mirror sees setattr as chmod, chown, truncate and utimens; use those';
  const near = nearest(op, FAULT_OPS);
  return `a mirror has no operation "${op}"${near ? `; did you mean ${near}` : ''}`;
}
