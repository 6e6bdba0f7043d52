// Stalls that come back: all that share a cause, over everything that is stored.
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';

export const StallGroupSchema = Type.Object(
  {
    key: Type.String({ description: 'cause.key; where no cause was found, the mount and the operation' }),
    mountId: Type.Integer(),
    mount: Type.String(),
    kind: nullable(Type.String({ description: 'cause.kind' })),
    text: nullable(Type.String({ description: 'cause.text of the last one' })),
    culprit: nullable(Type.String({ description: 'name of who or what held it up' })),
    incidents: Type.Integer({ description: 'times that it happened; all that hung at once are one' }),
    operations: Type.Integer({ description: 'operations that stalled, all incidents together' }),
    open: Type.Integer({ description: 'of these, open now' }),
    firstUs: Type.Number({ description: 'when the first was raised' }),
    lastUs: Type.Number({ description: 'when the last was raised' }),
    longestMs: Type.Number(),
    totalMs: Type.Number({ description: 'sum over the operations' }),
    lastStallId: Type.Integer(),
    endings: Type.Array(Type.Object({ kind: Type.String(), count: Type.Integer() }), {
      description: 'what ended them (endedBy.kind), most first',
    }),
  },
  { $id: 'StallGroup' },
);
export type StallGroup = Static<typeof StallGroupSchema>;
