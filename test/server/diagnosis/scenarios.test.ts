// Mounts that hang in every way that file systems do, all at once on one server: each has its cause told, and who is to
// blame. A second server that starts when everything hangs already tells the same.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountAt } from '../../../fuse/mountinfo.ts';
import type { Health, SpanList } from '../../../shared/api.ts';
import type { CauseKind } from '../../../shared/diagnosis.ts';
import type { Mount } from '../../../shared/mount.ts';
import type { Recording } from '../../../shared/recording.ts';
import type { Stall, StallSnapshot } from '../../../shared/stall.ts';
import type { Action, Audit, Outcome, Preview, PreviewRequest } from '../../../shared/ways.ts';
import { describeTap } from '../../fuse/kernel/bpf.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { until } from '../../support/until.ts';
import type { Mounted } from '../../support/ward.ts';
import { HungMounts, WAIT_MS } from './hung-mounts.ts';

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

/** How long /api/health takes, printed: the machine is too busy to assert it. */
async function answers(server: TestServer): Promise<void> {
  const begun = performance.now();
  await server.get<Health>('/api/health');
  console.log(`health answered in ${Math.round(performance.now() - begun)} ms`);
}

describeTap('causes of stalls, on real mounts', () => {
  const hung = new HungMounts();
  const { ward } = hung;
  let server: TestServer;
  /** The mounts by what is the matter with them. */
  const at = (name: string) => hung.at(name);

  beforeAll(async () => {
    await hung.build();
    server = hung.server;
  }, 120_000);
  afterAll(() => hung[Symbol.asyncDispose]());

  it('a daemon that is stopped', async () => {
    const { cause, hints, daemon, caller } = await caused(server, at('stopped'), 'daemon-stopped');
    expect(cause).toMatchObject({
      confidence: 'certain',
      culprit: { name: 'bindfs', pid: at('stopped').pid },
    });
    expect(hints).toContainEqual(expect.objectContaining({ action: 'continue', pid: at('stopped').pid }));
    expect(daemon).toMatchObject({ pid: at('stopped').pid, comm: 'bindfs', state: 'T', threadCount: 1 });
    expect(caller?.wchan).toBe('request_wait_answer');
    await answers(server);
  });

  it('a daemon that has ended, while a child of it keeps the connection', async () => {
    const { cause, hints } = await caused(server, at('orphan'), 'daemon-dead');
    expect(cause).toMatchObject({ confidence: 'certain', culprit: { pid: at('orphan').pid } });
    expect(hints.map((one) => one.action)).toContain('abort');
  });

  it('a daemon that uses its own mount', async () => {
    const { cause, cycle, chain } = await caused(
      server,
      at('selfish'),
      'self-deadlock',
      (one) => one.span.comm === 'cat',
    );
    expect(cause).toMatchObject({ culprit: { pid: at('selfish').pid, tid: at('selfish').pid } });
    expect(chain[cycle ?? -1]).toMatchObject({ pid: at('selfish').pid });
    const inner = await caused(server, at('selfish'), 'self-deadlock', (one) => one.span.comm === 'stuckfs');
    expect(inner.groupId).toBe((await caused(server, at('selfish'), 'self-deadlock')).groupId);
  });

  it('a daemon that waits for a child, which uses its mount', async () => {
    const { cause, span } = await caused(
      server,
      at('parental'),
      'self-deadlock',
      (one) => one.span.comm === 'cat',
    );
    expect(span.path).toBe('/kin');
    expect(cause?.culprit.pid).not.toBe(at('parental').pid);
    expect(cause?.text).toMatch(/^stuckfs \(\d+\) waits for stuckfs \(\d+\), which asks for /);
  });

  it('a socket that nobody answers, and who waits for the lock that is held meanwhile', async () => {
    const net = await caused(server, at('locking'), 'blocked-on-network');
    const peer = `127.0.0.1:${hung.silentPort}`;
    expect(net.cause?.culprit).toMatchObject({ kind: 'peer', name: peer });
    expect(net.span.path).toBe('/net');
    const lock = await caused(server, at('locking'), 'blocked-on-lock');
    expect(lock.span.path).toBe('/lock');
    expect(lock.cause).toMatchObject({ confidence: 'certain', culprit: { pid: at('locking').pid } });
    const holder = net.chain.find((one) => one.role === 'daemon')?.tid;
    expect(lock.cause?.culprit.tid).toBe(holder);
    expect(lock.groupId).toBe(net.groupId);
    expect(lock.chain.at(-1)).toMatchObject({ role: 'cause', name: peer });
  });

  it('the functions of its own that each of these threads is in, innermost first', async () => {
    const net = await caused(server, at('locking'), 'blocked-on-network');
    const lock = await caused(server, at('locking'), 'blocked-on-lock');
    const names = (stall: Stall, own: string) =>
      stall.daemon?.threads
        .map(({ userStack = [] }) => userStack)
        .find((stack) => stack.some(({ text }) => text.startsWith(`${own}+`)))
        ?.flatMap(({ text, guessed }) =>
          text.endsWith(' (stuckfs)') && !guessed ? (text.split('+')[0] ?? '') : [],
        );
    expect(names(net, 'ask_server')).toEqual(['ask_server', 'fs_open']);
    expect(names(lock, 'take_lock')).toEqual(['take_lock', 'fs_open']);
    const link = net.chain.find((one) => one.role === 'daemon');
    expect(link?.userStack?.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^ask_server\+0x[0-9a-f]+ \(stuckfs\)$/),
    );
    expect(net.caller?.userStack?.at(-1)?.text).toMatch(/^_start\+0x[0-9a-f]+ \(cat\)$|^cat\+0x[0-9a-f]+$/);
    const { items } = await server.get<{ items: StallSnapshot[] }>(`/api/stalls/${net.id}/snapshots`);
    const kept = items.flatMap(({ processes }) => processes).find((one) => one.pid === at('locking').pid);
    expect(kept?.threads.flatMap(({ userStack = [] }) => userStack).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^take_lock\+/),
    );
  });

  it('a pool of workers that is full', async () => {
    const { cause } = await caused(server, at('pool'), 'workers-exhausted');
    expect(cause).toMatchObject({ culprit: { pid: at('pool').pid, name: 'stuckfs' } });
    expect(cause?.text).toMatch(/slow-1/);
    expect(cause?.text).toMatch(/slow-2/);
  });

  it.each([
    ['sleeps', 'sleepy', 'sleep', /is asleep in (clock_)?nanosleep/],
    ['computes', 'spinning', 'spin', /is running/],
  ])(
    'an only thread that %s: what it does, and that nobody takes the next request',
    async (_how, name, file, does) => {
      const busy = await caused(server, at(name), 'unknown', (one) => one.span.path === `/${file}`);
      expect(busy.cause).toMatchObject({ confidence: 'possible', culprit: { pid: at(name).pid } });
      expect(busy.cause?.text).toMatch(does);
      const next = await caused(server, at(name), 'not-picked-up', (one) => one.span.path === '/second');
      expect(next.cause).toMatchObject({
        confidence: 'certain',
        culprit: { pid: at(name).pid, name: 'asidefs' },
      });
      expect(next.cause?.text).toContain(`is busy with an open of ${file}`);
      expect(next.cause?.evidence[0]?.from).toBe('pending list of the kernel');
    },
  );

  it('requests that the daemon has taken and put aside', async () => {
    const kinds = [
      ['waiting-for-data', 'read', '/data'],
      ['waiting-behind', 'setlkw', '/locked'],
      ['unknown', 'open', '/odd'],
    ] as const;
    for (const [kind, op, path] of kinds) {
      const stall = await caused(server, at('aside'), kind, (one) => one.span.op === op);
      expect(stall.span.path).toBe(path);
      expect(stall.cause).toMatchObject({ culprit: { pid: at('aside').pid } });
      expect(stall.cause?.text).toMatch(/has put it aside|waits for requests, as if it were answered/);
    }
  });

  it('more reads than the kernel lets through at once', async () => {
    const { cause } = await caused(server, at('narrow'), 'congested');
    expect(cause).toMatchObject({ confidence: 'likely', culprit: { pid: at('narrow').pid } });
    expect(cause?.text).toMatch(
      /as many as the kernel lets through in the background \(1\), and \d+ more wait/,
    );
  });

  it('a chain over two mounts to a server that is stopped', async () => {
    const { cause, chain } = await caused(server, at('merged'), 'cross-mount');
    const peer = `127.0.0.1:${hung.sshd.port}`;
    expect(cause).toMatchObject({ confidence: 'certain', culprit: { kind: 'peer', name: peer } });
    expect(hung.sshd.sessions()).toContain(cause?.culprit.pid);
    expect(chain.map((one) => one.name)).toEqual(['stat', 'mergerfs', 'sshfs', 'ssh', peer]);
    const below = await caused(server, at('remote'), 'blocked-on-network');
    const { items } = await server.get<{ items: Action[] }>(`/api/mounts/${below.span.mountId}/actions`);
    expect(items[0]?.action).toBe('continue');
    expect(items[0]?.targets[0]?.pid).toBe(cause?.culprit.pid);
    expect(items[0]?.targets.map((one) => one.pid).sort()).toEqual(hung.sshd.sessions().sort());
    expect(below.groupId).toBe((await caused(server, at('merged'), 'cross-mount')).groupId);
  });

  it('a link that is cut', async () => {
    const { cause, chain } = await caused(server, at('cut'), 'blocked-on-network');
    expect(cause?.culprit).toMatchObject({ kind: 'peer', name: `127.0.0.1:${hung.link.port}` });
    expect(chain.at(-1)?.facts.map(([name]) => name)).toContain('Send queue');
  });

  it('a file system that shows itself', async () => {
    const { cause } = await caused(server, at('inside'), 'self-deadlock');
    expect(cause?.culprit).toMatchObject({ name: 'bindfs', pid: at('inside').pid });
  });

  it('two daemons that wait for each other', async () => {
    const { cause, cycle, chain } = await caused(
      server,
      at('first'),
      'cross-mount',
      (one) => one.span.comm === 'stat',
    );
    expect(chain.map((one) => one.pid)).toEqual(expect.arrayContaining([at('first').pid, at('second').pid]));
    expect(chain[cycle ?? -1]?.pid).toBe(at('first').pid);
    const other = await caused(server, at('second'), 'cross-mount');
    expect(other.cause?.key).toBe(cause?.key);
    expect(other.cycle).not.toBeNull();
  });

  it('a disk that takes nothing', async () => {
    const { cause, advice = cause?.advice } = (await caused(
      server,
      at('frozen'),
      'blocked-on-disk',
    )) as Stall & {
      advice?: string;
    };
    expect(cause?.culprit).toMatchObject({ kind: 'disk', name: expect.stringMatching(/^\/dev\/loop/) });
    expect(advice).toContain(`fsfreeze -u ${at('frozen').source}`);
  });

  it('an injected fault, until it is released', async () => {
    const stall = await caused(server, hung.mirror, 'fault-injected');
    expect(stall.cause).toMatchObject({
      confidence: 'certain',
      culprit: { kind: 'fault', name: 'held-file' },
      text: `The fault held-file on ${hung.mirror.mountpoint} makes it wait on purpose: hang until released.`,
    });
    expect(stall.hints).toMatchObject([{ action: 'release', mountId: hung.mirror.id, fault: 'held-file' }]);
    const ended = once(hung.held, 'exit');
    const asked = await server.post(`/api/mounts/${hung.mirror.id}/preview`, { action: 'release' });
    const preview = (await asked.json()) as Preview;
    expect(preview.effects[0]).toBe('The fault held-file holds one operation back until released.');
    expect(preview.operations).toMatchObject([{ op: 'read', path: '/file', comm: 'cat' }]);
    const done = await server.post(`/api/mounts/${hung.mirror.id}/release`, { token: preview.token });
    expect((await done.json()) as Outcome).toMatchObject({ audit: { action: 'release', outcome: 'done' } });
    expect(await ended).toEqual([0, null]);
    const closed = await until('the stall to end', async () => {
      const now = await server.get<Stall>(`/api/stalls/${stall.id}`);
      return now.state === 'closed' ? now : null;
    });
    expect(closed).toMatchObject({ span: { state: 'done', errno: 0 }, endedBy: { kind: 'answered' } });
    expect(closed.endedBy?.text).toContain('released it');
    const { items } = await server.get<{ items: Audit[] }>('/api/audit');
    expect(items[0]).toMatchObject({ action: 'release', mount: hung.mirror.mountpoint, outcome: 'done' });
  });

  it('no stall where a read is slow and goes on, nor where a debugger or a signal stops the caller', async () => {
    const readers = [1, 2, 3].map(() => ward.use('cat', `${at('paced').mountpoint}/pace`));
    const [slow, signalled, debugged] = readers as [ChildProcess, ChildProcess, ChildProcess];
    const whole = once(slow, 'exit');
    await until('all to read', async () => {
      const { items } = await server.get<SpanList>('/api/spans', {
        filter: `mount:${at('paced').mountpoint} op:read`,
      });
      return readers.every(({ pid }) => items.some((span) => span.pid === pid));
    });
    await ward.stop(signalled.pid ?? 0);
    const debug = ward.start(hung.hold, [String(debugged.pid)]);
    await once(debug.stdout ?? debug, 'data');
    expect(await whole).toEqual([0, null]);
    // What was asked for later than they were stopped hangs for long enough to be a stall.
    const later = ward.use('stat', `${at('stopped').mountpoint}/later`);
    await caused(server, at('stopped'), 'daemon-stopped', (one) => one.span.pid === later.pid);
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls');
    expect(items.filter(({ span }) => span.mount === at('paced').mountpoint)).toEqual([]);
    const reads = await server.get<SpanList>('/api/spans', {
      filter: `mount:${at('paced').mountpoint} pid:${slow.pid} op:read`,
    });
    expect(reads.items.length).toBeGreaterThan(15);
  });

  it('a hundred callers behind one look-up', async () => {
    const { waiting, waiters, affected } = await until('all of them to wait', async () => {
      const stall = await caused(server, at('crowd'), 'daemon-stopped');
      return stall.waiting >= 100 ? stall : null;
    });
    expect(waiting).toBe(100);
    expect(affected).toHaveLength(20);
    const behind = waiters.filter((one) => one.spanId === null);
    expect(behind[0]).toMatchObject({ comm: 'stat', why: 'the same look-up', path: '/same' });
    expect(await stallsOf(server, at('crowd'))).toHaveLength(1);
    await answers(server);
  });

  it('keeps what was seen', async () => {
    const { id } = await caused(server, at('stopped'), 'daemon-stopped');
    const [snapshot] = await until('a snapshot to be stored', async () => {
      const { items } = await server.get<{ items: StallSnapshot[] }>(`/api/stalls/${id}/snapshots`);
      return items.length > 0 ? items : null;
    });
    expect(snapshot).toMatchObject({ kind: 'daemon-stopped' });
    expect(snapshot?.processes.map((one) => one.pid)).toContain(at('stopped').pid);
  });

  it('a server that starts when everything hangs already', async () => {
    const mounts = [at('stopped'), at('locking'), at('merged'), at('remote')];
    await using late = await startTestServer({ args: ['--attach', ...mounts.map((one) => one.mountpoint)] });
    const begun = Date.now() * 1_000;
    const stop = await caused(late, at('stopped'), 'daemon-stopped');
    expect(stop.cause?.culprit.pid).toBe(at('stopped').pid);
    expect(stop.earliestUs).toBeLessThan(begun);
    expect(stop.earliestUs).toBeGreaterThan(begun - 300e6);
    const lock = await caused(late, at('locking'), 'blocked-on-lock');
    expect(lock.cause?.culprit.pid).toBe(at('locking').pid);
    const chain = await caused(late, at('merged'), 'cross-mount');
    expect(chain.cause?.culprit.name).toBe(`127.0.0.1:${hung.sshd.port}`);
    expect(chain.chain.map((one) => one.name)).toContain('sshfs');
  }, 120_000);

  it('a daemon that is killed: what it had in hand is aborted', async () => {
    const { id } = await caused(server, at('killed'), 'daemon-stopped');
    process.kill(at('killed').pid, 'SIGKILL');
    const closed = await until('the stall to end', async () => {
      const stall = await server.get<Stall>(`/api/stalls/${id}`);
      return stall.state === 'closed' ? stall : null;
    });
    expect(closed).toMatchObject({ span: { state: 'aborted' }, endedBy: { kind: 'daemon-died' } });
    await until('the mount to be dead', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === at('killed').mountpoint)?.state === 'dead';
    });
    const filter = `mount:${at('killed').mountpoint} state:aborted`;
    const { items } = await server.get<SpanList>('/api/spans', { filter });
    expect(items.length).toBeGreaterThanOrEqual(4);
  });

  it('a daemon that is killed under load: its last operations are kept, and what it had in hand', async () => {
    const filter = `mount:${at('loaded').mountpoint}`;
    const seen = async (more: string) =>
      (await server.get<SpanList>('/api/spans', { filter: `${filter} ${more}` })).items;
    await until('a read in hand', async () => (await seen('op:read state:open')).length > 0, WAIT_MS);
    process.kill(at('loaded').pid, 'SIGKILL');
    const name = `The daemon died: ${at('loaded').mountpoint}`;
    const kept = await until('its last operations to be kept', async () => {
      const { items } = await server.get<{ items: Recording[] }>('/api/recordings');
      return items.find((one) => one.name === name && one.state === 'done');
    });
    const { items } = await server.get<SpanList>('/api/spans', { recording: String(kept.id), limit: 1_000 });
    expect(items.filter((one) => one.state === 'aborted').map((one) => one.op)).toContain('read');
    expect(items.filter((one) => one.state === 'done').length).toBeGreaterThan(10);
    expect(await seen('state:open')).toEqual([]);
    await until('the mount to be dead', async () => {
      const { items: mounts } = await server.get<{ items: Mount[] }>('/api/mounts');
      return mounts.find((one) => one.mount === at('loaded').mountpoint)?.state === 'dead';
    });
  });

  it('lists stalls without what is long, and still answers', async () => {
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
    expect(items.every((one) => one.caller === null && one.daemon === null)).toBe(true);
    await answers(server);
  });

  // From here on the mounts are helped, one after the other.
  describe('the way out of each', () => {
    /** What is offered first for a mount, done as the page does it. */
    async function take(mount: Place, request: PreviewRequest): Promise<Outcome> {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      const id = items.find((one) => one.mount === mount.mountpoint)?.id;
      const asked = await server.post(`/api/mounts/${id}/preview`, request);
      const preview = (await asked.json()) as Preview;
      expect(asked.status, JSON.stringify(preview)).toBe(200);
      const done = await server.post(`/api/mounts/${id}/${request.action}`, { token: preview.token });
      return (await done.json()) as Outcome;
    }

    /** All stalls of a mount, once none is open. */
    async function over(mount: Place): Promise<Stall[]> {
      await until('its stalls to end', async () => (await stallsOf(server, mount)).length === 0, WAIT_MS);
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { limit: 1_000 });
      return items.filter((one) => one.span.mount === mount.mountpoint);
    }

    it.each(['stopped', 'crowd'])('continues a daemon that is %s', async (name) => {
      const { hints } = await caused(server, at(name), 'daemon-stopped');
      expect(hints[0]).toMatchObject({ action: 'continue', pid: at(name).pid });
      const { audit } = await take(at(name), { action: 'continue' });
      expect(audit).toMatchObject({ outcome: 'done', target: expect.stringContaining(String(at(name).pid)) });
      for (const stall of await over(at(name))) {
        expect(stall.endedBy).toMatchObject({ kind: expect.stringMatching(/^(answered|error)$/) });
        expect(stall.endedBy?.text).toContain('continued the daemon');
      }
    });

    it('continues the session beneath two mounts, which frees both', async () => {
      const { hints, cause } = await caused(server, at('merged'), 'cross-mount');
      expect(hints[0]).toMatchObject({ action: 'continue', pid: cause?.culprit.pid });
      const { audit } = await take(at('remote'), { action: 'continue' });
      expect(audit).toMatchObject({ outcome: 'done' });
      for (const name of ['remote', 'merged']) expect(await over(at(name))).not.toHaveLength(0);
    });

    it('does what the advice for a frozen disk says', async () => {
      const { cause, span } = await caused(server, at('frozen'), 'blocked-on-disk');
      const command = /fsfreeze -u \S+(?=\.$)/.exec(cause?.advice ?? '')?.[0].split(' ') ?? [];
      execFileSync(command[0] ?? 'false', command.slice(1));
      const closed = (await over(at('frozen'))).find((one) => one.span.id === span.id);
      expect(closed).toMatchObject({ span: { errno: 0 }, endedBy: { kind: 'answered' } });
    });

    it('ends a caller whose request nobody has taken', async () => {
      const { span } = await caused(server, at('pool'), 'workers-exhausted', (one) => one.span.comm === 'ls');
      const { audit } = await take(at('pool'), { action: 'signal', pid: span.pid ?? 0, signal: 'SIGKILL' });
      expect(audit).toMatchObject({ outcome: 'done', text: expect.stringContaining('has ended') });
    });

    it.each([
      ['orphan', 'daemon-dead'],
      ['selfish', 'self-deadlock'],
      ['parental', 'self-deadlock'],
      ['inside', 'self-deadlock'],
      ['locking', 'blocked-on-network'],
      ['pool', null],
      ['cut', 'blocked-on-network'],
      ['sleepy', 'not-picked-up'],
      ['spinning', 'not-picked-up'],
      ['aside', 'waiting-for-data'],
      ['narrow', 'congested'],
    ] as const)('aborts the connection of %s', async (name, kind) => {
      if (kind !== null) {
        const { hints } = await caused(server, at(name), kind);
        expect(hints.map((one) => one.action)).toContain('abort');
      }
      const { audit } = await take(at(name), { action: 'abort' });
      expect(audit).toMatchObject({ action: 'abort', outcome: 'done' });
      const ended = await over(at(name));
      expect(ended).not.toHaveLength(0);
      for (const { endedBy, span } of ended.filter((one) => one.span.comm !== 'ls')) {
        expect(span.errno).not.toBe(0);
        expect(endedBy?.text).toContain('aborted the connection');
      }
    });

    it('aborts one of two that wait for each other, which frees both', async () => {
      const { hints } = await caused(server, at('second'), 'cross-mount');
      expect(hints.map((one) => one.action)).toContain('abort');
      expect((await take(at('second'), { action: 'abort' })).audit).toMatchObject({ outcome: 'done' });
      for (const name of ['first', 'second']) expect(await over(at(name))).not.toHaveLength(0);
    });

    it.each(['killed', 'loaded'])('unmounts %s, whose daemon was killed', async (name) => {
      expect((await take(at(name), { action: 'unmount' })).audit).toMatchObject({ outcome: 'done' });
      expect(mountAt(at(name).mountpoint)).toBeNull();
    });

    it('and keeps an audit of all of it, with nothing left stalled', async () => {
      const { items } = await server.get<{ items: Audit[] }>('/api/audit', { limit: 100 });
      expect(items.map((one) => one.outcome)).toEqual(items.map(() => 'done'));
      const { items: left } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
      expect(left.map(({ span }) => `${span.mount}${span.path}`)).toEqual([]);
    });
  });
});
