// The command line of the mirror process. It is started by `fusescope mount` and by the server, which check and
// explain; here an unknown word is a usage error.
import { parseArgs } from 'node:util';
import { Failure } from './failure.ts';

export interface MirrorArgs {
  source: string;
  mountpoint: string;
  /** Other users may use the mount; the kernel then checks permissions. */
  allowOther: boolean;
  /** Reads and writes bypass the page cache, so each one is seen as the program made it. */
  directIo: boolean;
  trace: boolean;
  /** Path of the server's ingest socket; null traces nothing. */
  socket: string | null;
  /** File of rules, or null. */
  faults: string | null;
  /** End when the process that started this one ends. */
  dieWithParent: boolean;
}

const USAGE =
  'Usage: SOURCE MOUNTPOINT [--allow-other] [--direct-io] [--no-trace] [--socket PATH] [--faults FILE] [--die-with-parent]';

/** @throws Failure with status 2 for wrong usage. */
export function parseMirrorArgs(argv: readonly string[]): MirrorArgs {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(argv);
  } catch (error) {
    throw new Failure('wrong arguments', (error as Error).message.split('. ')[0] ?? '', USAGE, 2);
  }
  const [source, mountpoint, ...rest] = parsed.positionals;
  if (!source || !mountpoint || rest.length > 0) {
    throw new Failure('wrong arguments', 'one SOURCE and one MOUNTPOINT are needed', USAGE, 2);
  }
  const { values } = parsed;
  return {
    source,
    mountpoint,
    allowOther: values['allow-other'],
    directIo: values['direct-io'],
    trace: !values['no-trace'],
    socket: values.socket ?? null,
    faults: values.faults ?? null,
    dieWithParent: values['die-with-parent'],
  };
}

function read(argv: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      'allow-other': flag,
      'direct-io': flag,
      'no-trace': flag,
      'die-with-parent': flag,
      socket: { type: 'string' },
      faults: { type: 'string' },
    },
  });
}
