// File systems of many kinds on a prepared directory, each the way its users mount it. `fill` makes what is to be seen.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountAt } from '../../fuse/mountinfo.ts';
import { bindfs, type Daemon, overlay, startDaemon } from './daemons.ts';
import type { Workplace } from './mirror.ts';
import type { Need } from './requires.ts';

export interface FileSystem {
  name: string;
  /** Programs besides root and /dev/fuse. */
  needs: readonly Need[];
  mount(place: Workplace, fill: (directory: string) => void): Promise<Daemon>;
  /** The kernel caches what is written: it is not read again, and written by whole pages. */
  writesBack?: boolean;
}

/** One whose daemon is told a source and a mount point. */
const plain =
  (words: (source: string, mountpoint: string) => [string, ...string[]]): FileSystem['mount'] =>
  (place, fill) => {
    const source = place.make('source');
    const mountpoint = place.make('mnt');
    fill(source);
    const [program, ...args] = words(source, mountpoint);
    return startDaemon(program, args, source, mountpoint);
  };

export const FILE_SYSTEMS: readonly FileSystem[] = [
  {
    name: 'bindfs',
    needs: ['bindfs'],
    mount: async (place, fill) => filled(await bindfs(place, 'mnt'), fill),
  },
  {
    name: 'sshfs',
    needs: ['sshfs', 'ssh-keygen', 'sshd'],
    mount: async (place, fill) => filled(await sshfsBySshd(place), fill),
  },
  {
    name: 'rclone',
    needs: ['rclone'],
    mount: plain((source, mountpoint) => [
      'rclone',
      'mount',
      source,
      mountpoint,
      '--config=/dev/null',
      `--cache-dir=${source}-cache`,
      '--vfs-cache-mode=writes',
      '--vfs-write-back=1h',
    ]),
  },
  {
    name: 'mergerfs',
    needs: ['mergerfs'],
    mount: plain((source, mountpoint) => ['mergerfs', '-f', '-o', 'cache.files=off', source, mountpoint]),
  },
  {
    name: 'fuse-overlayfs',
    needs: ['fuse-overlayfs'],
    mount: (place, fill) => overlay(place, 'overlay', fill),
    writesBack: true,
  },
  {
    name: 'squashfuse',
    needs: ['squashfuse', 'mksquashfs'],
    mount: plain((source, mountpoint) => {
      execFileSync('mksquashfs', [source, `${source}.image`, '-quiet', '-no-progress'], { stdio: 'ignore' });
      return ['squashfuse', '-f', `${source}.image`, mountpoint];
    }),
  },
  { name: 'gocryptfs', needs: ['gocryptfs'], mount: gocryptfs },
  { name: 'a mirror', needs: [], mount: mirror },
];

function filled(daemon: Daemon, fill: (directory: string) => void): Daemon {
  fill(daemon.source);
  return daemon;
}

/** Through ssh to an sshd of its own, which serves the one connection on a pipe instead of a port. */
function sshfsBySshd(place: Workplace): Promise<Daemon> {
  const [source, mountpoint, keys] = [place.make('source'), place.make('mnt'), place.make('keys')];
  for (const name of ['host', 'client'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, name)]);
  // Where it puts those who have not logged in yet; Debian's service makes it.
  mkdirSync('/run/sshd', { recursive: true });
  const config = join(keys, 'config');
  const lines = [
    `HostKey ${keys}/host`,
    `AuthorizedKeysFile ${keys}/client.pub`,
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'Subsystem sftp internal-sftp',
  ];
  writeFileSync(config, lines.join('\n'));
  const options = [
    `ProxyCommand=/usr/sbin/sshd -i -f ${config}`,
    `IdentityFile=${keys}/client`,
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
  ];
  const words = ['-f', ...options.flatMap((one) => ['-o', one]), `root@there:${source}`, mountpoint];
  return startDaemon('sshfs', words, source, mountpoint);
}

/** What is in it can only be written through a mount: one before the other. */
async function gocryptfs(place: Workplace, fill: (directory: string) => void): Promise<Daemon> {
  const source = place.make('source');
  const mountpoint = place.make('mnt');
  const word = ['-extpass', 'echo a-test', '-q'];
  execFileSync('gocryptfs', ['-init', '-scryptn', '10', ...word, source]);
  const mount = () => startDaemon('gocryptfs', ['-fg', ...word, source, mountpoint], source, mountpoint);
  const first = await mount();
  fill(mountpoint);
  await first.unmount();
  return mount();
}

async function mirror(place: Workplace, fill: (directory: string) => void): Promise<Daemon> {
  const { child, pid, source, mountpoint, ended } = await place.mirror(
    place.make('source'),
    place.make('mnt'),
  );
  fill(source);
  const connection = mountAt(mountpoint)?.device ?? 0;
  const unmount = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { child, pid, source, mountpoint, connection, unmount };
}
