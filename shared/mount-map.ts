// How mounts depend on each other, as GET /api/mounts/map answers it: what lies on what, what serves what, who waits for whom.
import Type, { type Static } from 'typebox';
import { MountStateSchema } from './mount.ts';
import { nullable } from './nullable.ts';

const NodeSchema = Type.Object(
  {
    id: Type.String({ description: 'stays the same while it is there' }),
    kind: Type.Enum(['caller', 'mount', 'backing', 'device', 'peer'], {
      description:
        'caller: processes that wait in a stall. mount: one of GET /api/mounts. backing: another file system. peer: at the other end of a network',
    }),
    name: Type.String({ description: 'comm, mount point, device, address' }),
    fsType: nullable(Type.String()),
    source: nullable(Type.String({ description: 'what is mounted' })),
    mountId: nullable(Type.Integer({ description: 'of GET /api/mounts' })),
    state: nullable(MountStateSchema, 'of a mount of GET /api/mounts'),
    pids: Type.Array(Type.Integer(), { description: 'callers, or the daemon of a mount' }),
    comm: nullable(Type.String({ description: 'of the daemon' })),
    root: Type.Boolean({ description: 'a stall that is open ends here: this is what is waited for' }),
    unseen: nullable(
      Type.String({
        description: 'why it is not known what its daemon has open; null: it is, or there is none',
      }),
    ),
  },
  { title: 'MountMapNode' },
);
export type MapNode = Static<typeof NodeSchema>;

const EdgeSchema = Type.Object(
  {
    from: Type.String(),
    to: Type.String({ description: 'what `from` depends on' }),
    reason: Type.Enum(['on', 'serves', 'waits'], {
      description:
        'on: the mount point of `from` lies on `to`. serves: `from` takes its files from `to`. waits: an open stall goes from one to the other',
    }),
    evidence: Type.Array(Type.String(), { description: 'what shows it, in sentence parts; 8 at most' }),
    stallIds: Type.Array(Type.Integer(), {
      description: 'of `waits`: the open stalls, the oldest first, 100 at most',
    }),
    count: Type.Integer({ description: 'of `waits`: how many stalls; else 0' }),
    oldestMs: nullable(Type.Number({ description: 'of `waits`: age of the oldest' })),
    sinceUs: nullable(
      Type.Number({ description: 'of `waits`: ENTER of the oldest, µs since the Unix epoch' }),
    ),
  },
  { title: 'MountMapEdge' },
);
export type MapEdge = Static<typeof EdgeSchema>;

export const MountMapSchema = Type.Object(
  {
    takenUs: Type.Number({ description: 'when it was made, µs since the Unix epoch' }),
    nodes: Type.Array(NodeSchema),
    edges: Type.Array(EdgeSchema),
    limits: Type.Array(Type.String(), { description: 'what could not be seen, and what would show it' }),
  },
  { $id: 'MountMap' },
);
export type MountMap = Static<typeof MountMapSchema>;
