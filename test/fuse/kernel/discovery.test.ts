// What is mounted on this machine through FUSE, learned from /proc and fusectl alone.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Discovery, type FuseMount } from '../../../fuse/kernel/discovery/discovery.ts';
import { bindfs, provideFusectl, sshfs, waitingOf } from '../../support/daemons.ts';
import { Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { until } from '../../support/until.ts';

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
