// What is known of why an operation hangs: the cause with its evidence, the processes in it, the chain from the caller
// to the cause, who else waits, and what can be done. A part of every stall (shared/stall.ts).
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';
import { UserStackSchema } from './user-frame.ts';

export const CAUSE_KINDS = [
  'daemon-stopped',
  'daemon-dead',
  'not-picked-up',
  'workers-exhausted',
  'self-deadlock',
  'cross-mount',
  'blocked-on-lock',
  'blocked-on-network',
  'blocked-on-disk',
  'congested',
  'waiting-behind',
  'fault-injected',
  'waiting-for-data',
  'unknown',
] as const;
const CauseKindSchema = Type.Enum([...CAUSE_KINDS]);
export type CauseKind = (typeof CAUSE_KINDS)[number];

/** certain: read from the kernel. likely: the signs agree, another reading is possible. possible: one weak sign. */
const CONFIDENCES = ['certain', 'likely', 'possible'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

const EvidenceSchema = Type.Object({
  text: Type.String({ description: 'what was seen, in a sentence part' }),
  from: Type.String({ description: 'where it was read: /proc/1712/wchan, fusectl, the tap' }),
});
export type Evidence = Static<typeof EvidenceSchema>;

/** Who or what holds the operation up. */
const CulpritSchema = Type.Object({
  kind: Type.Enum(['process', 'peer', 'mount', 'disk', 'fault', 'none']),
  name: Type.String({ description: 'comm, address, mount point, device or rule; "" where none is known' }),
  pid: nullable(Type.Integer()),
  tid: nullable(Type.Integer()),
  mountId: nullable(Type.Integer()),
});
export type Culprit = Static<typeof CulpritSchema>;

export const CauseSchema = Type.Object(
  {
    kind: CauseKindSchema,
    text: Type.String({ description: 'one sentence for people' }),
    confidence: Type.Enum([...CONFIDENCES]),
    evidence: Type.Array(EvidenceSchema),
    culprit: CulpritSchema,
    advice: Type.String({ description: 'what to do about it, in a sentence' }),
    key: Type.String({
      description: 'equal for the same cause at another time: what recurring ones are grouped by',
    }),
  },
  { $id: 'Cause' },
);
export type Cause = Static<typeof CauseSchema>;

const ThreadSchema = Type.Object({
  tid: Type.Integer(),
  comm: nullable(Type.String()),
  state: nullable(Type.String({ description: 'one letter, as in proc(5)' })),
  wchan: nullable(
    Type.String({ description: 'kernel function it sleeps in; null: it runs, or may not be read' }),
  ),
  syscall: nullable(Type.String({ description: 'with decoded arguments: read(7 socket 10.0.0.1:22, …)' })),
  stack: Type.Array(Type.String(), {
    description: 'kernel functions, innermost first; empty where not readable',
  }),
  userStack: UserStackSchema,
});
export type Thread = Static<typeof ThreadSchema>;

const process = {
  pid: Type.Integer(),
  comm: nullable(Type.String()),
  cmdline: nullable(Type.String()),
  state: nullable(Type.String({ description: 'one letter, as in proc(5)' })),
  unit: nullable(Type.String({ description: 'systemd unit' })),
  container: nullable(Type.String({ description: 'id, as its cgroup tells' })),
  cgroup: nullable(Type.String()),
};
const StallCallerSchema = Type.Object({
  ...process,
  tid: Type.Integer(),
  wchan: nullable(Type.String()),
  syscall: nullable(Type.String()),
  stack: Type.Array(Type.String()),
  userStack: UserStackSchema,
});
export type StallCaller = Static<typeof StallCallerSchema>;
const StallDaemonSchema = Type.Object({
  ...process,
  threads: Type.Array(ThreadSchema, { description: '64 at most, the telling ones first' }),
  threadCount: Type.Integer(),
});
export type StallDaemon = Static<typeof StallDaemonSchema>;

/** One step from the caller to the cause: a process, and what it waits for the next one with. */
const LinkSchema = Type.Object({
  role: Type.Enum(['caller', 'daemon', 'helper', 'cause'], {
    description:
      'helper: a process that a daemon talks through; cause: the end, where that is no process of ours to see',
  }),
  mountId: nullable(
    Type.Integer({ description: 'mount that the link serves; of a caller: that it waits for' }),
  ),
  mount: nullable(Type.String()),
  spanId: nullable(Type.Integer({ description: 'operation that the link waits in' })),
  pid: nullable(Type.Integer()),
  tid: nullable(Type.Integer()),
  name: Type.String({ description: 'comm, address, device' }),
  lines: Type.Array(Type.String(), { description: 'two or three short facts' }),
  via: nullable(
    Type.String({ description: 'how it waits for the next link: an operation, TCP, futex, pipe' }),
  ),
  stack: Type.Array(Type.String()),
  userStack: UserStackSchema,
  telling: nullable(
    Type.Object({ frame: Type.String(), text: Type.String() }),
    'the frame of `stack` (or the wchan) that shows the wait, and what it means',
  ),
  facts: Type.Array(Type.Tuple([Type.String(), Type.String()]), {
    description: 'names and values of what is at the end: a socket, a disk',
  }),
});
export type Link = Static<typeof LinkSchema>;

const WaiterSchema = Type.Object({
  pid: Type.Integer(),
  tid: Type.Integer(),
  comm: nullable(Type.String()),
  spanId: nullable(Type.Integer({ description: 'null: it has no request of its own' })),
  op: nullable(Type.String()),
  path: nullable(Type.String()),
  sinceUs: nullable(Type.Number({ description: 'µs since the Unix epoch; null: not known' })),
  why: Type.String({ description: 'same daemon, lock of the folder, same page …' }),
});
export type Waiter = Static<typeof WaiterSchema>;

const AffectedSchema = Type.Object({
  pid: Type.Integer(),
  comm: nullable(Type.String()),
  count: Type.Integer({ description: 'operations and lock waits of it that wait for this cause' }),
});
export type Affected = Static<typeof AffectedSchema>;

/** A way out that applies here. What it does, asks and checks is the business of the routes that offer it. */
const HintSchema = Type.Object({
  action: Type.Enum(['continue', 'abort', 'unmount', 'signal', 'release']),
  pid: nullable(Type.Integer()),
  mountId: nullable(Type.Integer()),
  fault: nullable(Type.String({ description: 'id of the fault rule' })),
  text: Type.String(),
});
export type Hint = Static<typeof HintSchema>;

export const DiagnosisSchema = Type.Object(
  {
    examinedUs: nullable(
      Type.Number({ description: 'when the processes were last looked at; null: not yet' }),
    ),
    groupId: nullable(
      Type.Integer({ description: 'stalls with one cause share it: the id of the first of them' }),
    ),
    earliestUs: nullable(
      Type.Number({
        description:
          'an operation from before FuseScope listened: it cannot have begun before this; null: its ENTER was seen',
      }),
    ),
    cause: nullable(CauseSchema),
    caller: nullable(StallCallerSchema, 'null in lists and live frames'),
    daemon: nullable(StallDaemonSchema, 'null in lists and live frames, and where there is none'),
    chain: Type.Array(LinkSchema, {
      description: 'the caller first, the cause last; without stacks in lists',
    }),
    cycle: nullable(
      Type.Integer({ description: 'index in `chain` at which it closes: the last link waits for that one' }),
    ),
    affected: Type.Array(AffectedSchema, { description: 'most first, 20 at most' }),
    waiters: Type.Array(WaiterSchema, {
      description: 'who else waits for the cause, 100 at most; empty in lists',
    }),
    waiting: Type.Integer({ description: 'how many wait for it, this operation included' }),
    hints: Type.Array(HintSchema),
    limits: Type.Array(Type.String(), {
      description: 'what could not be seen, why, and the command that shows it',
    }),
  },
  { $id: 'Diagnosis' },
);
export type Diagnosis = Static<typeof DiagnosisSchema>;

/** Before anybody has looked. */
export function noDiagnosis(): Diagnosis {
  return {
    examinedUs: null,
    groupId: null,
    earliestUs: null,
    cause: null,
    caller: null,
    daemon: null,
    chain: [],
    cycle: null,
    affected: [],
    waiters: [],
    waiting: 1,
    hints: [],
    limits: [],
  };
}

const ENDINGS = ['answered', 'error', 'aborted', 'daemon-died', 'unmounted', 'lost'] as const;
export const EndedBySchema = Type.Object({
  kind: Type.Enum([...ENDINGS]),
  text: Type.String({ description: 'what ended it, in a sentence' }),
});
export type EndedBy = Static<typeof EndedBySchema>;
