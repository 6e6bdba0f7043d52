// What the mirror tells about each operation. Called in the operation's path: implementations never wait.

export interface Enter {
  /** Name from the table in shared/ops.ts. */
  op: string;
  /** As users of the mount see it: starts with `/`. */
  path: string | null;
  newPath?: string;
  fh?: number;
  offset?: number;
  size?: number;
  /** Process and thread of the caller; 0 where the kernel asks on its own (release, write-back). */
  pid: number;
  tid: number;
  uid: number;
  gid: number;
  comm: string;
  args?: Record<string, string | number | boolean>;
}

export interface Tracer {
  /** @returns a number unique in this process, for `exit`. */
  enter(e: Enter): number;
  /** @param errno positive, 0 = ok. @param bytes read or written, null where the operation moves none. */
  exit(id: number, errno: number, bytes: number | null, late?: { fh?: number }): void;
  /** Sends what is left, waiting a bounded time. */
  close(): Promise<void>;
}

export const nullTracer: Tracer = {
  enter: () => 0,
  exit: () => undefined,
  close: () => Promise.resolve(),
};
