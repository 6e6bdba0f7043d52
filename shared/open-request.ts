// What the kernel collector answers when the server asks which requests of a connection are open now.
import type { U64 } from './u64.ts';

/** A request that the kernel has and the daemon has not answered. */
export interface OpenRequest {
  unique: number | string;
  opcode: number;
  nodeid: U64 | null;
  pid: number | null;
  tid: number | null;
  comm: string | null;
  /** Inside the mount, as far as it is known. */
  path: string | null;
  /** Whether the daemon has taken it; null where the kernel does not tell (tracefs). */
  picked: boolean | null;
  /** µs since the epoch; null where it was sent before anybody listened. */
  startUs: number | null;
  /** Sent before its connection was listened to. */
  older: boolean;
}

/** A line to the collector. `ask` comes back with the answer. */
export interface OpenQuestion {
  ask: number;
  connection: number;
}

/** The collector's line. `reason`: why there is no list. */
export type OpenAnswer = { ask: number; open: OpenRequest[] } | { ask: number; reason: string };
