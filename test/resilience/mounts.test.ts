// Mirrors while the server is held up, its clock is set, it is told twice to end; a hundred readers at once; what a
// server leaves that is killed with all its processes.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mountAt } from '../../fuse/mountinfo.ts';
import type { Health, Mirror, SpanList } from '../../shared/api.ts';
import type { Stall } from '../../shared/stall.ts';
import { Load } from '../support/load.ts';
import { bash, guardOf, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, isAlive, until } from '../support/until.ts';

const MAIN = join(import.meta.dirname, '../../server/cli/main.ts');
const ENOENT = 2;
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const wallUs = (stepS: number) => (Date.now() + stepS * 1e3) * 1e3;

describeWith(['fuse', 'fusermount3', 'perl', 'gcc'], 'a mirror', () => {
  const place = new Workplace();
  const stepFile = join(place.dir, 'step');
  let server: TestServer;
  let mountpoint: string;
  let mirror: Mirror;

  /** Sets the wall clock of the server and its children. */
  const setClock = (seconds: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(seconds);
    // In place: the file is mapped.
    writeFileSync(stepFile, bytes, { flag: 'r+' });
  };
  const fault = async (rule: object) => {
    const answer = await server.post('/api/faults', { mount: mountpoint, rule });
    expect(answer.status).toBe(201);
  };
  const clearFaults = () => fetch(new URL('/api/faults', server.url), { method: 'DELETE' });

  beforeAll(async () => {
    const shim = join(place.dir, 'clock-step.so');
    const source = join(import.meta.dirname, '../support/clock-step.c');
    execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', shim, source]);
    writeFileSync(stepFile, Buffer.alloc(8));
    server = await startTestServer({ env: { LD_PRELOAD: shim, CLOCK_STEP: stepFile } });
    mountpoint = place.make('mirror');
    const request = { source: place.make('source'), mountpoint };
    mirror = (await (await server.post('/api/mirrors', request)).json()) as Mirror;
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await place.clean();
  });

  it('gives a hundred readers at once what they ask for, and tells each', async () => {
    for (let i = 0; i < 100; i++) writeFileSync(join(place.dir, 'source', `f-${i}`), `${i} `.repeat(50_000));
    const script = 'for i in $(seq 0 99); do cat "f-$i" | cksum > "../sum-$i" & done; wait; cat ../sum-*';
    const [through, plain] = [await bash(script, mountpoint), await bash(script, join(place.dir, 'source'))];
    expect(through).toMatchObject({ status: 0, stdout: plain.stdout });
    await until('a hundred to be told', async () => {
      const { items } = await server.get<SpanList>('/api/spans', {
        filter: 'op:open comm:cat',
        limit: 1_000,
      });
      return new Set(items.map((span) => span.path)).size === 100;
    });
  });

  it('goes on while the server is held up for five seconds; then everything is told, and nothing was a stall', async () => {
    const load = new Load(mountpoint);
    await load.more(50);
    await freeze(server.child.pid ?? 0);
    const heldMs = performance.now();
    const before = load.count;
    await load.more(1_000);
    await until('five seconds', () => performance.now() - heldMs > 5_000);
    server.child.kill('SIGCONT');
    await load.stop();
    expect([...load.answers.keys()]).toEqual([ENOENT]);
    await until('every operation', async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter: 'path:/n-*', limit: 10_000 });
      return new Set(items.map((span) => span.path)).size >= load.count;
    });
    expect(load.count).toBeGreaterThan(before + 1_000);
    const { gauges, losses } = await server.get<Health>('/api/health');
    expect({ losses, lost: gauges.lost }).toEqual({ losses: {}, lost: 0 });
    expect((await server.get<{ items: Stall[] }>('/api/stalls')).items).toEqual([]);
  });

  it('and the ages of what hangs do not care when the clock is set back or forward', async () => {
    // Apart, since the kernel asks such a mirror for one name of a directory at a time.
    place.make('source/apart');
    await fault({ id: 'hold', match: { path: '/apart/held-*' }, effect: { hang: {} } });
    for (const [i, step] of [-HOUR_S, 3 * DAY_S].entries()) {
      const held = spawn('stat', [join(mountpoint, `apart/held-${i}`)], { stdio: 'ignore', cwd: '/' });
      const ended = once(held, 'exit');
      const stall = () =>
        until(`a stall of /apart/held-${i}`, async () => {
          const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
          return items.find((one) => one.span.path === `/apart/held-${i}`);
        });
      const before = await stall();
      setClock(step);
      // What was under way at that moment may still go by the old one.
      const span = await until('an operation by the new clock', async () => {
        await bash(`stat after-${i} || true`, mountpoint);
        const filter = `path:/after-${i}`;
        const { items } = await server.get<SpanList>('/api/spans', { filter, limit: 100 });
        return items.find((one) => Math.abs(one.startUs - wallUs(step)) < 60e6);
      });
      expect(span.durationNs).toBeLessThan(60e9);
      const { gauges } = await server.get<Health>('/api/health');
      expect(Math.abs(gauges.nowUs - wallUs(step))).toBeLessThan(60e6);
      const after = await stall();
      expect(after.id).toBe(before.id);
      expect(after.ageMs).toBeGreaterThanOrEqual(before.ageMs);
      expect(after.ageMs).toBeLessThan(60_000);
      await server.post('/api/faults/hold/release', {});
      await ended;
      const done = await until('its end', async () => {
        const { items } = await server.get<SpanList>('/api/spans', {
          filter: `path:/apart/held-${i} state:done`,
          limit: 1,
        });
        return items[0];
      });
      expect(done.durationNs).toBeGreaterThanOrEqual(before.ageMs * 1e6);
      expect(done.durationNs).toBeLessThan(60e9);
    }
    await clearFaults();
  });

  it('is unmounted though its server, which waits for it, was told twice to end', async () => {
    const kernel = (await server.get<Health>('/api/health')).kernel.pid ?? 0;
    await freeze(mirror.pid);
    server.child.kill('SIGTERM');
    await until('the server to end its own', async () => !(await isAlive(kernel)));
    server.child.kill('SIGINT');
    expect(await server.stop()).toBe(1);
    process.kill(mirror.pid, 'SIGCONT');
    await until('the mirror to end', async () => !(await isAlive(mirror.pid)));
    await until('the unmount', () => mountAt(mountpoint) === null);
  });
});

describeWith(
  ['fuse', 'fusermount3'],
  'what is left of a server that was killed with all its processes',
  () => {
    it('is taken away by fusescope tidy, and what lives is left alone', async () => {
      const place = new Workplace();
      try {
        const living = await place.mirror(place.make('s1'), place.make('living'));
        const dead = await place.mirror(place.make('s2'), place.make('dead'));
        // Its guard, which would unmount it, goes first.
        const guard = await until('its guard', () => guardOf(dead.mountpoint));
        process.kill(guard, 'SIGKILL');
        await until('the guard to end', async () => !(await isAlive(guard)));
        dead.child.kill('SIGKILL');
        await dead.ended;
        expect(mountAt(dead.mountpoint)).not.toBeNull();
        const tidied = await run(process.execPath, [MAIN, 'tidy']);
        expect(tidied).toMatchObject({ status: 0, stdout: `${dead.mountpoint} was dead and is unmounted\n` });
        expect(mountAt(dead.mountpoint)).toBeNull();
        expect(mountAt(living.mountpoint)).not.toBeNull();
        expect(await bash('ls', living.mountpoint)).toMatchObject({ status: 0 });
      } finally {
        await place.clean();
      }
    });
  },
);
