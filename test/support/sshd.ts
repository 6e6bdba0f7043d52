// An SSH server on a port of its own for tests, for the user root with a key of its own, and what sshfs needs to use it.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { until } from './until.ts';
import { descendantsOf, type Mounted, type Ward } from './ward.ts';

export interface Sshd {
  pid: number;
  port: number;
  /** Mounts one of its directories. */
  mount(ward: Ward, name: string): Promise<Mounted>;
  /** The processes that serve connections; not the one that listens. */
  sessions(): number[];
}

export async function startSshd(ward: Ward, port: number): Promise<Sshd> {
  const dir = ward.make('sshd');
  for (const name of ['host', 'client'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  execFileSync('cp', [join(dir, 'client.pub'), join(dir, 'authorized')]);
  // Where it puts those who have not logged in yet; Debian's service makes it.
  mkdirSync('/run/sshd', { recursive: true });
  const config = ward.file(
    'sshd/config',
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(dir, 'host')}`,
      `AuthorizedKeysFile ${join(dir, 'authorized')}`,
      `PidFile ${join(dir, 'pid')}`,
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'Subsystem sftp internal-sftp',
    ].join('\n'),
  );
  const child = ward.start('/usr/sbin/sshd', ['-D', '-e', '-f', config]);
  await until('sshd to listen', () => listens(port));
  const options = [
    `port=${port}`,
    `IdentityFile=${join(dir, 'client')}`,
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'ServerAliveInterval=0',
  ];
  return {
    pid: child.pid ?? 0,
    port,
    sessions: () => descendantsOf(child.pid ?? 0),
    mount(place, name) {
      const source = place.make(`${name}-source`);
      const mountpoint = place.make(name);
      return place.mount(
        mountpoint,
        'sshfs',
        ['-f', ...options.flatMap((one) => ['-o', one]), `root@127.0.0.1:${source}`, mountpoint],
        {},
        source,
      );
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
