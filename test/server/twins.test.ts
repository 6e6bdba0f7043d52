// A mirror that the kernel tap listens to as well: every operation is told twice and shown once.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health, LatencyAnswer, Mirror, SpanList } from '../../shared/api.ts';
import type { History } from '../../shared/history.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { bindfs, type Daemon } from '../support/daemons.ts';
import { connectLive, type LiveClient } from '../support/live.ts';
import { bash, run, Workplace } from '../support/mirror.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, until } from '../support/until.ts';

describeTap('a mirror that the kernel tap listens to', () => {
  const place = new Workplace();
  let server: TestServer;
  let below: Daemon;
  let mirror: Mirror;
  let mountpoint: string;

  const spans = async (filter: string) => {
    const query = { filter: `mount:${mountpoint} ${filter}`, limit: 1000 };
    return (await server.get<SpanList>('/api/spans', query)).items;
  };
  const open = async (filter = '') => {
    const query = { filter: `mount:${mountpoint} ${filter}` };
    return (await server.get<{ items: { span: Span }[] }>('/api/inflight', query)).items;
  };
  const stalls = async () => {
    const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
    return items.filter(({ span }) => span.mount === mountpoint);
  };
  /** What both have told of a file. */
  const both = (path: string) =>
    until(
      `both to tell of ${path}`,
      async () => {
        const sources = await Promise.all(
          ['kernel', 'mirror'].map((source) => spans(`source:${source} op:write path:${path}`)),
        );
        return sources.every((one) => one.length === 1);
      },
      20_000,
    );

  beforeAll(async () => {
    // What the mirror shows lies on a mount that can be made to hang.
    below = await bindfs(place, 'below');
    mountpoint = place.make('mirror');
    server = await startTestServer({ args: ['--attach', mountpoint] });
    const answer = await server.post('/api/mirrors', { source: below.mountpoint, mountpoint });
    mirror = (await answer.json()) as Mirror;
    await until(
      'the tap to listen',
      async () => {
        const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
        return items.some((one) => one.mount === mountpoint && one.tierReason?.includes('source:kernel'));
      },
      20_000,
    );
  });
  afterAll(async () => {
    below.child.kill('SIGCONT');
    await server[Symbol.asyncDispose]();
    await place.clean();
  });

  it('is one mount, and its operations are the mirror’s unless a source is asked for', async () => {
    const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
    expect(items.filter((one) => one.mount === mountpoint)).toMatchObject([
      { kind: 'mirror', tier: 'mirror' },
    ]);
    using live: LiveClient = await connectLive(server.url, { filter: 'op:write' });
    using kernels: LiveClient = await connectLive(server.url, { filter: 'op:write source:kernel' });
    await bash('printf once > a', mountpoint);
    await both('/a');
    expect(await spans('op:write')).toMatchObject([{ source: 'mirror', path: '/a', size: 4 }]);
    const written = (frame: LiveClient['frames'][number]) =>
      frame.type === 'batch' && frame.spans.some(({ op }) => op === 'write');
    await kernels.wait('the write', written);
    await live.wait('the write', written);
    const sources = ({ frames }: LiveClient) =>
      frames.flatMap((frame) => (frame.type === 'batch' ? frame.spans.map(({ source }) => source) : []));
    expect(sources(live)).toEqual(['mirror']);
    expect(sources(kernels)).toEqual(['kernel']);
    const told = await server.get<History>('/api/paths/history', { path: `${mountpoint}/a` });
    expect(told.items.filter(({ deed }) => deed === 'wrote')).toMatchObject([{ count: 1 }]);
  });

  it('is counted once in latencies', async () => {
    const counted = async (filter: string) => {
      const answer = await server.get<LatencyAnswer>('/api/latency', { filter: `op:write ${filter}` });
      return answer.items.reduce((sum, { count }) => sum + count, 0);
    };
    await until('its second to be over', async () => (await counted('source:kernel')) === 1, 20_000);
    await until('that of the mirror', async () => (await counted('source:mirror')) === 1, 20_000);
    expect(await counted('')).toBe(1);
    // Not from the rollups.
    expect(await counted('path:/a')).toBe(1);
  });

  const hang = (): ChildProcess => spawn('stat', [`${mountpoint}/hangs`], { stdio: 'ignore', cwd: '/' });

  it('hangs once, as the mirror tells it', async () => {
    await freeze(below.pid);
    const caller = hang();
    try {
      const [stall] = await until('the stall', async () => {
        const found = await stalls();
        return found.length > 0 ? found : null;
      });
      expect(stall?.span).toMatchObject({ source: 'mirror', pid: caller.pid });
      expect(await stalls()).toHaveLength(1);
      expect((await open()).map(({ span }) => span.source)).toEqual(['mirror']);
      expect((await open('source:kernel')).map(({ span }) => span.pid)).toEqual([caller.pid]);
      expect((await server.get<Health>('/api/health')).gauges.inflight).toBe(1);
      const metrics = await (await fetch(new URL('/metrics', server.url))).text();
      expect(metrics).toContain('\nfusescope_inflight 1\n');
    } finally {
      below.child.kill('SIGCONT');
    }
    await once(caller, 'exit');
    await until('its end', async () => (await stalls()).length === 0);
  });

  it('hangs as the kernel tells it, where the mirror itself does and tells nothing', async () => {
    await freeze(mirror.pid);
    const caller = hang();
    try {
      const [stall] = await until('the stall', async () => {
        const found = await stalls();
        return found.length > 0 ? found : null;
      });
      expect(stall?.span).toMatchObject({ source: 'kernel', pid: caller.pid });
      expect((await open()).map(({ span }) => span.source)).toEqual(['kernel']);
    } finally {
      process.kill(mirror.pid, 'SIGCONT');
    }
    await once(caller, 'exit');
    await until('its end', async () => (await stalls()).length === 0);
  });

  it('shows what the kernel tells once the mirror has died', async () => {
    // Another place of the mount keeps it, dead.
    const kept = place.make('kept');
    await run('mount', ['--bind', mountpoint, kept]);
    try {
      const reader = spawn('sh', ['-c', 'exec 3< a && echo there && read go && exec 3<&-'], {
        cwd: kept,
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      await once(reader.stdout, 'data');
      await both('/a');
      process.kill(mirror.pid, 'SIGTERM');
      const views = async () => {
        const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
        return items.filter((one) => one.mount === mountpoint && one.state !== 'gone');
      };
      await until(
        'the mirror to be gone',
        async () => (await views()).every(({ kind }) => kind === 'kernel'),
        20_000,
      );
      const before = await spans('op:flush');
      expect(before.every(({ source }) => source === 'mirror')).toBe(true);
      using live: LiveClient = await connectLive(server.url, { filter: 'op:flush' });
      reader.stdin.end('go\n');
      await once(reader, 'exit');
      await live.wait('the close', (frame) => frame.type === 'batch' && frame.spans.length > 0);
      const after = await until('it in the store', async () => {
        const now = await spans('op:flush');
        return now.length > before.length ? now : null;
      });
      expect(after[0]).toMatchObject({ source: 'kernel', error: 'ENOTCONN' });
      // What the mirror told stays the mirror's.
      expect(await spans('op:write path:/a')).toMatchObject([{ source: 'mirror' }]);
    } finally {
      await run('umount', ['-l', kept]);
    }
  });
});
