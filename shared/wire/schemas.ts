// Schemas of the frames with a JSON payload; what they mean stands with their types in frames.ts.
import Type from 'typebox';
import { TierSchema } from '../mount.ts';
import { nullable } from '../nullable.ts';
import { SourceKindSchema } from '../span.ts';

const index = Type.Integer({ minimum: 0, maximum: 0xffff });
const count = Type.Integer({ minimum: 0 });
const name = Type.String({ maxLength: 4_096 });

export const HelloSchema = Type.Object({
  v: Type.Integer(),
  instance: Type.String({ minLength: 8, maxLength: 64 }),
  kind: SourceKindSchema,
  pid: Type.Integer({ minimum: 0 }),
  comm: name,
  host: name,
  ackedSeq: Type.Optional(Type.Integer({ minimum: 0 })),
});

export const MountFrameSchema = Type.Object({
  index,
  mount: Type.String({ minLength: 1, maxLength: 4_096 }),
  alsoAt: Type.Optional(Type.Array(name, { maxItems: 1_000 })),
  fsType: nullable(name),
  source: nullable(name),
  connection: nullable(Type.Integer()),
  daemon: nullable(Type.Object({ pid: Type.Integer(), comm: nullable(name) })),
  tier: TierSchema,
  tierReason: Type.Optional(nullable(name)),
  waiting: Type.Optional(nullable(count)),
  maxBackground: Type.Optional(nullable(count)),
  options: Type.Optional(name),
  namespace: Type.Optional(nullable(name)),
  blocked: Type.Optional(
    Type.Array(Type.Object({ pid: count, tid: count, comm: nullable(name) }), { maxItems: 100 }),
  ),
  dead: Type.Optional(Type.Boolean()),
});

export const LossSchema = Type.Object({
  index: nullable(index),
  cause: Type.String({ minLength: 1, maxLength: 64 }),
  count: Type.Integer({ minimum: 0 }),
  fromUs: Type.Number(),
  toUs: Type.Number(),
});

export const GoneSchema = Type.Object({ index, reason: name });
