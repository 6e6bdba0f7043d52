// A mirror ends in good order whatever ends it, and leaves nothing behind: no mount, no process, no hidden file.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { readMountinfo } from '../../fuse/mountinfo.ts';
import { bash, guardOf, type Mirror, mirrorCommand, ready, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { freeze, isAlive, until } from '../support/until.ts';

const place = new Workplace();
afterAll(() => place.clean());
let number = 0;
let source = '';
let mountpoint = '';
beforeEach(() => {
  number++;
  source = place.make(`source-${number}`);
  mountpoint = place.make(`mount-${number}`);
});

const isMounted = (path = mountpoint) => readMountinfo().some((entry) => entry.mountpoint === path);
/** Patient, because fusermount looks at all mounts of a machine whose tests are mounting more. */
const gone = () => until('the mount to go away', () => !isMounted(), 15_000);

/** A child that holds a file of the mount open until it is killed. Resolves when it has it. */
async function holdOpen(mirror: Mirror, script: string): Promise<ChildProcess> {
  const child = spawn(
    'bash',
    ['--norc', '-euc', `cd ${mirror.mountpoint}; ${script}; echo holding; exec sleep 1000`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

describeWith(['root', 'fuse'], 'a mirror', () => {
  it('says in one line of JSON that it is ready', async () => {
    const mirror = await place.mirror(source, mountpoint);
    const entry = readMountinfo().find((one) => one.mountpoint === mountpoint);
    expect(mirror).toMatchObject({
      ready: true,
      mountpoint,
      source,
      pid: mirror.child.pid,
      mountId: entry?.id,
      connection: entry?.minor,
    });
    expect(entry).toMatchObject({ fsType: 'fuse.fusescope', source });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('unmounts and exits with 0 at %s', async (signal) => {
    const mirror = await place.mirror(source, mountpoint);
    mirror.child.kill(signal);
    expect(await mirror.ended).toMatchObject({ status: 0, stderr: '' });
    expect(isMounted()).toBe(false);
    await until('its guard to end', () => guardOf(mountpoint) === null);
  });

  it('ends although files are open and directories in use', async () => {
    const mirror = await place.mirror(source, mountpoint);
    const holder = await holdOpen(mirror, 'exec 5>held; echo x >&5');
    mirror.child.kill('SIGTERM');
    expect(await mirror.ended).toMatchObject({ status: 0 });
    expect(isMounted()).toBe(false);
    holder.kill('SIGKILL');
  });

  it('leaves no hidden file of what was unlinked while open', async () => {
    const mirror = await place.mirror(source, mountpoint);
    const holder = await holdOpen(mirror, 'exec 5>held; rm held');
    expect(readdirSync(source)).toEqual([expect.stringMatching(/^\.fuse_hidden/)]);
    mirror.child.kill('SIGTERM');
    await mirror.ended;
    expect(readdirSync(source)).toEqual([]);
    holder.kill('SIGKILL');
  });

  it('finishes what is in flight before it ends', async () => {
    const mirror = await place.mirror(source, mountpoint);
    const copy = run('dd', ['if=/dev/zero', `of=${mountpoint}/big`, 'bs=1M', 'count=300']);
    await until('the copy to begin', () => readdirSync(source).includes('big'));
    mirror.child.kill('SIGTERM');
    expect(await mirror.ended).toMatchObject({ status: 0 });
    expect(isMounted()).toBe(false);
    await copy;
  });

  /** A mirror with an operation that its source does not answer: the source is a mirror too, and stopped. */
  async function stuck(): Promise<{ mirror: Mirror; release: () => void }> {
    const inner = await place.mirror(place.make(`inner-${number}`), place.make(`inner-mount-${number}`));
    const mirror = await place.mirror(inner.mountpoint, mountpoint);
    await freeze(inner.pid);
    const looker = execFile('stat', [join(mountpoint, 'x')], () => undefined);
    await until('the mirror to be asked', async () => (await waiting(mirror)) > 0);
    const release = () => {
      process.kill(inner.pid, 'SIGCONT');
      looker.kill('SIGKILL');
    };
    return { mirror, release };
  }

  it('waits two seconds at most for the source', async () => {
    const { mirror, release } = await stuck();
    try {
      const begun = performance.now();
      mirror.child.kill('SIGTERM');
      expect(await mirror.ended).toMatchObject({ status: 0, stderr: '' });
      const tookMs = performance.now() - begun;
      expect(tookMs).toBeGreaterThan(1900);
      expect(tookMs).toBeLessThan(4000);
      expect(isMounted()).toBe(false);
    } finally {
      release();
    }
  });

  it('does not wait at a second signal', async () => {
    const { mirror, release } = await stuck();
    try {
      const begun = performance.now();
      mirror.child.kill('SIGTERM');
      await gone();
      mirror.child.kill('SIGTERM');
      expect(await mirror.ended).toMatchObject({ status: 1, stderr: '' });
      expect(performance.now() - begun).toBeLessThan(1900);
    } finally {
      release();
    }
  });

  it('is unmounted by an uncaught exception, and exits with 1', async () => {
    const planted = "process.on('SIGUSR2', () => { throw new Error('planted') })";
    const mirror = await place.start([source, mountpoint], [], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(planted)}`,
    });
    mirror.child.kill('SIGUSR2');
    const ended = await mirror.ended;
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^fusescope: the mirror of .* ends \(internal error: planted\)\. [^\n]+\n$/);
    expect(isMounted()).toBe(false);
  });

  it('is unmounted after kill -9, and can be started again at once', async () => {
    const mirror = await place.mirror(source, mountpoint);
    mirror.child.kill('SIGKILL');
    await mirror.ended;
    const second = await place.start([source, mountpoint]);
    expect((await bash('echo x > f; cat f', second.mountpoint)).stdout).toBe('x\n');
    second.child.kill('SIGKILL');
    await second.ended;
    // Its guard may look before the kernel has ended the connection, and then leave the mount to the next start.
    await until('its guard to end', () => guardOf(mountpoint) === null);
    const third = await place.start([source, mountpoint]);
    expect(readMountinfo().filter((entry) => entry.mountpoint === mountpoint)).toHaveLength(1);
    third.child.kill('SIGTERM');
    expect(await third.ended).toMatchObject({ status: 0, stderr: '' });
    await gone();
  });

  it('clears the stale mount of a dead one at its start', async () => {
    const dead = await place.mirror(source, mountpoint);
    const guard = await until('its guard', () => guardOf(mountpoint));
    process.kill(guard, 'SIGKILL');
    await until('the guard to end', async () => !(await isAlive(guard)));
    dead.child.kill('SIGKILL');
    await dead.ended;
    expect(isMounted()).toBe(true);
    expect((await bash('ls', '/')).status).toBe(0);
    expect((await run('ls', [mountpoint])).stderr).toContain('Transport endpoint is not connected');
    const mirror = await place.start([source, mountpoint]);
    expect((await run('ls', [mountpoint])).status).toBe(0);
    expect(readMountinfo().filter((entry) => entry.mountpoint === mountpoint)).toHaveLength(1);
    expect(mirror.stderr()).toBe('');
  });

  it('clears it for a user without rights too', async () => {
    const [own, target] = [place.make('own'), place.make('own-mount')];
    await bash(`chmod 755 ${place.dir}; chown 1000:1000 ${own} ${target}`, '/');
    const user = ['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'];
    const dead = await place.start([own, target], user);
    const guard = await until('its guard', () => guardOf(target));
    process.kill(guard, 'SIGKILL');
    await until('the guard to end', async () => !(await isAlive(guard)));
    dead.child.kill('SIGKILL');
    await dead.ended;
    const mounts = () => readMountinfo().filter((entry) => entry.mountpoint === target);
    expect(mounts()).toHaveLength(1);
    await place.start([own, target], user);
    expect(mounts()).toHaveLength(1);
    const words = [...user.slice(1), 'sh', '-c', `echo mine > ${target}/f; cat ${own}/f`];
    expect((await run('setpriv', words)).stdout).toBe('mine\n');
  });

  it('notices within a second that it was unmounted from outside', async () => {
    const mirror = await place.mirror(source, mountpoint);
    expect((await run('umount', [mountpoint])).status).toBe(0);
    const unmounted = performance.now();
    expect(await mirror.ended).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(
        /^fusescope: the mirror on [^\n]+ ends: it was unmounted from outside\n$/,
      ),
    });
    expect(performance.now() - unmounted).toBeLessThan(1000);
  });

  it('notices a lazy unmount, although a file is still open', async () => {
    const mirror = await place.mirror(source, mountpoint);
    const holder = await holdOpen(mirror, 'exec 5>held');
    await run('umount', ['-l', mountpoint]);
    expect(await mirror.ended).toMatchObject({ status: 0 });
    holder.kill('SIGKILL');
  });

  it('notices that its connection was aborted, and removes the dead mount', async () => {
    await bash(
      'mountpoint -q /sys/fs/fuse/connections || mount -t fusectl none /sys/fs/fuse/connections',
      '/',
    );
    const mirror = await place.mirror(source, mountpoint);
    const { minor } = readMountinfo().find((entry) => entry.mountpoint === mountpoint) ?? {};
    writeFileSync(`/sys/fs/fuse/connections/${minor}/abort`, '1');
    expect(await mirror.ended).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('aborted from outside'),
    });
    expect(isMounted()).toBe(false);
  });

  it('ends with its parent where it is told to', async () => {
    const [program, words] = mirrorCommand([source, mountpoint, '--die-with-parent']);
    // The shell is the parent and stays; npm and npx do the same.
    const shell = spawn('sh', ['-c', '"$@" & wait', 'sh', program, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const mirror = await ready(shell);
    shell.kill('SIGKILL');
    await gone();
    await until('the mirror to end', async () => !(await isAlive(mirror.pid)));
  });

  it('leaves no descriptor of the mount to its children, and keeps no directory busy', async () => {
    const mirror = await place.mirror(source, mountpoint);
    const fds = readdirSync(`/proc/${mirror.pid}/fdinfo`).map((fd) =>
      readFileSync(`/proc/${mirror.pid}/fdinfo/${fd}`, 'utf8'),
    );
    const device = fds.find((text) => text.includes('fuse_connection'));
    const flags = Number.parseInt(/^flags:\s+(\d+)$/m.exec(device ?? '')?.[1] ?? '0', 8);
    const CLOEXEC = 0o2000000;
    expect(flags & CLOEXEC).toBe(CLOEXEC);
    expect((await run('readlink', [`/proc/${mirror.pid}/cwd`])).stdout).toBe('/\n');
  });

  it('does not grow with the threads that libfuse starts and ends', async () => {
    const mirror = await place.mirror(source, mountpoint);
    mkdirSync(join(source, 'd'));
    const burst = () =>
      bash(
        'for r in 1 2 3; do for i in $(seq 40); do (ls -l d/$i >/dev/null 2>&1 || true) & done; wait; done',
        mountpoint,
      );
    const fds = () => readdirSync(`/proc/${mirror.pid}/fd`).length;
    await burst();
    const before = { rss: rssKiB(mirror.pid), fds: fds() };
    for (let i = 0; i < 3; i++) await burst();
    expect(fds()).toBe(before.fds);
    expect(rssKiB(mirror.pid)).toBeLessThan(before.rss + 40_000);
  });
});

/** Requests that the kernel has given to this mirror and got no answer to, from fusectl. */
async function waiting(mirror: Mirror): Promise<number> {
  await bash('mountpoint -q /sys/fs/fuse/connections || mount -t fusectl none /sys/fs/fuse/connections', '/');
  const { minor } = readMountinfo().find((entry) => entry.id === mirror.mountId) ?? {};
  return Number(readFileSync(`/sys/fs/fuse/connections/${minor}/waiting`, 'utf8'));
}

function rssKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
