// The log that a daemon prints while something is done on its mount, for tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { mountAt } from '../../../fuse/mountinfo.ts';
import { run, type Workplace } from '../../support/mirror.ts';
import { until } from '../../support/until.ts';

/** What every daemon is made to do, in a shell of its own: a file that is there and one that is not, and a new one. */
export const CHORES =
  'ls >/dev/null; cat a.txt >/dev/null; cat nope 2>/dev/null; echo new > new; mv new newer; rm newer; true';

export interface Logged {
  mountpoint: string;
  log: string;
}

interface LoggedOptions {
  /** The daemon mounts over its source. */
  over?: boolean;
  /** What is done on the mount: a command, and where it runs. */
  command?: readonly [program: string, ...args: string[]];
  cwd?: string;
}

/** Runs a daemon in the foreground with its output in a file, does the chores on its mount, and unmounts. */
export async function logged(
  place: Workplace,
  name: string,
  program: string,
  args: (source: string, mountpoint: string) => string[],
  options: LoggedOptions = {},
): Promise<Logged> {
  const source = place.make(`${name}-source`);
  const mountpoint = options.over ? source : place.make(name);
  writeFileSync(join(source, 'a.txt'), 'hello\n');
  const file = join(place.dir, `${name}.log`);
  const out = openSync(file, 'w');
  const child: ChildProcess = spawn(program, args(source, mountpoint), {
    stdio: ['ignore', out, out],
    cwd: '/',
  });
  closeSync(out);
  const ended = once(child, 'exit');
  await until(`${program} to mount`, () => {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${readFileSync(file, 'utf8')}`);
    return mountAt(mountpoint);
  });
  const [does, ...words] = options.command ?? ['sh', '-c', CHORES];
  const done = await run(does, words, { cwd: options.cwd ?? mountpoint });
  await until('the mount to be free', async () => (await run('fusermount', ['-u', mountpoint])).status === 0);
  await ended;
  expect(done).toMatchObject({ status: 0 });
  return { mountpoint, log: readFileSync(file, 'utf8') };
}
