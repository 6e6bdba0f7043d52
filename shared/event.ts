// The event line, version 1: one JSON object a line, over POST /api/events, the ingest socket or a file.
// Names and units are a public promise. What JSON itself forbids (half surrogates, NaN) is not read.
import Type, { type Static } from 'typebox';
import { ArgsSchema, U64Schema } from './span.ts';

const path = Type.String({ maxLength: 65_536 });
const small = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });

export const EventLineSchema = Type.Object(
  {
    ev: Type.Union([Type.Literal('ENTER'), Type.Literal('EXIT')]),
    mount: Type.String({
      minLength: 1,
      maxLength: 4_096,
      description: 'the mount point, absolute, or any name',
    }),
    id: Type.Union([U64Schema, Type.String({ minLength: 1, maxLength: 256 })], {
      description: 'unique among the mount’s open operations',
    }),
    op: Type.Optional(Type.String({ maxLength: 32, description: 'required on ENTER' })),
    ts: Type.Number({ description: 'µs since the Unix epoch', minimum: 0, maximum: 9e15 }),
    durNs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'wins over the difference of ts',
      }),
    ),
    errno: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_095, description: 'positive, 0 = ok' })),
    path: Type.Optional(path),
    newPath: Type.Optional(path),
    nodeid: Type.Optional(U64Schema),
    fh: Type.Optional(U64Schema),
    offset: Type.Optional(U64Schema),
    size: Type.Optional(U64Schema),
    bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    pid: Type.Optional(small),
    tid: Type.Optional(small),
    uid: Type.Optional(small),
    gid: Type.Optional(small),
    comm: Type.Optional(Type.String({ maxLength: 256 })),
    args: Type.Optional(ArgsSchema),
  },
  { $id: 'EventLine', description: 'One ENTER or EXIT, as any program can send it' },
);
export type EventLine = Static<typeof EventLineSchema>;
