// From a mount of somebody else's daemon to the API, through a real server and its kernel collector.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health, Mirror, SpanList } from '../../shared/api.ts';
import type { Mount, Tier } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { bindfs, type Daemon, provideFusectl, provideTracefs, waitingOf } from '../support/daemons.ts';
import { bash, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { isAlive, until } from '../support/until.ts';

const CLI = join(import.meta.dirname, '../../server/cli/main.ts');
const place = new Workplace();
afterAll(() => place.clean());

async function mountOf(server: TestServer, mountpoint: string): Promise<Mount | undefined> {
  const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
  return items.find((one) => one.mount === mountpoint && one.kind === 'kernel');
}

function inTier(server: TestServer, mountpoint: string, tier: Tier): Promise<Mount> {
  return until(
    `${mountpoint} in tier ${tier}`,
    async () => {
      const mount = await mountOf(server, mountpoint);
      return mount?.tier === tier ? mount : null;
    },
    20_000,
  );
}

function spans(server: TestServer, filter: string, count: number): Promise<Span[]> {
  return until(
    `${count} spans of ${filter}`,
    async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter, limit: 1000, order: 'start:asc' });
      return items.length >= count ? items : null;
    },
    10_000,
  );
}

const kernelOf = async (server: TestServer) => (await server.get<Health>('/api/health')).kernel;

/** Trace instances of processes that a server has started. */
function instancesOf(pid: number | null): string[] {
  return readdirSync('/sys/kernel/tracing/instances').filter((name) => name.startsWith(`fusescope-${pid}-`));
}

/** Processes that one has started: of the collector, the tap's loader. */
function childrenOf(pid: number | null): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

async function fusescope(
  server: TestServer,
  ...args: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  try {
    const done = await promisify(execFile)(process.execPath, [CLI, ...args, '--server', server.url]);
    return { status: 0, ...done };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

for (const tier of ['bpf', 'tracefs'] as const) {
  const body = () => {
    let server: TestServer;
    let mount: Daemon;
    beforeAll(async () => {
      provideTracefs();
      provideFusectl();
      mount = await bindfs(place, `watched-${tier}`);
      server = await startTestServer({ args: ['--tap', tier, '--attach', mount.mountpoint] });
      await inTier(server, mount.mountpoint, tier);
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      await mount.unmount();
    });

    /** What tracefs does not tell. */
    const onlyBpf = (name: string, body: () => Promise<void>) => {
      if (tier === 'bpf') it(name, body);
    };

    it('shows what programs do there', async () => {
      const shell = spawn('sh', ['-c', 'mkdir d && printf hello > d/a && mv d/a d/b && cat d/b d/missing'], {
        cwd: mount.mountpoint,
        stdio: 'ignore',
      });
      await once(shell, 'exit');
      const filter = `mount:${mount.mountpoint}`;
      const paths = tier === 'bpf';
      const [write] = await spans(server, `${filter} op:write`, 1);
      expect(write).toMatchObject({
        source: 'kernel',
        size: 5,
        errno: 0,
        pid: shell.pid,
        tid: shell.pid,
        comm: 'sh',
        path: paths ? '/d/a' : null,
      });
      const [read] = await spans(server, `${filter} op:read comm:cat`, 1);
      expect(read).toMatchObject({ bytes: 5, path: paths ? '/d/b' : null, daemonTid: expect.any(Number) });
      expect(read?.durationNs).toBeGreaterThan(0);
      expect(Math.abs((read?.startUs ?? 0) / 1e3 - Date.now())).toBeLessThan(10_000);
      const missing = await spans(server, `${filter} op:lookup errno:ENOENT comm:cat`, 1);
      expect(missing.at(-1)?.path ?? null).toBe(paths ? '/d/missing' : null);
      const [rename] = await spans(server, `${filter} op:rename`, 1);
      expect(rename).toMatchObject({ path: paths ? '/d/a' : null, newPath: paths ? '/d/b' : null });
      for (const op of ['mkdir', 'create', 'flush', 'open']) await spans(server, `${filter} op:${op}`, 1);
      expect(await mountOf(server, mount.mountpoint)).toMatchObject({
        kind: 'kernel',
        connection: mount.connection,
        daemon: { pid: mount.pid, comm: 'bindfs' },
        state: 'ok',
        lost: 0,
        fsType: 'fuse',
        source: mount.source,
      });
      expect((await server.get<Health>('/api/health')).losses).toEqual({});
    });

    it('hangs, and the server sees it without hanging', async () => {
      mount.child.kill('SIGSTOP');
      const ls = spawn('ls', [mount.mountpoint], { stdio: 'ignore', cwd: '/' });
      try {
        const stall = await until(
          'the stall',
          async () => {
            const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
            return items.find((one) => one.span.mount === mount.mountpoint);
          },
          10_000,
        );
        expect(stall.span).toMatchObject({ source: 'kernel', state: 'open', pid: ls.pid, comm: 'ls' });
        await until('the count', async () => (await mountOf(server, mount.mountpoint))?.waiting === 1);
        expect((await mountOf(server, mount.mountpoint))?.state).toBe('stalled');
        for (const path of ['/api/health', '/api/mounts', '/api/doctor', '/metrics']) {
          const answer = await fetch(new URL(path, server.url), { signal: AbortSignal.timeout(2000) });
          expect(answer.status, `${path}: ${await answer.text()} ${server.log()}`).toBe(200);
        }
        // Nor has any process of ours touched the mount so far.
        expect(await kernelOf(server)).toMatchObject({ running: true, restarts: 0, excluded: 0 });
      } finally {
        mount.child.kill('SIGCONT');
      }
      await once(ls, 'exit');
      await until(
        'its end',
        async () => (await server.get<{ items: object[] }>('/api/inflight')).items.length === 0,
      );
      await spans(server, `mount:${mount.mountpoint} comm:ls state:done dur:>1s`, 1);
    });

    onlyBpf('shows the path of a file that was open before, when an operation on it hangs', async () => {
      const mine = await inTier(server, mount.mountpoint, tier);
      await server.post(`/api/mounts/${mine.id}/detach`, {});
      const shell = spawn(
        'sh',
        [
          '-c',
          'mkdir -p h && echo x > h/held && exec 3< h/held && echo there && read go && exec head -c 1 <&3',
        ],
        {
          cwd: mount.mountpoint,
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      );
      await once(shell.stdout, 'data');
      await server.post(`/api/mounts/${mine.id}/attach`, {});
      mount.child.kill('SIGSTOP');
      try {
        shell.stdin.write('go\n');
        await until('its path', async () => {
          const { items } = await server.get<{ items: { span: Span }[] }>('/api/inflight');
          return items.some(({ span }) => span.pid === shell.pid && span.path === '/h/held');
        });
      } finally {
        mount.child.kill('SIGCONT');
      }
      await once(shell, 'exit');
    });

    it('is let go and taken up again, by API and command line, under load', async () => {
      const load = spawn('sh', ['-c', 'while :; do [ -e missing ]; done'], {
        cwd: mount.mountpoint,
        stdio: 'ignore',
      });
      try {
        const mine = await inTier(server, mount.mountpoint, tier);
        const rate = async () => (await mountOf(server, mount.mountpoint))?.opsPerS ?? 0;
        await until('traffic', async () => (await rate()) > 0);
        const detached = (await (await server.post(`/api/mounts/${mine.id}/detach`, {})).json()) as Mount;
        expect(detached).toMatchObject({ tier: 'none', tierReason: expect.stringContaining('detached') });
        await until('silence', async () => (await rate()) === 0);
        expect((await server.get<{ items: object[] }>('/api/inflight')).items).toEqual([]);
        expect(await fusescope(server, 'attach', mount.mountpoint)).toMatchObject({
          status: 0,
          stdout: expect.stringContaining(tier),
        });
        await until('traffic again', async () => (await rate()) > 0);
        expect((await fusescope(server, 'detach', '/nowhere')).stderr).toContain('no FUSE mount at /nowhere');
        expect((await fusescope(server, 'detach')).status).toBe(2);
      } finally {
        load.kill('SIGKILL');
        await once(load, 'exit');
      }
    });

    it('is seen by two servers at once, and by the one when the other has gone', async () => {
      const other = await startTestServer({ args: ['--tap', tier, '--attach', mount.mountpoint] });
      try {
        await inTier(other, mount.mountpoint, tier);
        await bash('touch both', mount.mountpoint);
        const filter = `mount:${mount.mountpoint} comm:touch op:create`;
        for (const one of [server, other]) await spans(one, filter, 1);
        await other.stop();
        await bash('touch one', mount.mountpoint);
        await spans(server, filter, 2);
      } finally {
        await other[Symbol.asyncDispose]();
      }
    });

    it('goes on when the collector is killed, and nothing of the old one stays', async () => {
      const before = await kernelOf(server);
      process.kill(before.pid ?? 0, 'SIGKILL');
      await until('another', async () => (await kernelOf(server)).pid !== before.pid);
      await until(
        'it to listen',
        async () => {
          const now = await kernelOf(server);
          return now.running && now.tier === tier;
        },
        20_000,
      );
      expect(await kernelOf(server)).toMatchObject({ restarts: 1 });
      expect(instancesOf(before.pid)).toEqual([]);
      await inTier(server, mount.mountpoint, tier);
      await bash('touch again', mount.mountpoint);
      await spans(server, `mount:${mount.mountpoint} comm:touch op:create`, 3);
      expect((await server.get<Health>('/api/health')).losses).toEqual({ 'kernel-collector-ended': 1 });
      expect(server.log()).toContain('the kernel collector has ended');
    });

    onlyBpf('goes on by tracefs when the loader is killed at once, and says so', async () => {
      await using other = await startTestServer({ args: ['--attach', mount.mountpoint] });
      await inTier(other, mount.mountpoint, 'bpf');
      const { pid } = await kernelOf(other);
      const [loader] = childrenOf(pid);
      process.kill(loader ?? 0, 'SIGKILL');
      const less = await inTier(other, mount.mountpoint, 'tracefs');
      expect(less.tierReason).toContain('no BPF: the loader of the kernel tap ended (SIGKILL)');
      await bash('touch still', mount.mountpoint);
      await spans(other, `mount:${mount.mountpoint} comm:touch op:create`, 1);
      expect((await other.get<Health>('/api/health')).losses).toEqual({ 'tap-ended': 1 });
    });

    onlyBpf(
      'shows what hung before anybody listened, and keeps it over the death of the collector',
      async () => {
        mount.child.kill('SIGSTOP');
        const ls = spawn('ls', [mount.mountpoint], { stdio: 'ignore', cwd: '/' });
        try {
          await until('it to hang', () => waitingOf(mount.connection) === 1);
          await using late = await startTestServer({ args: ['--tap', tier, '--attach', mount.mountpoint] });
          const hung = async () => {
            const { items } = await late.get<{ items: { span: Span }[] }>('/api/inflight');
            return items.find(({ span }) => span.pid === ls.pid)?.span;
          };
          const first = await until('it to be shown', hung, 10_000);
          const seenMs = performance.now();
          expect(first).toMatchObject({ comm: 'ls', args: { startedBefore: true } });
          const before = (await kernelOf(late)).pid;
          process.kill(before ?? 0, 'SIGKILL');
          await until(
            'another collector',
            async () => {
              const now = await kernelOf(late);
              return now.running && now.pid !== before && now.tier === tier;
            },
            10_000,
          );
          await inTier(late, mount.mountpoint, tier);
          mount.child.kill('SIGCONT');
          await once(ls, 'exit');
          const done = await until('its end', async () => {
            const span = await late.get<Span>(`/api/spans/${first.id}`);
            return span.state === 'done' ? span : null;
          });
          expect(done.durationNs).toBeGreaterThan((performance.now() - seenMs) * 5e5);
        } finally {
          mount.child.kill('SIGCONT');
        }
      },
    );

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      it(`leaves nothing behind when its server ends by ${signal}`, async () => {
        await using other = await startTestServer({ args: ['--tap', tier, '--attach', mount.mountpoint] });
        await inTier(other, mount.mountpoint, tier);
        const { pid } = await kernelOf(other);
        const children = childrenOf(pid);
        expect(children).toHaveLength(tier === 'bpf' ? 1 : 0);
        await other.stop(signal);
        for (const one of [pid, ...children])
          await until(`the end of ${one}`, async () => !(await isAlive(one ?? 0)));
        expect(instancesOf(pid)).toEqual([]);
      });
    }
  };
  if (tier === 'bpf') describeTap('a mount watched by bpf', body);
  else describeWith(['root', 'fuse', 'bindfs'], 'a mount watched by tracefs', body);
}

describeWith(['root', 'fuse', 'bindfs'], 'mounts of a server', () => {
  it('come and go as they are mounted and unmounted; what was open is aborted', async () => {
    await using server = await startTestServer({ args: ['--attach', 'all'] });
    const daemon = await bindfs(place, 'coming');
    const mount = await until('it', () => mountOf(server, daemon.mountpoint), 10_000);
    await until('it to be watched', async () => {
      const tier = (await mountOf(server, daemon.mountpoint))?.tier;
      return tier === 'bpf' || tier === 'tracefs';
    });
    daemon.child.kill('SIGSTOP');
    const ls = spawn('ls', [daemon.mountpoint], { stdio: 'ignore', cwd: '/' });
    const filter = `mount:${daemon.mountpoint} state:open`;
    await until('the open operation', async () => {
      const { items } = await server.get<{ items: { span: Span }[] }>('/api/inflight');
      return items.some(({ span }) => span.mountId === mount.id);
    });
    execFileSync('fusermount', ['-uz', daemon.mountpoint]);
    await until('it to be gone', async () => (await mountOf(server, daemon.mountpoint))?.state === 'gone');
    await until('nothing open', async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter });
      return items.length === 0;
    });
    daemon.child.kill('SIGCONT');
    daemon.child.kill('SIGKILL');
    await once(ls, 'exit');
    expect((await spans(server, `mount:${daemon.mountpoint} state:aborted`, 1))[0]).toMatchObject({
      comm: 'ls',
    });
  });

  it('that were detached stay so over a restart, and --attach all attaches the others', async () => {
    const [one, two] = [await bindfs(place, 'one'), await bindfs(place, 'two')];
    const server = await startTestServer({ args: ['--attach', 'all'] });
    await until('it', () => mountOf(server, one.mountpoint), 10_000);
    await fusescope(server, 'detach', one.mountpoint);
    await server.stop();
    await using again = await startTestServer({ dir: server.dir, args: ['--attach', 'all'] });
    await until(
      'the other one',
      async () => {
        const tier = (await mountOf(again, two.mountpoint))?.tier;
        return tier === 'bpf' || tier === 'tracefs';
      },
      10_000,
    );
    expect(await mountOf(again, one.mountpoint)).toMatchObject({ tier: 'none' });
    await one.unmount();
    await two.unmount();
  });

  it('without any tap are shown all the same, with who waits and what to do', async () => {
    const daemon = await bindfs(place, 'untapped');
    await using server = await startTestServer({ args: ['--tap', 'proc', '--attach', 'all'] });
    await inTier(server, daemon.mountpoint, 'proc');
    const ls = spawn('sh', ['-c', 'cd "$0" && echo there && read go && exec ls', daemon.mountpoint], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
    });
    await once(ls.stdout, 'data');
    daemon.child.kill('SIGSTOP');
    try {
      ls.stdin.write('go\n');
      const mount = await until('who waits', async () => {
        const now = await mountOf(server, daemon.mountpoint);
        return now && now.blocked.length > 0 ? now : null;
      });
      expect(mount).toMatchObject({ waiting: 1, blocked: [{ pid: ls.pid, tid: ls.pid, comm: 'ls' }] });
    } finally {
      daemon.child.kill('SIGCONT');
    }
    const attach = await fusescope(server, 'attach', daemon.mountpoint);
    expect(attach.status).toBe(1);
    expect(attach.stderr).toContain('fusescope doctor');
    await daemon.unmount();
  });

  it('that are mirrors are one each, and are listened to only when asked for by name', async () => {
    await using server = await startTestServer({ args: ['--attach', 'all'] });
    const source = place.make('mirror-source');
    const mountpoint = place.make('mirror');
    const mirror = (await (await server.post('/api/mirrors', { source, mountpoint })).json()) as Mirror;
    const all = async () =>
      (await server.get<{ items: Mount[] }>('/api/mounts')).items.filter((one) => one.mount === mountpoint);
    await until('what the kernel tells of it', async () => (await all())[0]?.waiting === 0, 10_000);
    await bash('echo x > a', mountpoint);
    await spans(server, `mount:${mountpoint} op:write`, 1);
    expect(await all()).toMatchObject([{ kind: 'mirror', tier: 'mirror', options: expect.any(String) }]);
    expect(
      (await server.get<SpanList>('/api/spans', { filter: `mount:${mountpoint} source:kernel` })).items,
    ).toEqual([]);
    expect(await fusescope(server, 'attach', mountpoint)).toMatchObject({ status: 0 });
    await bash('echo y > b', mountpoint);
    await spans(server, `mount:${mountpoint} source:kernel op:write`, 1);
    await fetch(new URL(`/api/mirrors/${mirror.id}`, server.url), { method: 'DELETE' });
  });

  it('that hold our own database tell nothing of it, and count it', async () => {
    const daemon = await bindfs(place, 'database');
    await using server = await startTestServer({
      args: ['--attach', daemon.mountpoint, '--db', join(daemon.mountpoint, 'trace.db')],
    });
    await until('a tap', async () => (await kernelOf(server)).tier !== 'proc', 10_000);
    await until(
      'it to be watched',
      async () => (await mountOf(server, daemon.mountpoint))?.tierReason === null,
      10_000,
    );
    writeFileSync(join(place.dir, 'events'), '');
    await bash('touch theirs', daemon.mountpoint);
    await spans(server, `mount:${daemon.mountpoint} comm:touch op:create`, 1);
    await until('our own operations', async () => (await kernelOf(server)).excluded > 0, 10_000);
    const { items } = await server.get<SpanList>('/api/spans', {
      filter: `mount:${daemon.mountpoint} pid:${server.child.pid}`,
    });
    expect(items).toEqual([]);
    await server.stop();
    await daemon.unmount();
  });
});
