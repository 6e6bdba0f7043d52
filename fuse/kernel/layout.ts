// Where things are in what the tap's loader writes. The C side is bpf/layout.h, which explains them; a test compares
// the two by `tap-loader --layout`. Little-endian.

/** Frame: u32 length of what follows, u32 type. */
export const FRAME_HEADER = 8;

export const FRAME = { READY: 1, RECORD: 2, LOSS: 3, MOUNTS: 4, LISTED: 5 } as const;

export const KIND = { DONE: 1, GONE: 2, UNPAIRED: 3, OLD: 4, OPEN: 5, LISTED: 6, NAMED: 7 } as const;

/** Offsets in struct tap_record. */
export const RECORD = {
  startNs: 0,
  durationNs: 8,
  pickedNs: 16,
  unique: 24,
  nodeid: 32,
  reply: 40,
  connection: 56,
  opcode: 60,
  pid: 64,
  tid: 68,
  uid: 72,
  gid: 76,
  daemonTid: 80,
  error: 84,
  replyBytes: 88,
  kind: 92,
  picked: 93,
  headBytes: 94,
  flags: 95,
  nameBytes: 96,
  comm: 104,
  /** Where the tail begins: head, first name, second name, without gaps. */
  tail: 120,
} as const;

export const COMM_BYTES = 16;

/** `picked` where the kernel was not asked or did not tell. */
export const PICKED_UNKNOWN = 2;

/** Bits of `flags`. */
export const FLAG = { CUT: 1, UNNUMBERED: 2, ANSWERED: 4 } as const;

/** Offsets in struct tap_loss and struct tap_ready. */
export const LOSS = { counter: 0, connection: 4, count: 8, fromNs: 16, toNs: 24 } as const;
export const READY = { sent: 0, iterator: 4 } as const;

/** Causes by the number of their counter; the last is no loss. */
export const CAUSES = [
  'tap-map-full',
  'tap-ring-full',
  'tap-walk-bound',
  'tap-names-lost',
  'tap-skipped',
  'tap-excluded',
] as const;
export const RING_FULL = 1;
export const EXCLUDED = 5;
/** `connection` of a loss that belongs to no one of them. */
export const ANY = 0xffff_ffff;
