// The map of mounts on real ones: a bindfs over a bindfs, a mergerfs over the upper one, a mount on a mount, and the lowest daemon stopped.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mountAt, readMountinfo } from '../../fuse/mountinfo.ts';
import type { Health, SpanList } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { MapEdge, MapNode, MountMap } from '../../shared/mount-map.ts';
import type { Stall } from '../../shared/stall.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { provideFusectl } from '../support/daemons.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { type Mounted, Ward } from '../support/ward.ts';

const WAIT_MS = 40_000;
const NOBODY = 65_534;

const mapOf = (server: TestServer) => server.get<MountMap>('/api/mounts/map');

const nodeAt = (map: MountMap, { mountpoint }: Pick<Mounted, 'mountpoint'>): MapNode | undefined =>
  map.nodes.find((one) => one.name === mountpoint);

function edgeOf(
  map: MountMap,
  from: MapNode | undefined,
  to: MapNode | undefined,
  reason: MapEdge['reason'],
): MapEdge | undefined {
  return map.edges.find((one) => one.from === from?.id && one.to === to?.id && one.reason === reason);
}

describeTap('the map of real mounts', () => {
  const ward = new Ward();
  let server: TestServer;
  let low: Mounted;
  let upper: Mounted;
  let pool: Mounted;
  let inside: Mounted;

  beforeAll(async () => {
    provideFusectl();
    low = await ward.bindfs('low');
    writeFileSync(join(low.source, 'file'), 'content');
    const over = async (name: string, program: string, source: string) => {
      const at = ward.make(name);
      return ward.mount(at, program, ['-f', source, at], {}, source);
    };
    upper = await over('upper', 'bindfs', low.mountpoint);
    pool = await over('pool', 'mergerfs', upper.mountpoint);
    // Its mount point is made in the lowest mount’s source, so that it lies on that mount.
    ward.make('low-source/inside');
    const at = join(low.mountpoint, 'inside');
    inside = await ward.mount(at, 'bindfs', ['-f', ward.make('inside-source'), at]);
    const mounts = [low, upper, pool, inside];
    server = await startTestServer({ args: ['--attach', ...mounts.map((one) => one.mountpoint)] });
    await until(
      'all mounts to be listened to',
      async () => {
        const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
        return mounts.every((one) =>
          items.some((item) => item.connection === one.connection && item.tier === 'bpf' && item.daemon),
        );
      },
      WAIT_MS,
    );
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await ward.clean();
  });

  it('is made without an operation on any of the mounts', async () => {
    const told = async () => {
      const { kernel } = await server.get<Health>('/api/health');
      const { items } = await server.get<SpanList>('/api/spans', { limit: 1_000 });
      // Of our own processes the tap tells only how many there were.
      return { own: kernel.excluded, ids: items.map((one) => one.id) };
    };
    const before = await told();
    expect((await mapOf(server)).edges.length).toBeGreaterThan(0);
    // What comes after it is told after it.
    const caller = ward.use('stat', join(low.mountpoint, 'file'));
    await once(caller, 'exit');
    const spans = await until('the operation to be told', async () => {
      const { items } = await server.get<SpanList>('/api/spans', { limit: 1_000 });
      return items.some((one) => one.pid === caller.pid) ? items : null;
    });
    const others = spans.filter((one) => !before.ids.includes(one.id) && one.pid !== caller.pid);
    expect(others.map(({ comm, op, mount }) => `${comm} ${op} ${mount}`)).toEqual([]);
    expect((await told()).own).toBe(before.own);
  });

  it('tells what serves what, what lies on what, and the file system beneath', async () => {
    const map = await mapOf(server);
    const [lowest, middle, top, nested] = [low, upper, pool, inside].map((one) => nodeAt(map, one));
    expect(top).toMatchObject({ kind: 'mount', comm: 'mergerfs', pids: [pool.pid], unseen: null });
    expect(edgeOf(map, top, middle, 'serves')?.evidence).toContain(`its source is ${upper.mountpoint}`);
    // bindfs keeps its source open, so /proc tells as well.
    expect(edgeOf(map, middle, lowest, 'serves')?.evidence).toEqual([
      `its source is ${low.mountpoint}`,
      expect.stringMatching(new RegExp(`^bindfs ${upper.pid} has .* open there$`)),
    ]);
    expect(edgeOf(map, nested, lowest, 'on')?.evidence).toEqual([
      `its mount point ${inside.mountpoint} lies on it`,
    ]);
    const entries = readMountinfo();
    const beneath = map.edges
      .filter((one) => one.from === lowest?.id && one.reason === 'serves')
      .map((one) => map.nodes.find(({ id }) => id === one.to));
    expect(beneath).toHaveLength(1);
    expect(beneath[0]).toMatchObject({ kind: 'backing', state: null });
    expect(entries.map((one) => one.fsType)).toContain(beneath[0]?.fsType);
    expect(map.edges.filter((one) => one.reason === 'waits')).toEqual([]);
  });

  it('draws a stall from its caller down to the daemon that is stopped', async () => {
    await ward.stop(low.pid);
    const caller = ward.use('stat', join(pool.mountpoint, 'missing'));
    const stalled = await until(
      'the chain to be known',
      async () => {
        const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
        return items.find((one) => one.span.pid === caller.pid && one.chain.length >= 4);
      },
      WAIT_MS,
    );
    const map = await mapOf(server);
    const [lowest, middle, top] = [low, upper, pool].map((one) => nodeAt(map, one));
    const stat = map.nodes.find((one) => one.kind === 'caller');
    expect(stat).toMatchObject({ name: 'stat', pids: [caller.pid] });
    for (const [from, to] of [
      [stat, top],
      [top, middle],
      [middle, lowest],
    ]) {
      const edge = edgeOf(map, from, to, 'waits');
      expect(edge?.stallIds).toContain(stalled.id);
      expect(edge?.count).toBe(edge?.stallIds.length);
      expect(edge?.oldestMs).toBeGreaterThanOrEqual(1_000);
      expect(edge?.sinceUs).toBeLessThanOrEqual(stalled.span.startUs);
    }
    expect(map.nodes.filter((one) => one.root)).toEqual([lowest]);
    expect(lowest).toMatchObject({ state: 'stalled' });
    // What stands in the way of nobody is still told.
    expect(edgeOf(map, nodeAt(map, inside), lowest, 'on')).toBeDefined();
  });

  it('is calm again when the daemon goes on, and forgets a mount that is gone', async () => {
    process.kill(low.pid, 'SIGCONT');
    await until('nobody to wait', async () =>
      (await mapOf(server)).edges.every((one) => one.reason !== 'waits'),
    );
    inside.child.kill('SIGTERM');
    await until('the mount to be gone', () => mountAt(inside.mountpoint) === null);
    await until('the map to know', async () => nodeAt(await mapOf(server), inside) === undefined);
  });
}, ['bindfs', 'mergerfs']);

describeWith(['root', 'fuse', 'bindfs', 'setpriv'], 'the map of mounts, for a user who may not look', () => {
  const ward = new Ward();
  afterAll(() => ward.clean());

  it('says of which daemons it cannot tell what they have open', async () => {
    const mounted = await ward.bindfs('secret');
    const words = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
    await using server = await startTestServer({ prefix: { words, uid: NOBODY } });
    const map = await until(
      'the mount to be on the map',
      async () => {
        const now = await mapOf(server);
        return nodeAt(now, mounted) ? now : null;
      },
      WAIT_MS,
    );
    const node = nodeAt(map, mounted);
    expect(node?.unseen).toMatch(/no process that may be seen|for root to see/);
    expect(map.limits.join('\n')).toMatch(/no process that may be seen|for root to see/);
    // Its mount table still tells where it takes its files from.
    expect(map.edges.find((one) => one.from === node?.id && one.reason === 'serves')?.evidence).toEqual([
      `its source is ${mounted.source}`,
    ]);
  });
});
