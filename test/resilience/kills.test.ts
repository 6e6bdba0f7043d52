// kill -9 of the server, of a mirror and of the tap's loader, in every order, while programs use both mounts: the mount
// that is only watched never notices, what was accepted a second before is stored, and all three come back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Health } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { bindfs, type Daemon } from '../support/daemons.ts';
import { Load } from '../support/load.ts';
import { type Mirror, mountsBelow, Workplace } from '../support/mirror.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { isAlive, until } from '../support/until.ts';

/** What may be missing at most, as the README says. */
const SECOND_MS = 1_000;
const ENOENT = 2;

type Part = 'server' | 'mirror' | 'loader';
const ORDERS: Part[][] = [
  ['server', 'mirror', 'loader'],
  ['server', 'loader', 'mirror'],
  ['mirror', 'server', 'loader'],
  ['mirror', 'loader', 'server'],
  ['loader', 'server', 'mirror'],
  ['loader', 'mirror', 'server'],
];

describeTap('kill -9 under load', () => {
  const place = new Workplace();
  const source = place.make('source');
  const mountpoint = place.make('mirror');
  const loads: Load[] = [];
  let watched: Daemon;
  let server: TestServer;
  let mirror: Mirror;

  const start = (dir?: string) => startTestServer({ args: ['--attach', watched.mountpoint], dir });
  const startMirror = () => place.start([source, mountpoint, '--socket', server.socket]);
  const health = () => server.get<Health>('/api/health');

  beforeAll(async () => {
    watched = await bindfs(place, 'watched');
    server = await start();
    mirror = await startMirror();
    for (const at of [mountpoint, watched.mountpoint]) loads.push(new Load(at));
  });
  afterAll(async () => {
    for (const load of loads) await load.stop();
    await server[Symbol.asyncDispose]();
    await place.clean();
  });

  /** The tap listens, and its loader, a child of the collector, runs. */
  const loaderOf = () =>
    until('the loader', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      if (items.find((one) => one.mount === watched.mountpoint)?.tier !== 'bpf') return null;
      return childrenOf((await health()).kernel.pid ?? 0)[0] ?? null;
    });

  it.each(ORDERS.map((order) => [order.join(', then ')] as const))('%s', async (name) => {
    const order = name.split(', then ') as Part[];
    const [onMirror, onWatched] = loads as [Load, Load];
    const loader = await loaderOf();
    const collector = (await health()).kernel.pid ?? 0;
    await onMirror.more(100);
    const before = onMirror.countAt(performance.now());
    const beforeMs = performance.now();
    // What is accepted until now is stated to be there, whatever comes.
    await until('a second', () => performance.now() - beforeMs >= SECOND_MS && onMirror.count > before);

    const pids = { server: server.child.pid ?? 0, mirror: mirror.pid, loader };
    const launchers = childrenOf(pids.server);
    expect(launchers).toHaveLength(1);
    for (const part of order) kill(pids[part]);
    await server.stop();
    await mirror.ended;
    // The mirror is there before the server that it looks for.
    [server, mirror] = await Promise.all([start(server.dir), startMirror()]);

    const stored = () => namesIn(server.db, mountpoint);
    const now = onMirror.count;
    await until('operations after it', () => stored().has(`/n-${now + 50}`));
    const names = stored();
    const missing = Array.from({ length: before }, (_, i) => `/n-${i}`).filter((one) => !names.has(one));
    // Between two mirrors the bare directory answered some.
    expect(missing.filter((one) => !unseen.has(one))).toEqual([]);
    for (let i = before; i < now + 50; i++) if (!names.has(`/n-${i}`)) unseen.add(`/n-${i}`);

    await loaderOf();
    await onWatched.more(100);
    expect([...onWatched.answers.keys()]).toEqual([ENOENT]);
    await until('nothing of the old ones', async () => {
      const alive = await Promise.all([loader, collector, pids.mirror, ...launchers].map(isAlive));
      return alive.every((one) => !one);
    });
    expect(mountsBelow(place.dir).sort()).toEqual([mountpoint, watched.mountpoint].sort());
    const { gauges } = await health();
    expect(gauges.store).toMatchObject({ state: 'ok', message: null });
  });
});

/** Names that were looked for while a part was down. */
const unseen = new Set<string>();

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The loader goes with the server that it belongs to.
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(join('/proc', String(pid), 'task', String(pid), 'children'), 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

/** Paths of the stored operations on a mount. */
function namesIn(file: string, mount: string): Set<string> {
  const db = new Sqlite(file, { readonly: true });
  try {
    const sql = `SELECT DISTINCT p.path FROM spans s JOIN paths p ON p.id = s.path_id
      JOIN mounts m ON m.id = s.mount_id WHERE m.mount = ?`;
    return new Set(db.prepare(sql).pluck().all(mount) as string[]);
  } finally {
    db.close();
  }
}
