// The table of log formats, and how `auto` tells from the first lines which one a log has: each format's reader tries
// them, and the one that understands most of them wins; of two, the one that stands first.
import { LogClock } from './clock.ts';
import { ApplicationReader } from './formats/application.ts';
import { FtraceReader } from './formats/ftrace.ts';
import { FuseStreamReader } from './formats/fusestream.ts';
import { HanwenReader } from './formats/hanwen.ts';
import { JacobsaReader } from './formats/jacobsa.ts';
import { JuicefsReader } from './formats/juicefs.ts';
import { LibfuseReader } from './formats/libfuse.ts';
import { LoggedfsReader } from './formats/loggedfs.ts';
import { OwnChromeReader } from './formats/own-chrome.ts';
import { OwnCsvReader } from './formats/own-csv.ts';
import { OwnLinesReader } from './formats/own-lines.ts';
import { RcloneReader } from './formats/rclone.ts';
import { S3fsReader } from './formats/s3fs.ts';
import { SshfsReader } from './formats/sshfs.ts';
import { StraceReader } from './formats/strace.ts';
import { TracingReader } from './formats/tracing.ts';
import { cleanLine } from './lines.ts';
import { FOREIGN, type LogReader, type ReaderContext, TAKEN } from './reader.ts';

export interface Format {
  readonly name: string;
  /** Lines go to the reader as they are: escapes and CR belong to the data. */
  readonly raw?: true;
  readonly create: (context: ReaderContext) => LogReader;
}

/** In order of preference: what can be told apart for certain comes first. */
export const FORMATS: readonly Format[] = [
  { name: 'ndjson', raw: true, create: (context) => new OwnLinesReader(context) },
  { name: 'csv', raw: true, create: (context) => new OwnCsvReader(context) },
  { name: 'chrome', raw: true, create: (context) => new OwnChromeReader(context) },
  { name: 'fusestream', create: (context) => new FuseStreamReader(context) },
  { name: 'libfuse', create: (context) => new LibfuseReader(context) },
  { name: 'juicefs', create: (context) => new JuicefsReader(context) },
  { name: 'loggedfs', create: (context) => new LoggedfsReader(context) },
  { name: 'rclone', create: (context) => new RcloneReader(context) },
  { name: 'gcsfuse', create: (context) => new JacobsaReader(context) },
  { name: 'gofuse', create: (context) => new HanwenReader(context) },
  { name: 's3fs', create: (context) => new S3fsReader(context) },
  { name: 'sshfs', create: (context) => new SshfsReader(context) },
  { name: 'ftrace', create: (context) => new FtraceReader(context) },
  { name: 'strace', create: (context) => new StraceReader(context) },
  { name: 'tracing', create: (context) => new TracingReader(context) },
  { name: 'application', create: (context) => new ApplicationReader(context) },
];

/** Lines that are looked at. */
export const DETECT_LINES = 200;

/** The format of a log that begins with these lines; null where none understands enough of them. */
export function detectFormat(lines: readonly string[]): Format | null {
  let best: Format | null = null;
  let bestScore = 0;
  for (const format of FORMATS) {
    const score = scoreOf(format, lines);
    if (score > bestScore) {
      best = format;
      bestScore = score;
    }
  }
  return best;
}

/** Operations that were read count more than lines that were merely not strange. */
function scoreOf(format: Format, lines: readonly string[]): number {
  let events = 0;
  let taken = 0;
  let rejected = 0;
  const reader = format.create({
    sink: {
      event: () => {
        events++;
      },
      span: () => {
        events++;
      },
      problem: () => {},
      mount: () => 0,
    },
    clock: new LogClock({ baseUs: 0 }),
    mount: null,
  });
  for (const [i, line] of lines.entries()) {
    const verdict = reader.line(format.raw ? line : cleanLine(line), i + 1);
    if (verdict === TAKEN) taken++;
    else if (verdict !== FOREIGN) rejected++;
  }
  reader.end?.();
  if (taken === 0 || taken < rejected) return 0;
  // An application's log has no operations: it is one where nothing else knows any.
  return events > 0
    ? lines.length * 10 + events * 10 + taken
    : format.name === 'application' || format.raw
      ? taken
      : taken / 10;
}
