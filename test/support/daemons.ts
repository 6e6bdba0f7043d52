// Real FUSE mounts of other people's daemons for tests, each daemon a child in the foreground. Workplace.clean
// unmounts them, which ends the daemons.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountAt, readMountinfo } from '../../fuse/mountinfo.ts';
import type { Workplace } from './mirror.ts';
import { until } from './until.ts';

export interface Daemon {
  child: ChildProcess;
  pid: number;
  source: string;
  mountpoint: string;
  /** Number in fusectl. */
  connection: number;
  /** Takes the mount away and waits for the daemon's end. */
  unmount(): Promise<void>;
}

/** A directory shown by bindfs: every operation is a request, nothing is cached but what the kernel keeps itself. */
export function bindfs(
  place: Workplace,
  name: string,
  args: readonly string[] = [],
  source = place.make(`${name}-source`),
): Promise<Daemon> {
  const mountpoint = place.make(name);
  return startDaemon('bindfs', ['-f', ...args, source, mountpoint], source, mountpoint);
}

/** A directory shown by sshfs, whose server is the SFTP server itself, without ssh in between. */
export function sshfs(place: Workplace, name: string): Promise<Daemon> {
  const source = place.make(`${name}-source`);
  const mountpoint = place.make(name);
  const command = join(place.dir, `${name}.sh`);
  writeFileSync(command, '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n');
  chmodSync(command, 0o755);
  return startDaemon(
    'sshfs',
    ['-f', '-o', `ssh_command=${command}`, `localhost:${source}`, mountpoint],
    source,
    mountpoint,
  );
}

/** A directory (`source`), filled before it is mounted, below an empty upper one, shown by fuse-overlayfs. */
export function overlay(
  place: Workplace,
  name: string,
  fill: (source: string) => void = () => undefined,
): Promise<Daemon> {
  const [source, upper, work, mountpoint] = ['source', 'upper', 'work', 'mnt'].map((one) =>
    place.make(`${name}/${one}`),
  ) as [string, string, string, string];
  fill(source);
  const layers = `lowerdir=${source},upperdir=${upper},workdir=${work}`;
  return startDaemon('fuse-overlayfs', ['-f', '-o', layers, mountpoint], source, mountpoint);
}

/** Any daemon that stays in the foreground. Resolves when it is mounted. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  source: string,
  mountpoint: string,
): Promise<Daemon> {
  const child = spawn(program, args, { stdio: 'ignore', cwd: '/' });
  const ended = once(child, 'exit');
  const entry = await until(`${program} to mount`, () => mountAt(mountpoint));
  return {
    child,
    pid: child.pid ?? 0,
    source,
    mountpoint,
    connection: entry.device,
    async unmount() {
      execFileSync('fusermount', ['-u', mountpoint]);
      await ended;
    },
  };
}

/** The kernel's trace files, mounted if they are not. They stay, as on any machine with systemd. */
export function provideTracefs(): void {
  if (readMountinfo().some((entry) => entry.fsType === 'tracefs')) return;
  execFileSync('mount', ['-t', 'tracefs', 'tracefs', '/sys/kernel/tracing']);
}

/** The kernel's counters of FUSE connections, mounted if they are not. */
export function provideFusectl(): void {
  if (readMountinfo().some((entry) => entry.fsType === 'fusectl')) return;
  execFileSync('mount', ['-t', 'fusectl', 'none', '/sys/fs/fuse/connections']);
}

/** Requests of a connection that wait for an answer, as fusectl counts them. */
export function waitingOf(connection: number): number {
  return Number(readFileSync(`/sys/fs/fuse/connections/${connection}/waiting`, 'utf8'));
}
