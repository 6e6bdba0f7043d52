// Layout of an EVENTS frame, shared by encoder and decoder.
//   header  f64 first sequence number · u32 records · u32 strings · u32 bytes of strings
//   strings [u32 length][UTF-8] each, index 1 upwards (0 means none)
//   records RECORD_BYTES each, fields at the offsets below; absent numbers are told by the presence mask

export const HEADER_BYTES = 20;
export const RECORD_BYTES = 128;

/** Byte offsets in a record. Widths: u8 kind, u16 op has mount, f64 times, u64 id..size, u32 the rest. */
export const AT = {
  kind: 0,
  op: 2,
  has: 4,
  mount: 6,
  id: 8,
  monoNs: 16,
  tsUs: 24,
  durNs: 32,
  nodeid: 40,
  fh: 48,
  offset: 56,
  size: 64,
  bytes: 72,
  queueNs: 80,
  errno: 88,
  pid: 92,
  tid: 96,
  uid: 100,
  gid: 104,
  daemonTid: 108,
  path: 112,
  newPath: 116,
  comm: 120,
  args: 124,
} as const;

/** Bits of the presence mask. ID_IS_STRING: `id` is a string index. */
export const HAS = {
  durNs: 1,
  nodeid: 2,
  fh: 4,
  offset: 8,
  size: 16,
  bytes: 32,
  queueNs: 64,
  errno: 128,
  pid: 256,
  tid: 512,
  uid: 1024,
  gid: 2048,
  daemonTid: 4096,
  idIsString: 8192,
} as const;
