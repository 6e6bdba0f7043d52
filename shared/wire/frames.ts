// Frames on the ingest socket between a collector and the server. A stream opens with MAGIC, then frames of
// [u32 length of what follows][u8 type][payload], little-endian. A stream whose first byte is not MAGIC's is
// NDJSON event lines instead. JSON payloads are UTF-8; EVENTS is laid out in batch.ts.

import type { Tier } from '../mount.ts';
import type { Args, SourceKind } from '../span.ts';

export const MAGIC = 'FSW1';
export const WIRE_VERSION = 1;
/** Bytes a frame may have; a larger one is an error of the peer. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** Collector to server: HELLO first, a MOUNT before its index is used. Server to collector: WELCOME, ACK, CONTROL, PACE. What CONTROL and FAULTS say is in faults.ts. A collector passes over a type that it does not know. */
export const FRAME = {
  HELLO: 1,
  MOUNT: 2,
  EVENTS: 3,
  LOSS: 4,
  GONE: 5,
  BYE: 6,
  FAULTS: 7,
  WELCOME: 65,
  ACK: 66,
  CONTROL: 67,
  PACE: 68,
} as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** Who sends. `instance` is a fresh random id of each collector process; sequence numbers count within it. */
export interface Hello {
  v: number;
  instance: string;
  kind: SourceKind;
  pid: number;
  comm: string;
  host: string;
  /** Highest number that a server has acknowledged before: a server with a new store must not take it for missing. */
  ackedSeq?: number;
}

/** A mount that records refer to by `index` (0..65535). */
export interface WireMount {
  index: number;
  mount: string;
  alsoAt?: string[];
  fsType: string | null;
  source: string | null;
  connection: number | null;
  daemon: { pid: number; comm: string | null } | null;
  tier: Tier;
  /** Why the tier is not the best there is, and what to do for more. */
  tierReason?: string | null;
  /** As fusectl counts them. */
  waiting?: number | null;
  maxBackground?: number | null;
  /** Mount options, as mountinfo lists them. */
  options?: string;
  /** The mount namespace, where it is not that of the collector. */
  namespace?: string | null;
  /** Processes that wait for an answer of it, as far as /proc tells; for mounts whose operations are not captured. */
  blocked?: Blocked[];
  /** Its daemon has ended. */
  dead?: boolean;
}

/** A thread that waits for an answer. */
export interface Blocked {
  pid: number;
  tid: number;
  comm: string | null;
}

/** A mount went away; its open operations are aborted. */
export interface WireGone {
  index: number;
  reason: string;
}

/** Events that the collector knows to be missing for a reason other than its own full ring (see EVENTS). */
export interface WireLoss {
  index: number | null;
  cause: string;
  count: number;
  fromUs: number;
  toUs: number;
}

/** `lastSeq`: the highest sequence number that is stored of this instance, 0 for none; what follows is sent again. */
export interface Welcome {
  v: number;
  lastSeq: number;
}

/** How soon the server wants to hear of an event. `prompt`: within some ms, since a program waits for operations. */
export interface Pace {
  prompt: boolean;
}

/** One ENTER, EXIT, finished span, or an open one whose end will not be seen (LOST), as collectors see it. `monoNs` is CLOCK_MONOTONIC, `tsUs` wall time. */
export interface WireEvent {
  kind: 1 | 2 | 3 | 4;
  mount: number;
  op: number;
  id: number | string;
  monoNs: number;
  tsUs: number;
  durNs: number | null;
  queueNs: number | null;
  errno: number | null;
  path: string | null;
  newPath: string | null;
  nodeid: number | string | null;
  fh: number | string | null;
  offset: number | string | null;
  size: number | string | null;
  bytes: number | null;
  pid: number | null;
  tid: number | null;
  uid: number | null;
  gid: number | null;
  comm: string | null;
  daemonTid: number | null;
  args: Args | null;
}
export const ENTER = 1;
export const EXIT = 2;
export const SPAN = 3;
export const LOST = 4;

/** A frame with a JSON payload. */
export function jsonFrame(type: FrameType, body: unknown): Uint8Array {
  return frame(type, new TextEncoder().encode(JSON.stringify(body)));
}

/** The server's receipt: every event up to `seq` of this instance is kept, or counted as lost. */
export function ackFrame(seq: number): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setFloat64(0, seq, true);
  return frame(FRAME.ACK, payload);
}

/** Sequence number of an ACK's payload. */
export function readAck(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getFloat64(0, true);
}

/** @throws TypeError for what is not UTF-8, SyntaxError for what is not JSON */
export function readJson<T>(payload: Uint8Array): T {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as T;
}

/** A frame of any type. */
export function frame(type: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(5 + payload.length);
  new DataView(out.buffer).setUint32(0, payload.length + 1, true);
  out[4] = type;
  out.set(payload, 5);
  return out;
}
