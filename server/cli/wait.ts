// fusescope wait: waits for something on a mount, for scripts and test runners in any language. Exit status 0 when it was
// seen, 124 when the time was over.
import { dirname } from 'node:path';
import { Command } from 'commander';
import type { Mount } from '../../shared/mount.ts';
import { call, RequestError, type ServerAddress } from '../testing/api.ts';
import type { Capture } from '../testing/capture.ts';
import { WaitTimeout } from '../testing/error.ts';
import { captureByLooking, connectFuseScope } from '../testing/scope.ts';
import { parseTimeUs } from '../times.ts';
import { type ServerFlags, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { visible } from './table.ts';
import { parseMs } from './values.ts';

interface WaitFlags extends ServerFlags {
  timeout: number;
  look: boolean;
  filter?: string;
  since?: string;
  quiet: number;
}

interface Kind {
  name: string;
  args: string;
  about: string;
  /** Whether it can be seen without a trace. */
  looks: boolean;
  /** The path or mount point is the first argument; `name` the second of xattr. */
  wait(capture: Capture, path: string, name: string, flags: WaitFlags): Promise<unknown>;
}

const options = ({ timeout, look }: WaitFlags) => ({ timeoutMs: timeout, look });

const KINDS: readonly Kind[] = [
  {
    name: 'mount-ready',
    args: '<mountpoint>',
    about: 'something is mounted there and answers',
    looks: true,
    wait: (capture, _path, _name, flags) => capture.waitForMountReady(options(flags)),
  },
  {
    name: 'visible',
    args: '<path>',
    about: 'anything is there',
    looks: true,
    wait: (capture, path, _name, flags) => capture.waitForVisible(path, options(flags)),
  },
  {
    name: 'dir',
    args: '<path>',
    about: 'a directory is there',
    looks: true,
    wait: (capture, path, _name, flags) => capture.waitForDirVisible(path, options(flags)),
  },
  {
    name: 'gone',
    args: '<path>',
    about: 'nothing is there any more',
    looks: true,
    wait: (capture, path, _name, flags) => capture.waitForGone(path, options(flags)),
  },
  {
    name: 'xattr',
    args: '<path> <name>',
    about: 'an extended attribute is set',
    looks: true,
    wait: (capture, path, name, flags) => capture.waitForXattrSet(path, name, options(flags)),
  },
  {
    name: 'op',
    args: '<mountpoint>',
    about: 'an operation ends that --filter lets through',
    looks: false,
    wait: (capture, _path, _name, flags) =>
      capture.waitForOperation(flags.filter ?? '', {
        timeoutMs: flags.timeout,
        sinceUs: parseTimeUs(flags.since, 'since'),
      }),
  },
  {
    name: 'idle',
    args: '<mountpoint>',
    about: 'nothing is in flight and nothing has ended for --quiet',
    looks: false,
    wait: (capture, _path, _name, flags) => capture.waitForIdle(flags.quiet, { timeoutMs: flags.timeout }),
  },
];

const TIMED_OUT = 124;

export function waitCommand(): Command {
  const command = new Command('wait')
    .description('Wait for something on a mount: exit status 0 when it is seen, 124 when the time is over.')
    .addHelpText('after', '\nExample: fusescope wait visible /mnt/nas/report.pdf --timeout 10s');
  for (const kind of KINDS) command.addCommand(kindCommand(kind));
  return command;
}

function kindCommand(kind: Kind): Command {
  const [example] = kind.args.split(' ');
  const path = example === '<path>' ? '/mnt/nas/a' : '/mnt/nas';
  const more = { op: " --filter 'op:rename path:/a'", xattr: ' user.tag' }[kind.name] ?? '';
  const command = serverCommand(kind.name, `fusescope wait ${kind.name} ${path}${more} --timeout 5s`)
    .description(`Wait until ${kind.about}.`)
    .arguments(kind.args)
    .option('--timeout <time>', 'give up after this', parseMs, 5_000)
    .option('--no-look', 'let only the trace count; without it, a child looks too')
    .option('--quiet <time>', 'for idle: how long nothing may end', parseMs, 100);
  if (kind.name === 'op') {
    command
      .requiredOption('--filter <filter>', 'the operation, in the filter language')
      .option('--since <time>', 'one that began since then counts too (µs since the epoch or RFC 3339)');
  }
  return command.action(async (...given: unknown[]) => {
    const [path = '', name = ''] = given.filter((one) => typeof one === 'string');
    await wait(kind, path, name, command.opts<WaitFlags>());
  });
}

async function wait(kind: Kind, path: string, name: string, flags: WaitFlags): Promise<void> {
  if (!path.startsWith('/')) throw new CliError(`"${path}" is no absolute path. Begin it with /`, 2);
  const absolute = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const capture =
    kind.name === 'mount-ready' ? captureByLooking(absolute) : await open(kind, absolute, flags);
  try {
    await kind.wait(capture, absolute, name, flags);
  } catch (error) {
    if (error instanceof WaitTimeout) {
      // Of a wait that only looked, the first line says it all.
      const text = capture.traced ? error.message : (error.message.split('\n')[0] ?? '');
      process.stderr.write(`fusescope: ${text.split('\n').map(visible).join('\n').trimEnd()}\n`);
      process.exitCode = TIMED_OUT;
      return;
    }
    if (error instanceof TypeError) throw new CliError(error.message, 2);
    throw error;
  } finally {
    await capture.close();
  }
}

/** The mount that a path is on, through the server; where nothing traces it, looking has to do. */
async function open(kind: Kind, path: string, flags: WaitFlags): Promise<Capture> {
  const server: ServerAddress = { url: flags.server, token: flags.token ?? null };
  let why: string;
  try {
    const { items } = await call<{ items: Mount[] }>(server, 'GET', '/api/mounts');
    const mountpoint = mountOf(path, items);
    if (mountpoint === null) why = `the server knows no mount that ${path} is on`;
    else {
      const scope = await connectFuseScope(server.url, server.token);
      const capture = await scope.capture(mountpoint, { timeoutMs: flags.timeout, attach: false });
      if (kind.looks) await capture.recall(path);
      return capture;
    }
  } catch (error) {
    if (error instanceof RequestError && error.code !== 'FUSESCOPE_NO_SERVER') throw error;
    why = (error as Error).message;
  }
  if (!kind.looks) throw new CliError(`cannot wait for this (${why}). It takes a traced mount`);
  if (!flags.look) throw new CliError(`cannot wait without looking (${why}). Leave out --no-look`);
  process.stderr.write(`fusescope: no trace (${visible(why)}); looking instead\n`);
  return captureByLooking(path === '/' ? path : dirname(path));
}

/** The longest mount point that a path is at or below. */
function mountOf(path: string, mounts: readonly Pick<Mount, 'mount' | 'alsoAt'>[]): string | null {
  const points = mounts.flatMap(({ mount, alsoAt }) => [mount, ...alsoAt]);
  const over = points.filter((point) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`));
  return over.sort((a, b) => b.length - a.length)[0] ?? null;
}
