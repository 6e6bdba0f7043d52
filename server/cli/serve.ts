// fusescope serve: runs the server in the foreground until it is told to end.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import closeWithGrace from 'close-with-grace';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import type { KernelState } from '../../shared/api.ts';
import { CodedError } from '../errors.ts';
import { otlpUrl } from '../export/otlp-push.ts';
import type { AttachOption } from '../kernel/policy.ts';
import { ServiceManager } from '../process/notify.ts';
import { openPage } from '../process/open-page.ts';
import { endWithParent } from '../process/parent.ts';
import { defaultDatabase, defaultSocket } from '../process/places.ts';
import type { RunningServer } from '../process/serve.ts';
import { startServer } from '../process/serve.ts';
import { VERSION } from '../version.ts';
import { CliError } from './failure.ts';
import { parseSize } from './values.ts';

interface ServeFlags {
  host: string;
  port: number;
  db: string;
  socket: string;
  token?: string;
  tokenFile?: string;
  maxSize: number;
  maxAge: number;
  demo?: boolean;
  open?: boolean;
  attach: string[];
  config?: string;
  tap: KernelState['tier'];
  otlp?: string;
}

/** Shutdown that takes longer than this is cut short, in ms: a mirror may need two rounds of signals. */
const CLOSE_MS = 12_000;

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the server and its page.')
    .option('--host <address>', 'address to listen on; any but loopback needs a token', '127.0.0.1')
    .option('--port <number>', 'port, 0 for a free one', parsePort, 7411)
    .option('--db <file>', 'database, or :memory:', defaultDatabase())
    .option('--socket <path>', 'ingest socket', defaultSocket())
    .option('--token <token>', 'ask for this token (also FUSESCOPE_TOKEN)')
    .option('--token-file <file>', 'ask for the token in this file')
    .option(
      '--max-size <bytes>',
      'size at which the oldest operations are let go, such as 2G',
      parseSize,
      2 * 1024 ** 3,
    )
    .option('--max-age <days>', 'age at which operations are let go', parseDays, 7)
    .option('--attach <what...>', 'mounts to listen to in the kernel: all, none, or mount points', ['all'])
    .addOption(
      new Option('--tap <best>', 'best way to listen that may be used')
        .choices(['bpf', 'tracefs', 'proc'])
        .default('bpf'),
    )
    .option('--config <file>', 'alerts: whom to tell of stalls; SIGHUP reads it again')
    .option(
      '--otlp <url>',
      'push operations to this OpenTelemetry collector, such as http://127.0.0.1:4318',
      parseOtlp,
    )
    .option('--demo', 'also mount a small demo with a load of its own')
    .option('--open', 'open the page in a browser')
    .addHelpText('after', '\nExample: fusescope serve --demo')
    .action((flags: ServeFlags) => serve(flags));
}

async function serve(flags: ServeFlags): Promise<void> {
  const config = flags.config === undefined ? null : resolve(flags.config);
  // No working directory of ours may lie on a mount that hangs.
  process.chdir('/');
  process.title = 'fusescope serve';
  // At hundreds of thousands of events a second V8 lets its space for new objects grow to 100 MB and more, to save
  // collections that cost us nothing measurable: almost everything dies young.
  setFlagsFromString('--semi-space-growth-factor=1');
  const log = pino({ level: process.env.FUSESCOPE_LOG ?? 'warn', base: null }, pino.destination(2));
  // Before there is a child that could inherit its variables.
  const manager = new ServiceManager(log);
  const token = readToken(flags);
  let server: RunningServer;
  try {
    server = await startServer({
      host: flags.host,
      port: flags.port,
      db: flags.db,
      socket: flags.socket,
      token,
      maxBytes: flags.maxSize,
      maxAgeS: flags.maxAge * 86_400,
      version: VERSION,
      attach: parseAttach(flags.attach),
      config,
      tap: flags.tap,
      otlp: flags.otlp ?? null,
      log,
    });
  } catch (error) {
    if (error instanceof CodedError) throw new CliError(`cannot serve (${error.message})`);
    throw error;
  }
  // With a terminal, SIGHUP means that it is gone; without one, that there is something to read again.
  const reloads = config !== null && !process.stdin.isTTY;
  if (reloads) process.on('SIGHUP', () => server.reload());
  const skip = reloads ? (['SIGHUP'] as const) : [];
  const grace = closeWithGrace({ delay: CLOSE_MS, logger: undefined, skip: [...skip] }, async ({ err }) => {
    manager.stopping();
    if (err) log.fatal({ err }, 'the server ends');
    await server.close();
  });
  endWithParent(() => grace.close());
  if (server.setAside !== null) {
    process.stderr.write(
      `fusescope: the database could not be read and was set aside as ${server.setAside}\n`,
    );
  }
  if (flags.demo) {
    const { mountpoint } = await server.startDemo().catch((error: Error) => {
      process.stderr.write(`fusescope: the demo is not mounted (${error.message})\n`);
      return { mountpoint: null };
    });
    if (mountpoint !== null) process.stdout.write(`Demo mounted on ${mountpoint}\n`);
  }
  process.stdout.write(
    `FuseScope ${VERSION} is at ${server.url}${token === null ? '' : `?token=${encodeURIComponent(token)}`}\n`,
  );
  manager.ready(server.url, server.launch);
  if (!flags.open) return;
  const failed = (why: string) =>
    process.stderr.write(`fusescope: the page is not opened (${why}). Open the address above yourself\n`);
  // The arguments of a program can be read by every user of the machine.
  if (token === null) openPage(server.url, failed);
  else failed('the address holds the token, which other users would see');
}

function readToken(flags: ServeFlags): string | null {
  if (flags.tokenFile !== undefined) {
    const text = readText(flags.tokenFile);
    if (text === '') throw new CliError(`cannot serve (${flags.tokenFile} is empty). Put a token in it`, 2);
    return text;
  }
  return flags.token ?? process.env.FUSESCOPE_TOKEN ?? null;
}

function parseAttach(words: readonly string[]): AttachOption {
  const [word] = words;
  if (words.length === 1 && (word === 'all' || word === 'none')) return word;
  const wrong = words.find((mount) => !mount.startsWith('/'));
  if (wrong === undefined) return words.map((mount) => (mount === '/' ? mount : mount.replace(/\/+$/, '')));
  throw new CliError(
    `cannot attach to ${wrong} (it is no absolute path). Give all, none, or mount points`,
    2,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError(`cannot serve (${(error as Error).message}). Name a file with a token in it`, 2);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isFinite(days) && days > 0) return days;
  throw new InvalidArgumentError('Give a number of days, such as 7 or 0.5.');
}

function parseOtlp(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('Give the http or https URL of a collector.');
  return otlpUrl(text);
}
