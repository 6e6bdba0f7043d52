// Mounts that come, go, die and lie elsewhere, as a real server and its kernel collector tell of them.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readStat } from '../../fuse/kernel/discovery/proc.ts';
import type { Mirror, SpanList } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { bindfs, provideFusectl, provideTracefs } from '../support/daemons.ts';
import { bash, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { freeze, until } from '../support/until.ts';
import { fusescope, inTier, kernelOf, mountOf, spans } from '../support/watched.ts';

const place = new Workplace();
afterAll(() => place.clean());

/** A mount namespace of its own in which the kernel's counters are not mounted. */
const WITHOUT_FUSECTL = [
  ...['unshare', '--mount', 'sh', '-c'],
  'umount /sys/fs/fuse/connections; exec "$0" "$@"',
];
const INSTANCES = '/sys/kernel/tracing/instances';

function isTapped(mount: Mount | undefined): mount is Mount {
  return mount?.tier === 'bpf' || mount?.tier === 'tracefs';
}

/** A trace instance of a process that was killed, as tracefs/instance.ts names it. */
async function leaveInstance(): Promise<string> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const name = `fusescope-${child.pid}-${readStat(child.pid ?? 0)?.startTicks}`;
  mkdirSync(join(INSTANCES, name));
  child.kill('SIGKILL');
  await once(child, 'exit');
  return name;
}

describeWith(['root', 'fuse', 'bindfs'], 'mounts of a server', () => {
  let server: TestServer;
  let stale: string;

  beforeAll(async () => {
    provideTracefs();
    provideFusectl();
    stale = await leaveInstance();
    server = await startTestServer({ args: ['--attach', 'all'] });
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  const watched = (mountpoint: string): Promise<Mount> =>
    until(
      `${mountpoint} to be watched`,
      async () => {
        const mount = await mountOf(server, mountpoint);
        return isTapped(mount) ? mount : null;
      },
      10_000,
    );
  /** An operation that is open on it. */
  const openOn = (mount: Mount): Promise<Span> =>
    until('the open operation', async () => {
      const { items } = await server.get<{ items: { span: Span }[] }>('/api/inflight');
      return items.find(({ span }) => span.mountId === mount.id)?.span;
    });

  it('whose traces a killed process has left are cleared, however this one listens', () =>
    until('the trace instance to be gone', () => !readdirSync(INSTANCES).includes(stale)));

  it('come and go as they are mounted and unmounted; what was open is aborted', async () => {
    const daemon = await bindfs(place, 'coming');
    const mount = await watched(daemon.mountpoint);
    await freeze(daemon.pid);
    const ls = spawn('ls', [daemon.mountpoint], { stdio: 'ignore', cwd: '/' });
    await openOn(mount);
    execFileSync('fusermount', ['-uz', daemon.mountpoint]);
    await until('it to be gone', async () => (await mountOf(server, daemon.mountpoint))?.state === 'gone');
    const filter = `mount:${daemon.mountpoint}`;
    await until('nothing open', async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter: `${filter} state:open` });
      return items.length === 0;
    });
    daemon.child.kill('SIGKILL');
    await once(ls, 'exit');
    expect((await spans(server, `${filter} state:aborted`, 1))[0]).toMatchObject({ comm: 'ls' });
  });

  it('whose daemon is killed are dead, and what was open fails, until they are unmounted', async () => {
    const daemon = await bindfs(place, 'killed');
    const mount = await watched(daemon.mountpoint);
    await until('its daemon', async () => (await mountOf(server, daemon.mountpoint))?.daemon !== null);
    await freeze(daemon.pid);
    const callers = ['one', 'two'].map((name) =>
      spawn('stat', [`${daemon.mountpoint}/${name}`], { stdio: 'ignore', cwd: '/' }),
    );
    const ends = callers.map((caller) => once(caller, 'exit'));
    const { id } = await openOn(mount);
    process.kill(daemon.pid, 'SIGKILL');
    for (const end of ends) expect(await end).toEqual([1, null]);
    await until('it to be dead', async () => (await mountOf(server, daemon.mountpoint))?.state === 'dead');
    expect(await mountOf(server, daemon.mountpoint)).toMatchObject({ daemon: null, inflight: 0 });
    const failed = await until('its end', async () => {
      const span = await server.get<Span>(`/api/spans/${id}`);
      return span.state === 'open' ? null : span;
    });
    expect(failed).toMatchObject({ comm: 'stat', error: expect.stringMatching(/^(ECONNABORTED|ENOTCONN)$/) });
    execFileSync('fusermount', ['-u', daemon.mountpoint]);
    await until('it to be gone', async () => (await mountOf(server, daemon.mountpoint))?.state === 'gone');
    const { items } = await server.get<{ items: { span: Span }[] }>('/api/inflight');
    expect(items.filter(({ span }) => span.mountId === mount.id)).toEqual([]);
  });

  it('of another mount namespace tell what is done there, with its path', async () => {
    const [source, hidden] = [place.make('hidden-source'), place.make('hidden')];
    const script = `bindfs -f "$1" "$0" & trap "kill $!" EXIT; echo there; read go
      cd "$0" && mkdir d && echo hello > d/f && mv d e && cat e/f && read go`;
    const inside = spawn('unshare', ['-m', 'sh', '-c', script, hidden, source], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: '/',
    });
    try {
      const mount = await watched(hidden);
      expect(mount.namespace).toBe(/\d+/.exec(readlinkSync(`/proc/${inside.pid}/ns/mnt`))?.[0]);
      expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(hidden);
      inside.stdin.write('go\n');
      const filter = `mount:${hidden}`;
      const [write] = await spans(server, `${filter} op:write`, 1);
      const [read] = await spans(server, `${filter} op:read comm:cat`, 1);
      const named = mount.tier === 'bpf';
      expect(write).toMatchObject({ mountId: mount.id, pid: inside.pid, path: named ? '/d/f' : null });
      expect(read).toMatchObject({ mountId: mount.id, path: named ? '/e/f' : null });
    } finally {
      inside.stdin.end('go\n');
    }
    await once(inside, 'exit');
    await until('it to be gone', async () => (await mountOf(server, hidden))?.state === 'gone');
  });

  it('that were detached stay so over a restart, and --attach all attaches the others', async () => {
    const [one, two] = [await bindfs(place, 'one'), await bindfs(place, 'two')];
    const server = await startTestServer({ args: ['--attach', 'all'] });
    await until('it', () => mountOf(server, one.mountpoint), 10_000);
    await fusescope(server, 'detach', one.mountpoint);
    await server.stop();
    await using again = await startTestServer({ dir: server.dir, args: ['--attach', 'all'] });
    await until('the other one', async () => isTapped(await mountOf(again, two.mountpoint)), 10_000);
    expect(await mountOf(again, one.mountpoint)).toMatchObject({ tier: 'none' });
    await one.unmount();
    await two.unmount();
  });

  it.each([
    ['any tap', 'untapped', 1, []],
    ['any tap and fusectl', 'uncounted', null, WITHOUT_FUSECTL],
  ])(
    'without %s are shown all the same, with who waits, why, and what to do',
    async (_what, name, waiting, words) => {
      const daemon = await bindfs(place, name);
      const args = ['--tap', 'proc', '--attach', daemon.mountpoint];
      await using server = await startTestServer({ args, prefix: { words, uid: 0 } });
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
        expect(mount).toMatchObject({ waiting, blocked: [{ pid: ls.pid, tid: ls.pid, comm: 'ls' }] });
        const stall = await until(
          'a stall with its cause',
          async () => {
            const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
            const found = items.find((one) => one.span.mount === daemon.mountpoint && one.cause !== null);
            return found && server.get<Stall>(`/api/stalls/${found.id}`);
          },
          30_000,
        );
        expect(stall).toMatchObject({
          span: { op: 'open', pid: ls.pid, comm: 'ls', args: { seenIn: '/proc', call: 'openat' } },
          cause: { kind: 'daemon-stopped', culprit: { pid: daemon.pid } },
          waiting: 1,
        });
        expect(stall.limits.join()).toContain('as /proc shows it');
        daemon.child.kill('SIGCONT');
        await once(ls, 'exit');
        const closed = await until('its end', async () => {
          const now = await server.get<Stall>(`/api/stalls/${stall.id}`);
          return now.state === 'closed' ? now : null;
        });
        expect(closed).toMatchObject({ span: { state: 'lost' }, endedBy: { kind: 'lost' } });
      } finally {
        daemon.child.kill('SIGCONT');
      }
      const attach = await fusescope(server, 'attach', daemon.mountpoint);
      expect(attach.status).toBe(1);
      expect(attach.stderr).toContain('fusescope doctor');
      // Its namespace holds the mount too.
      await server.stop();
      await daemon.unmount();
    },
  );

  it('that are mirrors are one each, and are listened to only when asked for by name', async () => {
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

  it('are watched by a user that has no more than CAP_BPF and CAP_PERFMON', async () => {
    const daemon = await bindfs(place, 'for-a-user');
    const uid = 12_345;
    const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=-all,+bpf,+perfmon`);
    const words = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...sets];
    await using own = await startTestServer({
      prefix: { words, uid },
      args: ['--attach', daemon.mountpoint],
    });
    const mount = await inTier(own, daemon.mountpoint, 'bpf');
    // Whose descriptors and counters are root's.
    expect(mount).toMatchObject({ tierReason: null, daemon: null, waiting: null });
    await bash('mkdir d && echo hello > d/f && mv d/f d/g && cat d/g', daemon.mountpoint);
    const filter = `mount:${daemon.mountpoint}`;
    const [read] = await spans(own, `${filter} op:read comm:cat`, 1);
    expect(read).toMatchObject({ path: '/d/g', uid: 0, bytes: 6 });
    await freeze(daemon.pid);
    const caller = spawn('stat', [`${daemon.mountpoint}/hangs`], { stdio: 'ignore', cwd: '/' });
    try {
      const { items } = await until('it to hang', async () => {
        const open = await own.get<{ items: { span: Span; picked: boolean | null }[] }>('/api/inflight', {
          picked: 'true',
        });
        return open.items.length > 0 ? open : null;
      });
      expect(items).toMatchObject([{ picked: false, span: { pid: caller.pid } }]);
    } finally {
      daemon.child.kill('SIGCONT');
    }
    await once(caller, 'exit');
    await own.stop();
    await daemon.unmount();
  });
});
