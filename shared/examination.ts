// What the examiner (fuse/examiner) reads of the processes around a stall, and how it is asked. Facts only: what they
// mean is decided by the rules in server/diagnosis. Snapshots of it are kept with the stall.
import Type, { type Static } from 'typebox';
import { nullable } from './nullable.ts';
import { UserStackSchema } from './user-frame.ts';

const FutexSchema = Type.Object({
  kind: Type.Enum(['mutex', 'signal'], {
    description: 'mutex: it waits to lock one. signal: for a condition or semaphore, or not known which',
  }),
  address: Type.String(),
  owner: nullable(Type.Integer({ description: 'thread that holds the mutex, as the mutex itself says' })),
});

const SyscallSchema = Type.Object({
  name: Type.String(),
  text: Type.String({ description: 'as people write it, with its descriptors and paths named' }),
  fd: nullable(Type.Integer({ description: 'descriptor that it works on' })),
  target: nullable(Type.String({ description: 'what that descriptor is: a path, socket:[…], pipe:[…]' })),
  paths: Type.Array(Type.String(), { description: 'absolute paths among its arguments' }),
  futex: nullable(FutexSchema),
});
export type SyscallFacts = Static<typeof SyscallSchema>;

const PlaceSchema = Type.Object({
  device: Type.String({ description: 'what is mounted: /dev/sda1, server:/export' }),
  fsType: Type.String(),
  mountpoint: Type.String(),
});
export type PlaceFacts = Static<typeof PlaceSchema>;

const ThreadSchema = Type.Object({
  tid: Type.Integer(),
  comm: nullable(Type.String()),
  state: nullable(Type.String()),
  wchan: nullable(Type.String()),
  syscall: nullable(SyscallSchema),
  stack: Type.Array(Type.String(), { description: 'kernel functions, innermost first' }),
  userStack: UserStackSchema,
  sinceUs: nullable(
    Type.Number({ description: 'when it last ran, µs since the Unix epoch: it has slept from then on' }),
  ),
  place: nullable(PlaceSchema, 'file system that its system call works on, where that is no FUSE mount'),
});
export type ThreadFacts = Static<typeof ThreadSchema>;

const SocketSchema = Type.Object({
  fd: Type.Integer(),
  inode: Type.String(),
  protocol: Type.Enum(['tcp', 'udp', 'unix']),
  local: Type.String(),
  remote: Type.String({ description: 'address:port; "" where it has none' }),
  state: Type.String({ description: 'ESTABLISHED, SYN_SENT …' }),
  sendQueue: Type.Integer({ description: 'bytes sent and not acknowledged' }),
  receiveQueue: Type.Integer({ description: 'bytes received and not read' }),
  retransmits: Type.Integer(),
  peer: nullable(
    Type.Object({
      pid: Type.Integer(),
      comm: nullable(Type.String()),
      state: nullable(Type.String()),
      receiveQueue: Type.Integer(),
      stopped: Type.Array(Type.Object({ pid: Type.Integer(), comm: nullable(Type.String()) }), {
        description: 'which of it, of what it started and of what started it are stopped by a signal',
      }),
    }),
    'who holds the other end, where that is on this machine',
  ),
});
export type SocketFacts = Static<typeof SocketSchema>;

const ProcessSchema = Type.Object({
  pid: Type.Integer(),
  ppid: Type.Integer(),
  comm: nullable(Type.String()),
  cmdline: nullable(Type.String()),
  state: nullable(Type.String()),
  startedUs: nullable(Type.Number()),
  cgroup: nullable(Type.String()),
  unit: nullable(Type.String()),
  container: nullable(Type.String()),
  frozen: Type.Boolean({ description: 'its cgroup is frozen' }),
  tracer: nullable(Type.Integer({ description: 'debugger that has it in hand' })),
  threads: Type.Array(ThreadSchema),
  threadCount: Type.Integer(),
  connections: Type.Array(Type.Integer(), { description: 'FUSE connections that it holds the device of' }),
  sockets: Type.Array(SocketSchema),
  pipes: Type.Array(Type.String(), { description: 'pipe:[…] of its descriptors' }),
});
export type ProcessFacts = Static<typeof ProcessSchema>;

export const UnreadSchema = Type.Object({
  pid: Type.Integer(),
  why: Type.Enum(['denied', 'hung'], {
    description:
      'denied: this user may not. hung: reading it did not return, so it is left alone for a while',
  }),
});
export type Unread = Static<typeof UnreadSchema>;

export const ProcessesSchema = Type.Array(ProcessSchema);

export interface ExamineRequest {
  id: number;
  /** Every FUSE mount that is known; those with `look` are waited for. */
  mounts: { connection: number | null; points: string[]; daemon: number | null; look: boolean }[];
  /** Threads that wait in an operation. */
  callers: number[];
  /** Processes whose reading hung before. */
  skip: number[];
}

export interface ExamineAnswer {
  id: number;
  takenUs: number;
  tookMs: number;
  processes: ProcessFacts[];
  unread: Unread[];
  /** What was left out for there being too much of it, in words. */
  left: string[];
}
