// The process that reads a log. From standard input it turns it into frames on standard output (shared/wire/
// log-frames.ts); with --follow FILE it is a collector, and tells a server over the ingest socket what the file grows by.
import { parseArgs } from 'node:util';
import { followLog } from './follow.ts';
import { readInput } from './read-input.ts';
import { UnknownFormat } from './read-log.ts';

const { values } = parseArgs({
  options: {
    format: { type: 'string', default: 'auto' },
    mount: { type: 'string' },
    name: { type: 'string', default: 'log' },
    'base-us': { type: 'string' },
    follow: { type: 'string' },
    socket: { type: 'string' },
    'die-with-parent': { type: 'boolean', default: false },
  },
});
const { format, mount = null, name } = values;

// Standard input carries the log, or the parent's life: where it ends before the log does, nobody wants the rest.
try {
  if (values.follow === undefined) {
    await readInput({ format, mount, name, baseUs: Number(values['base-us'] ?? Date.now() * 1_000) });
  } else {
    await followLog({
      file: values.follow,
      format,
      mount,
      name,
      socket: values.socket ?? '',
      dieWithParent: values['die-with-parent'],
    });
  }
} catch (error) {
  const known = error instanceof UnknownFormat;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${JSON.stringify({ code: known ? 'FUSESCOPE_FORMAT' : 'FUSESCOPE_INTERNAL', message })}\n`,
  );
  process.exitCode = known ? 3 : 1;
}
