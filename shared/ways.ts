// Ways out of a stall, as the interface offers them: what applies to a mount and what does not, the preview of one with
// its token, its outcome, and the line that the audit keeps of it.
import Type, { type Static } from 'typebox';
import type { FootingLine } from './footing.ts';
import { nullable } from './nullable.ts';

export const WAYS = ['abort', 'continue', 'unmount', 'signal', 'release'] as const;
export type WayName = (typeof WAYS)[number];
const WayNameSchema = Type.Enum([...WAYS]);

/** Signals that a caller may be sent: those that end it, politely or not. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;
export type WaySignal = (typeof SIGNALS)[number];

const TargetSchema = Type.Object({
  pid: Type.Integer(),
  comm: nullable(Type.String()),
  text: Type.String({ description: 'what is to be known of it: stopped, waits for two operations' }),
});
export type Target = Static<typeof TargetSchema>;

export const ActionSchema = Type.Object(
  {
    action: WayNameSchema,
    applies: Type.Boolean(),
    title: Type.String(),
    effect: Type.String({ description: 'what it does, or why it is not offered' }),
    targets: Type.Array(TargetSchema, { description: 'processes to choose from: of continue and signal' }),
    command: nullable(Type.String({ description: 'the same as a fusescope command' })),
    manual: nullable(
      Type.String({
        description: 'the same without FuseScope, for who has the rights that this server lacks',
      }),
    ),
    permitted: Type.Boolean({ description: 'false: the server lacks the rights; run `manual`' }),
  },
  { $id: 'Action', description: 'A way out of a stall, offered or with the reason why not' },
);
export type Action = Static<typeof ActionSchema>;

export const PreviewRequestSchema = Type.Object(
  {
    action: WayNameSchema,
    pid: Type.Optional(
      Type.Integer({ minimum: 1, description: 'of continue and signal: one of the targets' }),
    ),
    signal: Type.Optional(Type.Enum([...SIGNALS], { default: 'SIGTERM' })),
  },
  { additionalProperties: false },
);
export type PreviewRequest = Static<typeof PreviewRequestSchema>;

const OpenFileSchema = Type.Object({
  fd: Type.String({ description: 'a number, or cwd' }),
  path: Type.String(),
});
export const HolderSchema = Type.Object({
  pid: Type.Integer(),
  comm: nullable(Type.String()),
  files: Type.Array(OpenFileSchema, { description: 'the first 20' }),
  fileCount: Type.Integer(),
});
/** A process that keeps a mount busy. */
export type Holder = Static<typeof HolderSchema>;

export const PreviewSchema = Type.Object(
  {
    action: WayNameSchema,
    mountId: Type.Integer(),
    mount: Type.String(),
    token: Type.String({ description: 'to be sent with the action; good once, for what the preview shows' }),
    expiresUs: Type.Number(),
    title: Type.String(),
    effects: Type.Array(Type.String(), { description: 'what happens, in sentences' }),
    operations: Type.Array(
      Type.Object({
        op: Type.String(),
        path: nullable(Type.String()),
        pid: nullable(Type.Integer()),
        comm: nullable(Type.String()),
        ageMs: Type.Number(),
      }),
      { description: 'open operations that it ends, oldest first, 50 at most' },
    ),
    operationCount: Type.Integer({ description: 'all of them, also those that only the kernel counts' }),
    processes: Type.Array(TargetSchema, { description: 'who is hit' }),
    holders: Type.Array(HolderSchema, { description: 'who has files of the mount open' }),
    incomplete: nullable(Type.String({ description: 'what could not be looked at, and why' })),
    command: nullable(Type.String()),
    manual: nullable(Type.String()),
  },
  { $id: 'WayPreview', description: 'What an action would do, before it is done' },
);
export type Preview = Static<typeof PreviewSchema>;

const VIAS = ['page', 'cli', 'api'] as const;
export const PerformRequestSchema = Type.Object(
  {
    token: Type.String({ minLength: 16, maxLength: 100, description: 'of the preview' }),
    via: Type.Optional(Type.Enum([...VIAS], { default: 'api', description: 'what asked, for the audit' })),
  },
  { additionalProperties: false },
);

export const AuditSchema = Type.Object(
  {
    id: Type.Integer(),
    atUs: Type.Number({ description: 'µs since the Unix epoch' }),
    action: WayNameSchema,
    mountId: Type.Integer(),
    mount: Type.String(),
    connection: nullable(Type.Integer()),
    target: nullable(Type.String({ description: 'process, signal or fault it was about' })),
    uid: nullable(Type.Integer({ description: 'who asked; null: not known, a peer with the token' })),
    via: Type.Enum([...VIAS]),
    address: Type.String(),
    outcome: Type.Enum(['begun', 'done', 'partly', 'failed'], {
      description:
        'begun: the server ended before it knew; partly: it was done and did not bring all that it should',
    }),
    text: Type.String({ description: 'what came of it, in a sentence' }),
  },
  { $id: 'Audit', description: 'One way out that somebody took' },
);
export type Audit = Static<typeof AuditSchema>;

export const OutcomeSchema = Type.Object(
  {
    audit: AuditSchema,
    holders: Type.Array(HolderSchema, { description: 'who still keeps the mount busy' }),
    next: nullable(Type.String({ description: 'what to do now, where something is left' })),
  },
  { $id: 'WayOutcome' },
);
export type Outcome = Static<typeof OutcomeSchema>;

// --- between the server and fuse/ways, the process that looks and acts for it ---

/** A process as a way out sees it. */
export interface ProcessFact {
  pid: number;
  ppid: number;
  comm: string;
  /** One letter, as in proc(5). */
  state: string;
  /** With the id it names a process for good. */
  startTicks: number;
  /** The debugger that holds it, or 0. */
  tracer: number;
  /** Whether this user may send it signals. */
  signalable: boolean;
}

/** One place where the connection is mounted. */
export interface MountPlace {
  /** Number of the mount in the kernel, one for the whole machine; given anew soon after it is gone. */
  id: number;
  mountpoint: string;
  source: string;
  /** Null: our own namespace. */
  namespace: string | null;
  /** A process in that namespace. */
  pid: number;
}

export interface ConnectionFacts {
  places: MountPlace[];
  /** Whether its file `abort` may be written; `absent`: fusectl is not mounted, or the connection is no more. */
  abort: 'yes' | 'denied' | 'absent';
  fusectl: boolean;
  /** Requests the kernel counts; null where that may not be read. */
  waiting: number | null;
  /** The daemon and every process below it. */
  daemon: ProcessFact[];
  callers: ProcessFact[];
  root: boolean;
}

export type WayRequest =
  /** `skip`: processes whose files in /proc were seen to hang. */
  | { ask: 'facts'; connection: number; daemon: number | null; callers: number[]; skip: number[] }
  /** `places`: where it is mounted, and where it was before an unmount. */
  | { ask: 'holders'; places: MountPlace[]; skip: number[] }
  /** Of daemons: what they stand on. */
  | { ask: 'footings'; pids: number[]; skip: number[] }
  /** `daemon`: who has to answer the connection still; null where that is not known. */
  | { ask: 'abort'; connection: number; places: MountPlace[]; daemon: ProcessFact | null }
  | { ask: 'signal'; pid: number; startTicks: number; signal: WaySignal | 'SIGCONT' }
  /** `answered`: it may have a daemon still, since its connection was aborted. */
  | { ask: 'unmount'; connection: number; places: MountPlace[]; answered: boolean };

export type WayLine =
  | { at: number }
  | { facts: ConnectionFacts }
  | { holder: Holder }
  | FootingLine
  /** Null: it was done. */
  | { done: string | null };
