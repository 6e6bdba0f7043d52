// Everything that the cause rules look at, as one plain object: what the server knows of mounts and operations in
// flight, and what the examiner read of processes. Captured ones are the fixtures of the rules' tests.
import type { ProcessFacts, Unread } from '../../shared/examination.ts';
import type { SourceKind, Span } from '../../shared/span.ts';

/** A rule of a mirror that makes an operation wait. */
export interface HeldBack {
  rule: string;
  /** What it does, in words. */
  effect: string;
  /** It hangs until it is released; else it goes on by itself. */
  releasable: boolean;
}

/** An operation in flight. */
export interface Operation {
  /** Unique within the snapshot. */
  key: string;
  /** Null where the server has no span of it: its mount is not listened to. */
  spanId: number | null;
  mountId: number;
  op: Span['op'];
  path: string | null;
  pid: number | null;
  tid: number | null;
  comm: string | null;
  startUs: number;
  /** By the clock that nobody sets and that stands still while the machine sleeps. */
  ageMs: number;
  /** Whether the daemon has taken it; null: nobody can tell. */
  picked: boolean | null;
  /** Who keeps it waiting on purpose. */
  fault: HeldBack | null;
  /** It was in flight before anybody listened; `startUs` is when it was first seen. */
  before: boolean;
  /** Without a tap: all that is known is a process that is blocked. */
  seenInProc?: boolean;
}

export interface MountFacts {
  mountId: number;
  mount: string;
  /** All its mount points. */
  points: string[];
  kind: SourceKind;
  connection: number | null;
  fsType: string | null;
  source: string | null;
  daemon: { pid: number; comm: string | null } | null;
  /** Who answered before, and has ended. */
  former: { pid: number; comm: string | null } | null;
  dead: boolean;
  /** Requests that the kernel counts; null where fusectl is not mounted or not ours to read. */
  waiting: number | null;
  maxBackground: number | null;
  /** Why its operations cannot be seen, or null where they are. */
  unseen: string | null;
}

export interface Snapshot {
  takenUs: number;
  mounts: MountFacts[];
  operations: Operation[];
  processes: ProcessFacts[];
  unread: Unread[];
  /** What was left out, in words. */
  left: string[];
}
