// Mounts that hang in every way that file systems do, all at once on one server: each has its cause told, and who is to
// blame. A second server that starts when everything hangs already tells the same.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health, SpanList } from '../../../shared/api.ts';
import type { CauseKind } from '../../../shared/diagnosis.ts';
import type { Mount } from '../../../shared/mount.ts';
import type { Stall, StallSnapshot } from '../../../shared/stall.ts';
import type { Action, Audit, Outcome, Preview } from '../../../shared/ways.ts';
import { describeTap } from '../../fuse/kernel/bpf.ts';
import { provideFusectl, provideTracefs } from '../../support/daemons.ts';
import { run } from '../../support/mirror.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type Sshd, startSshd } from '../../support/sshd.ts';
import { until } from '../../support/until.ts';
import { buildHold, buildStuckfs, type Mounted, Ward } from '../../support/ward.ts';

const MAIN = new URL('../../../server/cli/main.ts', import.meta.url).pathname;
const WAIT_MS = 40_000;
/** Reads too are stalls after a second here. */
const THRESHOLDS = { thresholds: [{ op: 'read', stalledMs: 1_000 }] };

const ward = new Ward();
const listening: Server[] = [];
afterAll(async () => {
  for (const one of listening) one.close();
  await ward.clean();
});

/** A server on this machine that takes connections. */
async function listen(take: (socket: Socket) => void): Promise<number> {
  const server = createServer(take);
  listening.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** An SFTP server behind a link that can be cut: from then on nothing comes through, and nobody is told. */
async function linkToSftp(): Promise<{ port: number; cut(): void }> {
  const open: Socket[] = [];
  const port = await listen((socket) => {
    const sftp = ward.start('/usr/lib/openssh/sftp-server', []);
    socket.on('error', () => {});
    socket.on('data', (bytes) => sftp.stdin?.write(bytes));
    sftp.stdout?.on('data', (bytes) => socket.write(bytes));
    open.push(socket);
  });
  return {
    port,
    cut() {
      for (const socket of open) socket.pause();
    },
  };
}

type Place = Pick<Mounted, 'mountpoint'>;

async function stallsOf(server: TestServer, mount: Place): Promise<Stall[]> {
  const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
  return items.filter((one) => one.span.mount === mount.mountpoint);
}

/** The stall of a mount with this cause, whole. */
async function caused(
  server: TestServer,
  mount: Place,
  kind: CauseKind,
  which: (stall: Stall) => boolean = () => true,
): Promise<Stall> {
  let seen: unknown = 'no stall';
  const found = await until(
    `a stall of ${mount.mountpoint} by ${kind}`,
    async () => {
      const stalls = await stallsOf(server, mount);
      if (stalls.length > 0)
        seen = stalls.map(({ span, cause }) => `${span.op} ${span.path}: ${cause?.kind} ${cause?.text}`);
      return stalls.find((one) => one.cause?.kind === kind && which(one));
    },
    WAIT_MS,
  ).catch(async (error: Error) => {
    const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
    const now = items.find((one) => one.mount === mount.mountpoint);
    const { state, daemon, tier, waiting, inflight } = now ?? {};
    throw new Error(
      `${error.message}; there is ${JSON.stringify(seen)} on ${JSON.stringify({ state, daemon, tier, waiting, inflight })}`,
    );
  });
  return server.get<Stall>(`/api/stalls/${found.id}`);
}

async function attached(server: TestServer, mounts: readonly Mounted[]): Promise<void> {
  await until(
    'all mounts to be listened to',
    async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      const tapped = items.filter((one) => one.tier === 'bpf').map((one) => one.connection);
      return mounts.every((one) => tapped.includes(one.connection));
    },
    WAIT_MS,
  );
}

/** How long /api/health takes, printed: the machine is too busy to assert it. */
async function answers(server: TestServer): Promise<void> {
  const begun = performance.now();
  await server.get<Health>('/api/health');
  console.log(`health answered in ${Math.round(performance.now() - begun)} ms`);
}

describeTap('causes of stalls, on real mounts', () => {
  let server: TestServer;
  let stopped: Mounted;
  let killed: Mounted;
  let orphan: Mounted;
  let selfish: Mounted;
  let locking: Mounted;
  let pool: Mounted;
  let sshd: Sshd;
  let remote: Mounted;
  let merged: Mounted;
  let cut: Mounted;
  let inside: Mounted;
  let first: Mounted;
  let second: Mounted;
  let frozen: Mounted;
  let crowd: Mounted;
  let paced: Mounted;
  let hold: string;
  let mirror: { id: number; mountpoint: string };
  let held: ChildProcess;
  let silentPort: number;
  let link: { port: number; cut(): void };

  beforeAll(async () => {
    provideTracefs();
    provideFusectl();
    const program = buildStuckfs(ward);
    silentPort = await listen(() => {});
    const stuckfs = (name: string, env: Record<string, string> = {}, options: string[] = []) => {
      const at = ward.make(name);
      const own = { STUCK_SELF: at, STUCK_PORT: String(silentPort), ...env };
      return ward.mount(at, program, ['-f', ...options, at], own);
    };
    stopped = await ward.bindfs('stopped');
    killed = await ward.bindfs('killed');
    const told = ward.file('child', '');
    orphan = await stuckfs('orphan', { STUCK_CHILD: told });
    const child = await until('the child to be told', () => Number(readFileSync(told, 'utf8')) || null);
    ward.atEnd(() => process.kill(child, 'SIGKILL'));
    selfish = await stuckfs('selfish', {}, ['-s']);
    locking = await stuckfs('locking');
    pool = await stuckfs('pool', {}, ['-o', 'max_threads=2,max_idle_threads=2']);
    crowd = await stuckfs('crowd');
    paced = await stuckfs('paced');
    hold = buildHold(ward);

    sshd = await startSshd(ward, await freePort());
    remote = await sshd.mount(ward, 'remote');
    const mergedAt = ward.make('merged');
    merged = await ward.mount(mergedAt, 'mergerfs', ['-f', remote.mountpoint, mergedAt]);

    link = await linkToSftp();
    const cutAt = ward.make('cut');
    cut = await ward.mount(cutAt, 'sshfs', [
      '-f',
      '-o',
      `directport=${link.port}`,
      `127.0.0.1:${ward.make('cut-source')}`,
      cutAt,
    ]);

    const insideAt = ward.make('inside');
    inside = await ward.mount(insideAt, 'bindfs', ['-f', '/', insideAt]);

    first = await ward.bindfs('first');
    const loop = ward.make('first-source/loop');
    second = await ward.mount(loop, 'bindfs', ['-f', first.mountpoint, loop]);

    const image = ward.file('disk.img', '');
    const disk = ward.make('disk');
    execFileSync('truncate', ['-s', '32M', image]);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    execFileSync('mount', ['-o', 'loop', image, disk]);
    const frozenAt = ward.make('frozen');
    frozen = await ward.mount(frozenAt, 'bindfs', ['-f', disk, frozenAt], {}, disk);
    // Thawed by the shell when we end, however we end.
    const guard = ward.start('sh', [
      '-c',
      'fsfreeze -f "$0"; echo frozen; read line; fsfreeze -u "$0"',
      disk,
    ]);
    const isFrozen = once(guard.stdout ?? guard, 'data');
    ward.atEnd(() => execFileSync('fsfreeze', ['-u', disk], { stdio: 'ignore' }));

    const all = [stopped, killed, orphan, selfish, locking, pool, crowd, remote, merged, cut, inside];
    const mounts = [...all, first, second, frozen, paced];
    server = await startTestServer({ args: ['--attach', ...mounts.map((one) => one.mountpoint)] });
    const put = await fetch(new URL('/api/settings', server.url), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(THRESHOLDS),
    });
    expect(put.status).toBe(200);
    await attached(server, mounts);
    await isFrozen;
    ward.file('mirrored/file', 'content');
    const places = { source: ward.make('mirrored'), mountpoint: ward.make('mirror') };
    const started = await server.post('/api/mirrors', places);
    expect(started.status).toBe(201);
    const known = await until('the mirror to be known', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === places.mountpoint && one.kind === 'mirror');
    });
    mirror = { id: known.id, mountpoint: known.mount };
    const rule = ['--op', 'read', '--path', '/file', '--hang', '--id', 'held-file'];
    const added = await run(process.execPath, [MAIN, 'faults', 'add', mirror.mountpoint, ...rule], {
      env: { FUSESCOPE_SERVER: server.url },
    });
    expect(added).toMatchObject({ status: 0, stderr: '' });

    // The folder is known by then, so that the crowd waits for one look-up.
    await once(ward.use('stat', crowd.mountpoint), 'exit');
    await ward.stop(stopped.pid, killed.pid, crowd.pid, ...sshd.sessions());
    link.cut();
    // Before its end its threads would still take a request.
    const over = once(orphan.child, 'exit');
    orphan.child.kill('SIGKILL');
    await over;
    ward.use('stat', `${stopped.mountpoint}/a`);
    ward.use('ls', stopped.mountpoint);
    for (let i = 0; i < 4; i++) ward.use('stat', `${killed.mountpoint}/${i}`);
    ward.use('stat', `${orphan.mountpoint}/x`);
    ward.use('cat', `${selfish.mountpoint}/self`);
    ward.use('cat', `${locking.mountpoint}/net`);
    ward.use('sh', '-c', 'for i in $(seq 100); do stat "$0" & done; wait', `${crowd.mountpoint}/same`);
    ward.use('stat', `${merged.mountpoint}/deep`);
    ward.use('stat', `${cut.mountpoint}/x`);
    ward.use('stat', `${inside.mountpoint}${inside.mountpoint}/etc`);
    ward.use('stat', `${first.mountpoint}/loop/x`);
    ward.use('touch', `${frozen.mountpoint}/new`);
    held = ward.use('cat', `${mirror.mountpoint}/file`);
    for (const name of ['slow-1', 'slow-2']) ward.use('cat', `${pool.mountpoint}/${name}`);
    // These have to come second.
    const opened = (path: string) => async () => {
      const { items } = await server.get<{ items: { span: { path: string | null } }[] }>('/api/inflight');
      return items.some(({ span }) => span.path === path);
    };
    await until('the lock to be held', opened('/net'), WAIT_MS);
    ward.use('cat', `${locking.mountpoint}/lock`);
    for (const name of ['/slow-1', '/slow-2']) await until('the pool to be full', opened(name), WAIT_MS);
    ward.use('ls', pool.mountpoint);
  }, 120_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it('a daemon that is stopped', async () => {
    const { cause, hints, daemon, caller } = await caused(server, stopped, 'daemon-stopped');
    expect(cause).toMatchObject({ confidence: 'certain', culprit: { name: 'bindfs', pid: stopped.pid } });
    expect(hints).toContainEqual(expect.objectContaining({ action: 'continue', pid: stopped.pid }));
    expect(daemon).toMatchObject({ pid: stopped.pid, comm: 'bindfs', state: 'T', threadCount: 1 });
    expect(caller?.wchan).toBe('request_wait_answer');
    await answers(server);
  });

  it('a daemon that has ended, while a child of it keeps the connection', async () => {
    const { cause, hints } = await caused(server, orphan, 'daemon-dead');
    expect(cause).toMatchObject({ confidence: 'certain', culprit: { pid: orphan.pid } });
    expect(hints.map((one) => one.action)).toContain('abort');
  });

  it('a daemon that uses its own mount', async () => {
    const { cause, cycle, chain } = await caused(
      server,
      selfish,
      'self-deadlock',
      (one) => one.span.comm === 'cat',
    );
    expect(cause).toMatchObject({ culprit: { pid: selfish.pid, tid: selfish.pid } });
    expect(chain[cycle ?? -1]).toMatchObject({ pid: selfish.pid });
    const inner = await caused(server, selfish, 'self-deadlock', (one) => one.span.comm === 'stuckfs');
    expect(inner.groupId).toBe((await caused(server, selfish, 'self-deadlock')).groupId);
  });

  it('a socket that nobody answers, and who waits for the lock that is held meanwhile', async () => {
    const net = await caused(server, locking, 'blocked-on-network');
    const peer = `127.0.0.1:${silentPort}`;
    expect(net.cause?.culprit).toMatchObject({ kind: 'peer', name: peer });
    expect(net.span.path).toBe('/net');
    const lock = await caused(server, locking, 'blocked-on-lock');
    expect(lock.span.path).toBe('/lock');
    expect(lock.cause).toMatchObject({ confidence: 'certain', culprit: { pid: locking.pid } });
    const holder = net.chain.find((one) => one.role === 'daemon')?.tid;
    expect(lock.cause?.culprit.tid).toBe(holder);
    expect(lock.groupId).toBe(net.groupId);
    expect(lock.chain.at(-1)).toMatchObject({ role: 'cause', name: peer });
  });

  it('a pool of workers that is full', async () => {
    const { cause } = await caused(server, pool, 'workers-exhausted');
    expect(cause).toMatchObject({ culprit: { pid: pool.pid, name: 'stuckfs' } });
    expect(cause?.text).toMatch(/slow-1/);
    expect(cause?.text).toMatch(/slow-2/);
  });

  it('a chain over two mounts to a server that is stopped', async () => {
    const { cause, chain } = await caused(server, merged, 'cross-mount');
    const peer = `127.0.0.1:${sshd.port}`;
    expect(cause).toMatchObject({ confidence: 'certain', culprit: { kind: 'peer', name: peer } });
    expect(sshd.sessions()).toContain(cause?.culprit.pid);
    expect(chain.map((one) => one.name)).toEqual(['stat', 'mergerfs', 'sshfs', 'ssh', peer]);
    const below = await caused(server, remote, 'blocked-on-network');
    const { items } = await server.get<{ items: Action[] }>(`/api/mounts/${below.span.mountId}/actions`);
    expect(items[0]).toMatchObject({ action: 'continue', targets: [{ pid: cause?.culprit.pid }] });
    expect(below.groupId).toBe((await caused(server, merged, 'cross-mount')).groupId);
  });

  it('a link that is cut', async () => {
    const { cause, chain } = await caused(server, cut, 'blocked-on-network');
    expect(cause?.culprit).toMatchObject({ kind: 'peer', name: `127.0.0.1:${link.port}` });
    expect(chain.at(-1)?.facts.map(([name]) => name)).toContain('Send queue');
  });

  it('a file system that shows itself', async () => {
    const { cause } = await caused(server, inside, 'self-deadlock');
    expect(cause?.culprit).toMatchObject({ name: 'bindfs', pid: inside.pid });
  });

  it('two daemons that wait for each other', async () => {
    const { cause, cycle, chain } = await caused(
      server,
      first,
      'cross-mount',
      (one) => one.span.comm === 'stat',
    );
    expect(chain.map((one) => one.pid)).toEqual(expect.arrayContaining([first.pid, second.pid]));
    expect(chain[cycle ?? -1]?.pid).toBe(first.pid);
    const other = await caused(server, second, 'cross-mount');
    expect(other.cause?.key).toBe(cause?.key);
    expect(other.cycle).not.toBeNull();
  });

  it('a disk that takes nothing', async () => {
    const { cause, advice = cause?.advice } = (await caused(server, frozen, 'blocked-on-disk')) as Stall & {
      advice?: string;
    };
    expect(cause?.culprit).toMatchObject({ kind: 'disk', name: expect.stringMatching(/^\/dev\/loop/) });
    expect(advice).toContain(`fsfreeze -u ${frozen.source}`);
  });

  it('an injected fault, until it is released', async () => {
    const stall = await caused(server, mirror, 'fault-injected');
    expect(stall.cause).toMatchObject({
      confidence: 'certain',
      culprit: { kind: 'fault', name: 'held-file' },
      text: `The fault held-file on ${mirror.mountpoint} makes it wait on purpose: hang until released.`,
    });
    expect(stall.hints).toMatchObject([{ action: 'release', mountId: mirror.id, fault: 'held-file' }]);
    const ended = once(held, 'exit');
    const asked = await server.post(`/api/mounts/${mirror.id}/preview`, { action: 'release' });
    const preview = (await asked.json()) as Preview;
    expect(preview.effects[0]).toBe('The fault held-file holds one operation back until released.');
    expect(preview.operations).toMatchObject([{ op: 'read', path: '/file', comm: 'cat' }]);
    const done = await server.post(`/api/mounts/${mirror.id}/release`, { token: preview.token });
    expect((await done.json()) as Outcome).toMatchObject({ audit: { action: 'release', outcome: 'done' } });
    expect(await ended).toEqual([0, null]);
    const closed = await until('the stall to end', async () => {
      const now = await server.get<Stall>(`/api/stalls/${stall.id}`);
      return now.state === 'closed' ? now : null;
    });
    expect(closed).toMatchObject({ span: { state: 'done', errno: 0 }, endedBy: { kind: 'answered' } });
    expect(closed.endedBy?.text).toContain('released it');
    const { items } = await server.get<{ items: Audit[] }>('/api/audit');
    expect(items[0]).toMatchObject({ action: 'release', mount: mirror.mountpoint, outcome: 'done' });
  });

  it('no stall where a read is slow and goes on, nor where a debugger or a signal stops the caller', async () => {
    const readers = [1, 2, 3].map(() => ward.use('cat', `${paced.mountpoint}/pace`));
    const [slow, signalled, debugged] = readers as [ChildProcess, ChildProcess, ChildProcess];
    const whole = once(slow, 'exit');
    await until('all to read', async () => {
      const { items } = await server.get<SpanList>('/api/spans', {
        filter: `mount:${paced.mountpoint} op:read`,
      });
      return readers.every(({ pid }) => items.some((span) => span.pid === pid));
    });
    await ward.stop(signalled.pid ?? 0);
    const debug = ward.start(hold, [String(debugged.pid)]);
    await once(debug.stdout ?? debug, 'data');
    expect(await whole).toEqual([0, null]);
    // What was asked for later than they were stopped hangs for long enough to be a stall.
    const later = ward.use('stat', `${stopped.mountpoint}/later`);
    await caused(server, stopped, 'daemon-stopped', (one) => one.span.pid === later.pid);
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls');
    expect(items.filter(({ span }) => span.mount === paced.mountpoint)).toEqual([]);
    const reads = await server.get<SpanList>('/api/spans', {
      filter: `mount:${paced.mountpoint} pid:${slow.pid} op:read`,
    });
    expect(reads.items.length).toBeGreaterThan(15);
  });

  it('a hundred callers behind one look-up', async () => {
    const { waiting, waiters, affected } = await until('all of them to wait', async () => {
      const stall = await caused(server, crowd, 'daemon-stopped');
      return stall.waiting >= 100 ? stall : null;
    });
    expect(waiting).toBe(100);
    expect(affected).toHaveLength(20);
    const behind = waiters.filter((one) => one.spanId === null);
    expect(behind[0]).toMatchObject({ comm: 'stat', why: 'the same look-up', path: '/same' });
    expect(await stallsOf(server, crowd)).toHaveLength(1);
    await answers(server);
  });

  it('keeps what was seen', async () => {
    const { id } = await caused(server, stopped, 'daemon-stopped');
    const [snapshot] = await until('a snapshot to be stored', async () => {
      const { items } = await server.get<{ items: StallSnapshot[] }>(`/api/stalls/${id}/snapshots`);
      return items.length > 0 ? items : null;
    });
    expect(snapshot).toMatchObject({ kind: 'daemon-stopped' });
    expect(snapshot?.processes.map((one) => one.pid)).toContain(stopped.pid);
  });

  it('a server that starts when everything hangs already', async () => {
    const mounts = [stopped, locking, merged, remote];
    await using late = await startTestServer({ args: ['--attach', ...mounts.map((one) => one.mountpoint)] });
    const begun = Date.now() * 1_000;
    const stop = await caused(late, stopped, 'daemon-stopped');
    expect(stop.cause?.culprit.pid).toBe(stopped.pid);
    expect(stop.earliestUs).toBeLessThan(begun);
    expect(stop.earliestUs).toBeGreaterThan(begun - 300e6);
    const lock = await caused(late, locking, 'blocked-on-lock');
    expect(lock.cause?.culprit.pid).toBe(locking.pid);
    const chain = await caused(late, merged, 'cross-mount');
    expect(chain.cause?.culprit.name).toBe(`127.0.0.1:${sshd.port}`);
    expect(chain.chain.map((one) => one.name)).toContain('sshfs');
  }, 120_000);

  it('a daemon that is killed: what it had in hand is aborted', async () => {
    const { id } = await caused(server, killed, 'daemon-stopped');
    process.kill(killed.pid, 'SIGKILL');
    const closed = await until('the stall to end', async () => {
      const stall = await server.get<Stall>(`/api/stalls/${id}`);
      return stall.state === 'closed' ? stall : null;
    });
    expect(closed).toMatchObject({ span: { state: 'aborted' }, endedBy: { kind: 'daemon-died' } });
    await until('the mount to be dead', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === killed.mountpoint)?.state === 'dead';
    });
    const filter = `mount:${killed.mountpoint} state:aborted`;
    const { items } = await server.get<SpanList>('/api/spans', { filter });
    expect(items.length).toBeGreaterThanOrEqual(4);
  });

  it('lists stalls without what is long, and still answers', async () => {
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
    expect(items.every((one) => one.caller === null && one.daemon === null)).toBe(true);
    await answers(server);
  });
});
