// A mount as every API shows it: one per kernel connection, or per source that names one.
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';
import { SourceKindSchema } from './span.ts';

export const MountStateSchema = Type.Enum(['ok', 'slow', 'stalled', 'dead', 'gone']);
/** gone: no longer mounted, or its source went away. */
export type MountState = Static<typeof MountStateSchema>;

export const TierSchema = Type.Enum(['bpf', 'tracefs', 'proc', 'mirror', 'log', 'none']);
/** What captures a mount's operations. */
export type Tier = Static<typeof TierSchema>;

export const MountSchema = Type.Object(
  {
    id: Type.Integer(),
    host: Type.String(),
    mount: Type.String({ description: 'its first mount point' }),
    alsoAt: Type.Array(Type.String(), {
      description: 'its other mount points: bind mounts, other namespaces',
    }),
    fsType: nullable(Type.String()),
    source: nullable(Type.String({ description: 'what is mounted: a directory, a remote, a device' })),
    kind: SourceKindSchema,
    connection: nullable(Type.Integer({ description: 'kernel FUSE connection, number in fusectl' })),
    daemon: nullable(Type.Object({ pid: Type.Integer(), comm: nullable(Type.String()) })),
    state: MountStateSchema,
    tier: TierSchema,
    tierReason: nullable(
      Type.String({
        description: 'why nothing better captures it, and what to do for more; null: all is well',
      }),
    ),
    waiting: nullable(
      Type.Integer({ description: 'requests the kernel counts as waiting, in the queue or in the daemon' }),
    ),
    maxBackground: nullable(
      Type.Integer({ description: 'background requests the kernel admits at once; more of them wait' }),
    ),
    options: nullable(Type.String({ description: 'mount options, as mountinfo lists them' })),
    namespace: nullable(
      Type.String({ description: 'number of the mount namespace it is in; null: that of FuseScope' }),
    ),
    blocked: Type.Array(
      Type.Object({ pid: Type.Integer(), tid: Type.Integer(), comm: nullable(Type.String()) }),
      { description: 'who waits for it, as far as /proc tells; only where its operations are not captured' },
    ),
    inflight: Type.Integer({ description: 'open spans' }),
    stalled: Type.Integer({ description: 'open stalls' }),
    oldestOpenMs: nullable(Type.Number({ description: 'age of its oldest open span' })),
    opsPerS: Type.Number({ description: 'operations finished in the last whole second' }),
    errorsPerS: Type.Number(),
    p50Ns: nullable(
      Type.Number({ description: 'of operations finished in the last 60 s; open ones are not in it' }),
    ),
    p99Ns: nullable(Type.Number()),
    topError: nullable(
      Type.String({ description: 'commonest errno of the last 60 s, ENOENT and ENODATA only if alone' }),
    ),
    opsHistory: Type.Array(Type.Number(), { description: 'operations a second, last 60 s, oldest first' }),
    errorsHistory: Type.Array(Type.Number()),
    lost: Type.Number({
      description: 'events known to be missing, since the mount was first seen by this server',
    }),
    firstSeenUs: Type.Number(),
    lastSeenUs: Type.Number(),
  },
  { $id: 'Mount' },
);
export type Mount = Static<typeof MountSchema>;
