// What a daemon stands on, as fuse/ways tells the server: numbers of mounts and the mount tables that name them.

export interface Footing {
  pid: number;
  /** Its mount namespace; null: this user may not look into the process. */
  namespace: string | null;
  /** Mounts (numbers of mountinfo) that it has files open on. */
  files: { mount: number; count: number }[];
  /** Absolute paths that its command line names. */
  named: string[];
  /** Addresses and ports that it has a connection to. */
  peers: string[];
}

export type FootingLine =
  | { footing: Footing }
  /** Text of mountinfo; before the first footing in that namespace. */
  | { table: { namespace: string; text: string } };
