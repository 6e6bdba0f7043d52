// What the visibility probe and its two children say to each other, one JSON object a line; times are of
// CLOCK_MONOTONIC in ns, which all processes of a machine share, as decimal text.

export type ToProbe =
  | { do: 'write'; name: string }
  | { do: 'remove'; name: string }
  /** Look for a name until it is forgotten. */
  | { do: 'watch'; name: string }
  | { do: 'forget'; name: string };

export type FromProbe =
  | { what: 'ready' }
  /** The write is complete and its file closed. */
  | { what: 'wrote' | 'removed'; name: string; atNs: string }
  /** Opened with all of its content, or found in the listing of its directory, for the first time. */
  | { what: 'opened' | 'listed'; name: string; atNs: string }
  /** Seen once, and then not, and then again. */
  | { what: 'vanished' | 'reappeared'; name: string; atNs: string }
  /** Without a name: the directory cannot be read. */
  | { what: 'failed'; name: string; message: string };
