// What is mounted on this machine through FUSE, learned from /proc and fusectl alone.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { assignWaiters } from '../../../fuse/kernel/discovery/blocked.ts';
import { findConnections } from '../../../fuse/kernel/discovery/connections.ts';
import { chooseDaemons, connectionOf, type Holder } from '../../../fuse/kernel/discovery/daemons.ts';
import { Discovery, type FuseMount } from '../../../fuse/kernel/discovery/discovery.ts';
import { parseMountinfo } from '../../../shared/mountinfo.ts';
import { bindfs, provideFusectl, sshfs, waitingOf } from '../../support/daemons.ts';
import { Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';

const HOST = `23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
40 27 0:61 / /mnt/nas rw,nosuid shared:3 - fuse.sshfs user@nas:/export rw,user_id=0,group_id=0,max_read=131072
41 27 0:61 /photos /srv/photos rw - fuse.sshfs user@nas:/export rw,user_id=0,group_id=0
42 27 0:62 / /mnt/with\\040space\\011tab rw - fuse /data\\134x rw,user_id=0,group_id=0
43 27 8:17 / /mnt/usb rw - fuseblk /dev/sdb1 rw,user_id=0
44 27 0:63 / /mnt/share rw,relatime - virtiofs shared0 rw
45 27 0:64 / /sys/fs/fuse/connections rw - fusectl none rw
`;
const CONTAINER = `90 80 0:61 /photos /photos rw - fuse.sshfs user@nas:/export rw
91 80 0:70 / /data rw - fuse.s3fs bucket rw
`;

describe('connections', () => {
  const found = findConnections([
    { namespace: null, entries: parseMountinfo(HOST) },
    { namespace: '4026532261', entries: parseMountinfo(CONTAINER) },
  ]);

  it('are one each, with bind mounts and mounts in other namespaces beside', () => {
    expect(found.get(61)).toEqual({
      connection: 61,
      points: ['/mnt/nas', '/srv/photos', '/photos'],
      fsType: 'fuse.sshfs',
      source: 'user@nas:/export',
      options: 'rw,nosuid,rw,user_id=0,group_id=0,max_read=131072',
      namespace: null,
    });
    expect([...found.keys()]).not.toContain(64);
  });

  it('of a container alone tell its namespace', () => {
    expect(found.get(70)).toMatchObject({ points: ['/data'], namespace: '4026532261' });
  });

  it('have their names without escapes', () => {
    expect(found.get(62)).toMatchObject({ points: ['/mnt/with space\ttab'], source: '/data\\x' });
  });

  it('on a block device have the number of that device', () => {
    expect(found.get(8 * 2 ** 20 + 17)).toMatchObject({ points: ['/mnt/usb'], fsType: 'fuseblk' });
  });

  it('of virtiofs are among them', () => {
    expect(found.get(63)).toMatchObject({ fsType: 'virtiofs', source: 'shared0' });
  });

  it('prefer the whole mount to a bind of a part that comes first', () => {
    const entries = parseMountinfo(HOST.split('\n').reverse().join('\n'));
    expect(findConnections([{ namespace: null, entries }]).get(61)?.points).toEqual([
      '/mnt/nas',
      '/srv/photos',
    ]);
  });
});

describe('the daemon of a connection', () => {
  const holder = (
    pid: number,
    comm: string,
    startTicks: number,
    connections: number[],
    nameless = 0,
  ): Holder => ({
    pid,
    comm,
    startTicks,
    connections,
    nameless,
    state: 'S',
  });
  const choose = (holders: Holder[], ...wanted: [number, string][]) =>
    [
      ...chooseDaemons(
        holders,
        wanted.map(([connection, fsType]) => ({ connection, fsType })),
      ),
    ].map(([connection, { pid }]) => [connection, pid]);

  it('is read from fdinfo', () => {
    expect(connectionOf('pos:\t0\nflags:\t0100002\nmnt_id:\t24\nino:\t90\nfuse_connection:\t40\n')).toBe(40);
    expect(connectionOf('pos:\t0\nflags:\t0100002\n')).toBe(null);
  });

  it('is the oldest holder of its device, not a child that inherited it', () => {
    expect(choose([holder(900, 'sh', 50, [7]), holder(901, 'sshfs', 40, [7])], [7, 'fuse.sshfs'])).toEqual([
      [7, 901],
    ]);
  });

  it('is fusermount only if nobody else holds it', () => {
    const helper = holder(10, 'fusermount3', 1, [7]);
    expect(choose([helper, holder(11, 'rclone', 2, [7])], [7, 'fuse.rclone'])).toEqual([[7, 11]]);
    expect(choose([helper], [7, 'fuse.rclone'])).toEqual([[7, 10]]);
  });

  it('is not guessed where the kernel tells no numbers', () => {
    const sshfs = [holder(1, 'sshfs', 1, [], 1), holder(2, 'sshfs', 2, [], 1)];
    expect(choose(sshfs, [7, 'fuse.sshfs'], [8, 'fuse.sshfs'])).toEqual([]);
    expect(
      choose(
        [holder(1, 'sshfs', 1, [], 1), holder(2, 'rclone', 2, [], 1)],
        [7, 'fuse.sshfs'],
        [8, 'fuse.rclone'],
      ),
    ).toEqual([
      [7, 1],
      [8, 2],
    ]);
    expect(choose([holder(1, 'bindfs', 1, [], 1)], [7, 'fuse'])).toEqual([[7, 1]]);
    expect(choose([holder(1, 'bindfs', 1, [], 1)], [7, 'virtiofs'])).toEqual([]);
  });
});

describe('who waits', () => {
  const waiter = (tid: number, ...places: string[]) => ({
    ...{ pid: tid, tid, comm: 'ls', places },
    ...{ call: null, switches: 1 },
  });
  const mounts = [
    { key: 'a', points: ['/mnt/a'] },
    { key: 'inner', points: ['/mnt/a/inner', '/x'] },
  ];

  it('is laid to the innermost mount of a place', () => {
    const found = assignWaiters(
      [waiter(1, '/mnt/a/f'), waiter(2, '/mnt/a/inner'), waiter(3, '/mnt/ab', '/x/y')],
      mounts,
    );
    expect(found.get('a')?.map(({ tid }) => tid)).toEqual([1]);
    expect(found.get('inner')?.map(({ tid }) => tid)).toEqual([2, 3]);
  });

  it('without a place belongs to the only mount that is waited for, and to none of several', () => {
    expect(assignWaiters([waiter(1, '/home')], mounts.slice(0, 1)).get('a')).toHaveLength(1);
    expect([...assignWaiters([waiter(1, '/home')], mounts).values()].flat()).toEqual([]);
  });
});

describeWith(['root', 'fuse', 'bindfs', 'sshfs', 'unshare'], 'discovery', () => {
  const place = new Workplace();
  const told: [what: string, mount: FuseMount][] = [];
  const tell = (what: string) => (mount: FuseMount) => void told.push([what, structuredClone(mount)]);
  const discovery = new Discovery({
    appeared: tell('appeared'),
    changed: tell('changed'),
    vanished: tell('vanished'),
    blocked: () => undefined,
    wantsBlocked: () => true,
  });
  const children: ChildProcess[] = [];
  const now = (mountpoint: string) => [...discovery.mounts.values()].find((one) => one.mount === mountpoint);
  const saw = (what: string, mountpoint: string) =>
    until(
      `${mountpoint} ${what}`,
      () => told.find(([how, mount]) => how === what && mount.mount === mountpoint),
      1500,
    );

  beforeAll(() => {
    provideFusectl();
    discovery.start();
  });
  afterEach(() => {
    for (const child of children.splice(0)) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
  });
  afterAll(async () => {
    discovery.close();
    await place.clean();
  });

  it('finds a new mount within a second, with daemon, counts and options, and misses it when it is gone', async () => {
    for (const mount of [bindfs, sshfs]) {
      const daemon = await mount(place, `plain-${mount.name}`);
      const began = performance.now();
      const [, first] = await saw('appeared', daemon.mountpoint);
      expect(performance.now() - began).toBeLessThan(1000);
      expect(first).toMatchObject({
        connection: daemon.connection,
        alsoAt: [],
        namespace: null,
        waiting: 0,
        maxBackground: expect.any(Number),
        options: expect.stringContaining('user_id=0'),
        dead: false,
      });
      await until('the daemon', () => now(daemon.mountpoint)?.daemon?.pid === daemon.pid);
      await daemon.unmount();
      await saw('vanished', daemon.mountpoint);
    }
  });

  it('keeps bind mounts beside', async () => {
    const daemon = await bindfs(place, 'bound');
    const second = place.make('second');
    execFileSync('mkdir', [`${daemon.source}/part`]);
    await saw('appeared', daemon.mountpoint);
    execFileSync('mount', ['--bind', `${daemon.mountpoint}/part`, second]);
    await until('the bind mount', () => now(daemon.mountpoint)?.alsoAt.includes(second));
    execFileSync('umount', [second]);
    await until('its end', () => now(daemon.mountpoint)?.alsoAt.length === 0);
    await daemon.unmount();
  });

  it('finds mounts in other namespaces', async () => {
    const source = place.make('hidden-source');
    const hidden = place.make('hidden');
    const child = spawn('unshare', ['-m', 'sh', '-c', `bindfs -f ${source} ${hidden} & echo $!; wait`], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: '/',
    });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    try {
      const [, mount] = await until(
        'the hidden mount',
        () => told.find(([how, one]) => how === 'appeared' && one.mount === hidden),
        3000,
      );
      const namespace = /\d+/.exec(readlinkSync(`/proc/${line}/ns/mnt`))?.[0];
      expect(mount.namespace).toBe(namespace);
      await until('its daemon', () => now(hidden)?.daemon?.pid === Number(line), 3000);
    } finally {
      process.kill(Number(line), 'SIGKILL');
    }
    await until('its end', () => now(hidden) === undefined, 3000);
  });

  it('tells who waits for a daemon that is stopped, and never waits itself', async () => {
    const daemon = await bindfs(place, 'stopped');
    await saw('appeared', daemon.mountpoint);
    // It goes there while that is still possible; a path of its system call alone would be in its memory only.
    const blocked = spawn('sh', ['-c', 'cd "$0" && echo there && read go && exec ls', daemon.mountpoint], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
    });
    children.push(blocked);
    const { pid } = blocked;
    await once(blocked.stdout, 'data');
    daemon.child.kill('SIGSTOP');
    try {
      blocked.stdin.write('go\n');
      await until('somebody to wait', () => waitingOf(daemon.connection) > 0);
      await until(
        'it to be told',
        () => now(daemon.mountpoint)?.blocked.some((one) => one.pid === pid),
        3000,
      );
      expect(now(daemon.mountpoint)).toMatchObject({ waiting: 1, blocked: [{ pid, tid: pid, comm: 'ls' }] });
      const other = await bindfs(place, 'meanwhile');
      await saw('appeared', other.mountpoint);
      await other.unmount();
    } finally {
      daemon.child.kill('SIGCONT');
    }
    await once(blocked, 'exit');
    await until('nobody to wait', () => now(daemon.mountpoint)?.blocked.length === 0, 3000);
    await daemon.unmount();
  });

  it('tells that a daemon had died before anybody looked', async () => {
    const daemon = await bindfs(place, 'dead-before');
    const over = once(daemon.child, 'exit');
    daemon.child.kill('SIGKILL');
    await over;
    const ignore = () => undefined;
    const later = new Discovery({
      ...{ appeared: ignore, changed: ignore, vanished: ignore, blocked: ignore },
      wantsBlocked: () => false,
    });
    later.start();
    try {
      const mount = () => [...later.mounts.values()].find((one) => one.mount === daemon.mountpoint);
      await until('its death', () => mount()?.dead, 6_000);
      expect(mount()?.daemon).toBe(null);
    } finally {
      later.close();
    }
  });

  it('tells that a daemon has died', async () => {
    const daemon = await bindfs(place, 'killed');
    await until('the daemon', () => now(daemon.mountpoint)?.daemon?.pid === daemon.pid);
    daemon.child.kill('SIGKILL');
    await until('its death', () => now(daemon.mountpoint)?.dead, 4000);
    expect(now(daemon.mountpoint)?.daemon).toBe(null);
  });
});
