// From a mount of somebody else's daemon to the API, through a real server and its kernel collector.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health, LatencyAnswer } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { TimelineAnswer } from '../../shared/timeline.ts';
import { describeTap, listen, statMissing } from '../fuse/kernel/bpf.ts';
import { bindfs, type Daemon, provideFusectl, provideTracefs, waitingOf } from '../support/daemons.ts';
import { bash, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, isAlive, until } from '../support/until.ts';
import { childrenOf, fusescope, instancesOf, inTier, kernelOf, mountOf, spans } from '../support/watched.ts';

const place = new Workplace();
/** A loader that is stopped for so long loses what its ring does not hold: some 25,000 records. */
const STOPPED_MS = 5000;
afterAll(() => place.clean());

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
      // Not all that the machine gives: servers of other tests may listen to every mount.
      const script = 'while (1) { stat "missing" for 1 .. 10; select undef, undef, undef, 0.002 }';
      const load = spawn('perl', ['-e', script], { cwd: mount.mountpoint, stdio: 'ignore' });
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
        await leavesNothing(other, 'SIGKILL');
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

    onlyBpf('shows exactly what was lost while its loader was stopped under load', async () => {
      await using other = await startTestServer({ args: ['--attach', mount.mountpoint] });
      const mine = await inTier(other, mount.mountpoint, tier);
      // A tap of our own that is read all the time knows what there was.
      const whole = await listen([mount]);
      const fromUs = Date.now() * 1e3;
      const [loader = 0] = childrenOf((await kernelOf(other)).pid);
      await freeze(loader);
      try {
        const endMs = performance.now() + STOPPED_MS;
        for (let round = 0; round < 3 || performance.now() < endMs; round++) {
          const load = [`a${round}`, `b${round}`].map((name) => statMissing(mount.mountpoint, 10_000, name));
          // Whoever uses the mount does not notice.
          for (const ended of await Promise.all(load)) expect(ended.status).toBe(0);
        }
      } finally {
        process.kill(loader, 'SIGCONT');
      }
      await bash('[ ! -e after ]', mount.mountpoint);
      await whole.heard('after');
      const there = whole.records.filter((one) => one.kind === 'done').length;
      expect(whole.losses).toEqual([]);
      await whole.tap.close();

      const filter = `mount:${mount.mountpoint}`;
      await spans(other, `${filter} path:/after`, 1);
      const { lost } = await until('the loss to be told', async () => {
        const now = await mountOf(other, mount.mountpoint);
        return now && now.lost > 0 ? now : null;
      });
      expect((await other.get<Health>('/api/health')).losses).toEqual({ 'tap-ring-full': lost });
      const told = async () => {
        const { items } = await other.get<LatencyAnswer>('/api/latency', { filter });
        return items.reduce((sum, { count }) => sum + count, 0);
      };
      await until('all that was told to be counted', async () => (await told()) + lost >= there, 20_000);
      expect((await told()) + lost).toBe(there);
      const { gaps } = await until('the gap in the timeline', async () => {
        const query = { filter, from: fromUs, to: Date.now() * 1e3 };
        const answer = await other.get<TimelineAnswer>('/api/timeline', query);
        return answer.gaps.length > 0 ? answer : null;
      });
      expect(gaps).toMatchObject([{ mountId: mine.id, cause: 'tap-ring-full', count: lost }]);
      expect(gaps[0]?.fromUs).toBeGreaterThan(fromUs - 1e6);
    });

    it('has nothing of its server left when that ends', () => leavesNothing(server, 'SIGTERM'));

    /** Ends a server, and waits for the end of all that it has started. */
    async function leavesNothing(of: TestServer, signal: NodeJS.Signals): Promise<void> {
      const { pid } = await kernelOf(of);
      const children = childrenOf(pid);
      expect(children).toHaveLength(tier === 'bpf' ? 1 : 0);
      await of.stop(signal);
      for (const one of [pid, ...children])
        await until(`the end of ${one}`, async () => !(await isAlive(one ?? 0)));
      expect(instancesOf(pid)).toEqual([]);
    }
  };
  if (tier === 'bpf') describeTap('a mount watched by bpf', body);
  else describeWith(['root', 'fuse', 'bindfs'], 'a mount watched by tracefs', body);
}
