// From a real mount to the API: what programs do on a mirror, seen through the server that started it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Mirror, SpanList } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import { connectLive } from '../support/live.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { isAlive, until } from '../support/until.ts';

const mounted = (mountpoint: string) =>
  readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${mountpoint} `);

async function mirror(server: TestServer, name: string): Promise<Mirror & { root: string }> {
  const source = join(server.dir, `${name}-source`);
  const mountpoint = join(server.dir, name);
  mkdirSync(source);
  mkdirSync(mountpoint);
  const response = await server.post('/api/mirrors', { source, mountpoint });
  const answer = (await response.json()) as Mirror;
  expect(response.status, JSON.stringify(answer)).toBe(201);
  return { ...answer, root: source };
}

function spansOf(server: TestServer, filter: string, count: number): Promise<Span[]> {
  return until(`${count} spans of ${filter}`, async () => {
    const { items } = await server.get<SpanList>('/api/spans', { filter, limit: 1000, order: 'start:asc' });
    return items.length >= count ? items : null;
  });
}

describeWith(['fuse', 'fusermount3'], 'a mirror started by the server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('shows each operation with path, caller, arguments and result', async () => {
    const { mountpoint, pid } = await mirror(server, 'm1');
    const shell = spawn(
      'sh',
      ['-c', 'mkdir d && printf hello > d/a && mv d/a d/b && cat d/b d/missing; rm d/b; rmdir d'],
      {
        cwd: mountpoint,
        stdio: 'ignore',
      },
    );
    await once(shell, 'exit');
    const filter = `mount:${mountpoint}`;
    const [written] = await spansOf(server, `${filter} op:write`, 1);
    expect(written).toMatchObject({
      source: 'mirror',
      path: '/d/a',
      offset: 0,
      size: 5,
      bytes: 5,
      errno: 0,
      pid: shell.pid,
      comm: 'sh',
      uid: process.getuid?.(),
    });
    expect(written?.durationNs).toBeGreaterThan(0);
    expect(Math.abs((written?.startUs ?? 0) / 1e3 - Date.now())).toBeLessThan(10_000);
    expect(await spansOf(server, `${filter} op:rename`, 1)).toMatchObject([
      { path: '/d/a', newPath: '/d/b', comm: 'mv' },
    ]);
    expect(await spansOf(server, `${filter} op:read comm:cat`, 1)).toMatchObject([
      { path: '/d/b', bytes: 5 },
    ]);
    expect((await spansOf(server, `${filter} path:/d/missing errno:ENOENT`, 1))[0]).toMatchObject({
      op: 'getattr',
      comm: 'cat',
    });
    for (const op of ['mkdir', 'create', 'unlink', 'rmdir', 'release'])
      await spansOf(server, `${filter} op:${op}`, 1);
    const mount = (await server.get<{ items: Mount[] }>('/api/mounts')).items.find(
      (one) => one.mount === mountpoint,
    );
    expect(mount).toMatchObject({
      kind: 'mirror',
      tier: 'mirror',
      daemon: { pid },
      inflight: 0,
      lost: 0,
      state: 'ok',
    });
    expect(mount?.connection).toEqual(expect.any(Number));
  });

  it('brings an operation to the live feed within a second', async () => {
    const { mountpoint } = await mirror(server, 'm2');
    using live = await connectLive(server.url, { filter: `mount:${mountpoint} op:create` });
    const began = performance.now();
    execFileSync('touch', [join(mountpoint, 'now')]);
    await live.wait(
      'create',
      (frame) => frame.type === 'batch' && frame.spans.find((span) => span.path === '/now'),
      1_000,
    );
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('sees nothing of the observer: no operation of ours ever reaches a watched mount', async () => {
    const { mountpoint } = await mirror(server, 'm3');
    const filter = `mount:${mountpoint}`;
    execFileSync('touch', [join(mountpoint, 'mine')]);
    const touched = await spansOf(server, `${filter} op:create`, 1);
    await spansOf(server, `${filter} op:release`, 1);
    using live = await connectLive(server.url);
    const before = await server.get<SpanList>('/api/spans', { filter, limit: 1000 });
    for (const path of [
      '/api/health',
      '/api/mounts',
      '/api/spans',
      '/api/inflight',
      '/api/stalls',
      '/api/latency',
      '/api/heatmap',
      '/api/doctor',
      '/metrics',
    ]) {
      await fetch(new URL(path, server.url));
    }
    // Two whole seconds of the server's own rounds.
    let ticks = 0;
    await live.wait('two ticks', (frame) => frame.type === 'tick' && ++ticks === 3);
    const after = await server.get<SpanList>('/api/spans', { filter, limit: 1000 });
    expect(touched).toHaveLength(1);
    expect(after.items.length).toBe(before.items.length);
  });

  it('says in one sentence why it cannot mount', async () => {
    const response = await server.post('/api/mirrors', { source: '/nowhere', mountpoint: server.dir });
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      code: 'FUSESCOPE_MIRROR',
      message: expect.stringContaining('/nowhere'),
    });
    expect((await server.post('/api/mirrors', { source: 'relative', mountpoint: '/x' })).status).toBe(400);
  });

  it('is unmounted on demand', async () => {
    const { id, mountpoint, pid } = await mirror(server, 'm4');
    writeFileSync(join(mountpoint, 'x'), 'x');
    expect((await fetch(new URL(`/api/mirrors/${id}`, server.url), { method: 'DELETE' })).status).toBe(204);
    expect(mounted(mountpoint)).toBe(false);
    expect(await isAlive(pid)).toBe(false);
    await until('the mount to be gone', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === mountpoint)?.state === 'gone';
    });
  });
});

describeWith(['fuse', 'fusermount3'], 'a server that ends', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    it(`leaves no mirror behind after ${signal}`, async () => {
      await using server = await startTestServer();
      const { mountpoint, pid } = await mirror(server, 'm');
      execFileSync('touch', [join(mountpoint, 'x')]);
      await server.stop(signal);
      await until('the mirror to end', async () => !(await isAlive(pid)));
      await until('the unmount', () => !mounted(mountpoint));
    });
  }

  it('and the demo with it, though an operation of it hangs', async () => {
    await using server = await startTestServer({ args: ['--demo'] });
    const demo = await until('the demo', async () => {
      const { items } = await server.get<{ items: Mirror[] }>('/api/mirrors');
      return items.find((one) => one.demo);
    });
    using live = await connectLive(server.url);
    const stall = await live.wait(
      'the held operation',
      (frame) => (frame.type === 'snapshot' ? frame.stalls[0] : frame.type === 'stall' && frame.stall),
      20_000,
    );
    expect(stall.span.mount).toBe(demo.mountpoint);
    expect((await server.post(`/api/mirrors/${demo.id}/release`, {})).status).toBe(204);
    await live.wait(
      'its end',
      (frame) => frame.type === 'stall' && frame.stall.id === stall.id && frame.stall.state === 'closed',
    );
    await server.stop();
    await until('the unmount', () => !mounted(demo.mountpoint));
    expect(await isAlive(demo.pid)).toBe(false);
  });
});
