// What a kernel tap gives, whichever way it listens (BPF, tracefs): records of FUSE requests, by connection, as the
// kernel saw them. Names of files are only those that the request itself carries; paths are made of them elsewhere.

/** A request as the kernel tells of it. Fields that the tier cannot tell are null. 64-bit values as in shared/u64.ts. */
export interface TapRecord {
  /**
   * `open`: in flight, told once; `done`: answered, with all that is known of the whole request; `lost`: was told as
   * open, but its end was missed.
   */
  kind: 'open' | 'done' | 'lost';
  /** Number in fusectl: the minor of the connection's device. */
  connection: number;
  opcode: number;
  unique: number | string;
  nodeid: number | string | null;
  /** CLOCK_MONOTONIC, ns. */
  startNs: number;
  durationNs: number | null;
  queueNs: number | null;
  /** Positive; null while open. */
  errno: number | null;
  bytes: number | null;
  pid: number | null;
  tid: number | null;
  uid: number | null;
  gid: number | null;
  comm: string | null;
  daemonTid: number | null;
  fh: number | string | null;
  offset: number | string | null;
  size: number | string | null;
  /** Name in the directory `nodeid` (LOOKUP, CREATE, UNLINK …), or of an extended attribute. */
  name: string | null;
  /** Where RENAME, RENAME2 and LINK lead; the target of SYMLINK is in `args`. */
  newParent: number | string | null;
  newName: string | null;
  /**
   * Node that a successful LOOKUP, CREATE, MKDIR, MKNOD, SYMLINK, LINK or TMPFILE answered with. 0: LOOKUP found nothing,
   * and the kernel may remember that.
   */
  replyNodeid: number | string | null;
  /** Of a successful LOOKUP: how many names the file has (a directory 1), and the low 48 bits of its inode number. */
  replyLinks?: number | null;
  replyIno?: number | null;
  args: Record<string, string | number | boolean | null> | null;
}

/** A name in a directory and the node it leads to, learned otherwise than by a request for that name. */
export interface TapName {
  connection: number;
  parent: number | string;
  name: string;
  nodeid: number | string;
  /** How many names the file has (a directory 1), and the low 48 bits of its inode number. */
  links: number;
  ino: number;
}

/** Records that a tap knows to be missing. */
export interface TapLoss {
  /** Of which they are; null where it is not known. */
  connection: number | null;
  cause: string;
  count: number;
  fromNs: number;
  toNs: number;
}

export interface TapEvents {
  record(record: TapRecord): void;
  /** Told before the request whose answer held it. */
  name(name: TapName): void;
  loss(loss: TapLoss): void;
  /** It has ended by itself, with the reason. */
  ended(reason: string): void;
}

export interface Tap {
  readonly tier: 'bpf' | 'tracefs';
  /** What a self-test on the first traffic found not to be trusted, in words; empty where all is well. */
  readonly doubts: readonly string[];
  /** From now on only requests of these connections are told; the kernel drops the others. */
  watch(connections: ReadonlySet<number>): void;
  /** Requests in flight now, those from before the tap started too; `picked` tells whether the daemon has them. */
  inflight(): Promise<readonly { record: TapRecord; picked: boolean | null }[]>;
  close(): Promise<void>;
}
