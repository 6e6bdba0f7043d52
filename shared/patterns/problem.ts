// One thing that went wrong, as a line of an application's log tells it or an operation's errno. Patterns are made
// of these (fold.ts).

export interface Problem {
  /** Order: the line's number, or the operation's. Stamps may be as coarse as a minute. */
  order: number;
  /** µs since the epoch; null where the log has no times. */
  tsUs: number | null;
  /** error, warn, debug … in lower case; `errno` for an operation. */
  level: string;
  /** What is said, without time and level. */
  text: string;
  mount: string | null;
  /** Process that met it, or the part of the program that wrote it. */
  process: string | null;
  /** For an operation. */
  op: string | null;
  errno: number | null;
}
