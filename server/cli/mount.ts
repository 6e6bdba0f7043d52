// fusescope mount: a traced mirror in the foreground. It runs as a process of its own (fuse/mirror), with or
// without a server.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { endWithParent } from '../process/parent.ts';
import { defaultSocket } from '../process/places.ts';
import { program } from '../setup/paths.ts';

interface MountFlags {
  allowOther?: boolean;
  directIo?: boolean;
  socket: string;
  faults?: string;
}

export function mountCommand(): Command {
  return new Command('mount')
    .description('Show SOURCE on MOUNTPOINT and trace what is done there, until Ctrl-C.')
    .argument('<source>', 'directory to mirror')
    .argument('<mountpoint>', 'empty directory')
    .option('--allow-other', 'let other users in; the kernel checks permissions then')
    .option('--direct-io', 'bypass the page cache, so that each read and write is seen as it was made')
    .option('--socket <path>', 'ingest socket of the server', defaultSocket())
    .option(
      '--faults <file>',
      'rules that make operations slow, fail or hang: {"rules": [...]}, see faults add',
    )
    .addHelpText('after', '\nExample: fusescope mount ~/src ~/src-traced')
    .action((source: string, mountpoint: string, flags: MountFlags) => mount(source, mountpoint, flags));
}

async function mount(source: string, mountpoint: string, flags: MountFlags): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      program('fuse/mirror/main'),
      resolve(source),
      resolve(mountpoint),
      '--socket',
      flags.socket,
      '--die-with-parent',
      ...(flags.allowOther ? ['--allow-other'] : []),
      ...(flags.directIo ? ['--direct-io'] : []),
      ...(flags.faults === undefined ? [] : ['--faults', resolve(flags.faults)]),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', env: { ...process.env, UV_THREADPOOL_SIZE: '24' } },
  );
  // A Ctrl-C reaches the mirror by itself, being in the same process group; a SIGTERM does not. Either way this
  // process waits for the mirror to unmount.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  endWithParent(() => child.kill('SIGTERM'));
  createInterface({ input: child.stdout }).once('line', () => {
    process.stdout.write(`${source} is mirrored on ${mountpoint}. Ctrl-C unmounts it.\n`);
  });
  process.exitCode = await new Promise<number>((done) => {
    child.once('close', (code) => done(code ?? 1));
  });
}
