// What a log reader is: lines go in, events come out through a sink. Readers are pure: no files, no timers, and no
// clock but that of the log (clock.ts). Each format is one file in `formats/`; formats.ts is their table.
import { isOpName, opCode } from '../../shared/ops.ts';
import type { Problem } from '../../shared/patterns/problem.ts';
import type { SourceKind, Span } from '../../shared/span.ts';
import type { WireEvent } from '../../shared/wire/frames.ts';
import type { LogClock } from './clock.ts';

/** The line was understood. */
export const TAKEN = 0;
/** The line is of some other program; it is counted and kept as text. */
export const FOREIGN = 1;
/** What a reader says of a line; a string is the reason why a line of its format could not be read. */
export type Verdict = typeof TAKEN | typeof FOREIGN | string;

export interface Sink {
  /** An event of a mount that `mount` gave the number of; 0 is the log's own. */
  event(event: WireEvent): void;
  /** A whole span of one of our own exports, on a mount that `mount` gave the number of. */
  span(span: Span, mount: number): void;
  /** An error line of an application. */
  problem(problem: Problem): void;
  /** Number of a further mount of the log, by name and source. */
  mount(name: string, kind: SourceKind): number;
}

export interface ReaderContext {
  sink: Sink;
  clock: LogClock;
  /** Mount point that users named with --mount, or null. */
  mount: string | null;
}

export interface LogReader {
  /** One line without its end, escapes of colours and CR removed. */
  line(text: string, number: number): Verdict;
  /** No further line is there at the moment: nothing may be held back. */
  idle?(): void;
  /** The log is over. */
  end?(): void;
}

/** Names of operations as programs print them, beside those that differ from ours in case and underscores alone. */
const ALIASES: Readonly<Record<string, string>> = {
  lookupinode: 'lookup',
  forgetinode: 'forget',
  batchforget: 'forget',
  getinodeattributes: 'getattr',
  setinodeattributes: 'setattr',
  attr: 'getattr',
  fgetattr: 'getattr',
  setattributes: 'setattr',
  readsymlink: 'readlink',
  createsymlink: 'symlink',
  createlink: 'link',
  createfile: 'create',
  openfile: 'open',
  readfile: 'read',
  writefile: 'write',
  flushfile: 'flush',
  syncfile: 'fsync',
  releasefilehandle: 'release',
  releasedirhandle: 'releasedir',
  openasync: 'open',
  readdirall: 'readdir',
  readdirplus: 'readdirplus',
  readbuf: 'read',
  writebuf: 'write',
  remove: 'unlink',
  ftruncate: 'truncate',
  utime: 'utimens',
  utimes: 'utimens',
  statfsx: 'statfs',
  fsyncfile: 'fsync',
  close: 'release',
  lock: 'setlk',
  flock: 'setlk',
  getattrx: 'getattr',
  copyfilerange: 'copy_file_range',
};
const codes = new Map<string, number | null>();

/** Opcode of an operation's name in whatever spelling; null where it names none. */
export function opOf(name: string): number | null {
  const known = codes.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const bare = lower.replaceAll('_', '');
  const found = [lower, bare, ALIASES[bare] ?? ''].find((one) => isOpName(one));
  const code = found === undefined ? null : opCode(found);
  if (codes.size < 1_000) codes.set(name, code);
  return code;
}

/** `/a/b` from a directory's path and a name in it; null where the directory is not known. */
export function joined(dir: string | null | undefined, name: string): string | null {
  if (dir === null || dir === undefined) return null;
  return dir === '/' ? `/${name}` : `${dir}/${name}`;
}

/** A copy of its own: a slice of a chunk would keep the whole chunk in memory. For what outlives its line. */
export function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}
