// The mounts that the scenarios look at: each hangs in its own way, all at once, beneath one server that was there before.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { Mount } from '../../../shared/mount.ts';
import { provideFusectl, provideTracefs } from '../../support/daemons.ts';
import { run } from '../../support/mirror.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type Sshd, startSshd } from '../../support/sshd.ts';
import { until } from '../../support/until.ts';
import { buildFs, buildHold, type Mounted, Ward } from '../../support/ward.ts';

const MAIN = new URL('../../../server/cli/main.ts', import.meta.url).pathname;
/** All that a loaded machine may take until something is seen. */
export const WAIT_MS = 40_000;
/** Reads too are stalls after a second here. */
const THRESHOLDS = { thresholds: [{ op: 'read', stalledMs: 1_000 }] };
/** Waits for a lock of a file that nobody gives. */
const LOCK = `use Fcntl; open F, "+<", $ARGV[0] or die;
  my $whole = pack "s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0; fcntl F, F_SETLKW, $whole;`;

export class HungMounts implements AsyncDisposable {
  readonly ward = new Ward();
  readonly #listening: Server[] = [];
  #server: TestServer | null = null;
  readonly mounts = new Map<string, Mounted>();
  sshd!: Sshd;
  link!: { port: number; cut(): void };
  /** A server that takes connections and never answers. */
  silentPort = 0;
  mirror!: { id: number; mountpoint: string };
  /** Held back by a fault of the mirror. */
  held!: ChildProcess;
  /** Holds a process as a debugger does. */
  hold = '';

  get server(): TestServer {
    if (!this.#server) throw new Error('no server yet');
    return this.#server;
  }

  at(name: string): Mounted {
    const mount = this.mounts.get(name);
    if (!mount) throw new Error(`no mount ${name}`);
    return mount;
  }

  async build(): Promise<void> {
    provideTracefs();
    provideFusectl();
    const { ward } = this;
    this.hold = buildHold(ward);
    this.silentPort = await this.#listen(() => {});
    await this.#ownFileSystems();
    for (const name of ['stopped', 'killed']) this.mounts.set(name, await ward.bindfs(name));
    // Slow enough that a read is always in hand, and never a stall.
    this.mounts.set('loaded', await ward.bindfs('loaded', ['--read-rate=4M']));
    ward.file('loaded-source/file', 'x'.repeat(1 << 20));
    await this.#remoteOnes();
    await this.#boundOnes();
    const thawed = await this.#frozenDisk();

    const all = [...this.mounts.values()];
    this.#server = await startTestServer({ args: ['--attach', ...all.map((one) => one.mountpoint)] });
    const put = await fetch(new URL('/api/settings', this.server.url), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(THRESHOLDS),
    });
    expect(put.status).toBe(200);
    await attached(this.server, all);
    await thawed.frozen;
    await this.#mirrorWithFault();
    await this.#hang();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    for (const one of this.#listening) one.close();
    await this.ward.clean();
  }

  /** Our own programs, each started once for a way to hang. */
  async #ownFileSystems(): Promise<void> {
    const { ward, mounts } = this;
    const stuckfs = buildFs(ward, 'stuckfs');
    const asidefs = buildFs(ward, 'asidefs');
    const stuck = async (name: string, env: Record<string, string> = {}, options: string[] = []) => {
      const at = ward.make(name);
      const own = { STUCK_SELF: at, STUCK_PORT: String(this.silentPort), ...env };
      const mounted = await ward.mount(at, stuckfs, ['-f', ...options, at], own);
      mounts.set(name, mounted);
    };
    const told = ward.file('child', '');
    await stuck('orphan', { STUCK_CHILD: told });
    const child = await until('the child to be told', () => Number(readFileSync(told, 'utf8')) || null);
    ward.atEnd(() => process.kill(child, 'SIGKILL'));
    await stuck('selfish', {}, ['-s']);
    await stuck('parental', {}, ['-s']);
    await stuck('locking');
    await stuck('pool', {}, ['-o', 'max_threads=2,max_idle_threads=2']);
    await stuck('crowd');
    await stuck('paced');
    const aside = async (name: string, env: Record<string, string> = {}) => {
      const at = ward.make(name);
      mounts.set(name, await ward.mount(at, asidefs, [at], env));
    };
    await aside('aside');
    await aside('sleepy');
    await aside('spinning');
    await aside('narrow', { ASIDE_BACKGROUND: '1' });
  }

  /** mergerfs over sshfs over an sshd, and an sshfs whose link can be cut. */
  async #remoteOnes(): Promise<void> {
    const { ward, mounts } = this;
    this.sshd = await startSshd(ward, await freePort());
    const remote = await this.sshd.mount(ward, 'remote');
    mounts.set('remote', remote);
    const merged = ward.make('merged');
    mounts.set('merged', await ward.mount(merged, 'mergerfs', ['-f', remote.mountpoint, merged]));
    this.link = await this.#linkToSftp();
    const cut = ward.make('cut');
    const direct = `directport=${this.link.port}`;
    const source = `127.0.0.1:${ward.make('cut-source')}`;
    mounts.set('cut', await ward.mount(cut, 'sshfs', ['-f', '-o', direct, source, cut]));
  }

  /** `/` bound inside itself, and two that read each other. */
  async #boundOnes(): Promise<void> {
    const { ward, mounts } = this;
    const inside = ward.make('inside');
    mounts.set('inside', await ward.mount(inside, 'bindfs', ['-f', '/', inside]));
    const first = await ward.bindfs('first');
    const loop = ward.make('first-source/loop');
    mounts.set('first', first);
    mounts.set('second', await ward.mount(loop, 'bindfs', ['-f', first.mountpoint, loop]));
  }

  /** A disk that takes nothing, thawed by the shell when we end, however we end. */
  async #frozenDisk(): Promise<{ frozen: Promise<unknown> }> {
    const { ward, mounts } = this;
    const image = ward.file('disk.img', '');
    const disk = ward.make('disk');
    execFileSync('truncate', ['-s', '32M', image]);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    execFileSync('mount', ['-o', 'loop', image, disk]);
    const frozen = ward.make('frozen');
    mounts.set('frozen', await ward.mount(frozen, 'bindfs', ['-f', disk, frozen], {}, disk));
    const script = 'fsfreeze -f "$0"; echo frozen; read line; fsfreeze -u "$0"';
    const guard = ward.start('sh', ['-c', script, disk]);
    const isFrozen = once(guard.stdout ?? guard, 'data');
    ward.atEnd(() => execFileSync('fsfreeze', ['-u', disk], { stdio: 'ignore' }));
    return { frozen: isFrozen };
  }

  async #mirrorWithFault(): Promise<void> {
    const { ward, server } = this;
    ward.file('mirrored/file', 'content');
    const places = { source: ward.make('mirrored'), mountpoint: ward.make('mirror') };
    const started = await server.post('/api/mirrors', places);
    expect(started.status).toBe(201);
    const known = await until('the mirror to be known', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === places.mountpoint && one.kind === 'mirror');
    });
    this.mirror = { id: known.id, mountpoint: known.mount };
    const rule = ['--op', 'read', '--path', '/file', '--hang', '--id', 'held-file'];
    const added = await run(process.execPath, [MAIN, 'faults', 'add', known.mount, ...rule], {
      env: { FUSESCOPE_SERVER: server.url },
    });
    expect(added).toMatchObject({ status: 0, stderr: '' });
  }

  async #hang(): Promise<void> {
    const { ward, server } = this;
    const path = (name: string, below: string) => `${this.at(name).mountpoint}/${below}`;
    // The folder is known by then, so that the crowd waits for one look-up.
    await once(ward.use('stat', this.at('crowd').mountpoint), 'exit');
    await ward.stop(
      ...['stopped', 'killed', 'crowd'].map((name) => this.at(name).pid),
      ...this.sshd.sessions(),
    );
    this.link.cut();
    // Before its end its threads would still take a request.
    const orphan = this.at('orphan');
    const over = once(orphan.child, 'exit');
    orphan.child.kill('SIGKILL');
    await over;
    ward.use('stat', path('stopped', 'a'));
    ward.use('ls', this.at('stopped').mountpoint);
    for (let i = 0; i < 4; i++) ward.use('stat', path('killed', String(i)));
    for (let i = 0; i < 2; i++)
      ward.use('sh', '-c', 'while cat "$0" >/dev/null && stat "$0"; do :; done', path('loaded', 'file'));
    ward.use('stat', path('orphan', 'x'));
    ward.use('cat', path('selfish', 'self'));
    ward.use('cat', path('parental', 'kin'));
    ward.use('cat', path('locking', 'net'));
    ward.use('sh', '-c', 'for i in $(seq 100); do stat "$0" & done; wait', path('crowd', 'same'));
    ward.use('stat', path('merged', 'deep'));
    ward.use('stat', path('cut', 'x'));
    ward.use('stat', path('inside', `${this.at('inside').mountpoint.slice(1)}/etc`));
    ward.use('stat', path('first', 'loop/x'));
    ward.use('touch', path('frozen', 'new'));
    this.held = ward.use('cat', `${this.mirror.mountpoint}/file`);
    for (const name of ['slow-1', 'slow-2']) ward.use('cat', path('pool', name));
    ward.use('cat', path('aside', 'data'));
    ward.use('cat', path('aside', 'odd'));
    ward.use('perl', '-e', LOCK, path('aside', 'locked'));
    const far = ['skip=1', 'bs=512k', 'count=1'];
    ward.use('cat', path('narrow', 'ahead'));
    ward.use('dd', `if=${path('narrow', 'ahead')}`, ...far);
    ward.use('cat', path('sleepy', 'sleep'));
    ward.use('cat', path('spinning', 'spin'));
    // These have to come second.
    const opened = (below: string) => async () => {
      const { items } = await server.get<{ items: { span: { path: string | null } }[] }>('/api/inflight');
      return items.some(({ span }) => span.path === below);
    };
    await until('the lock to be held', opened('/net'), WAIT_MS);
    ward.use('cat', path('locking', 'lock'));
    for (const name of ['/slow-1', '/slow-2']) await until('the pool to be full', opened(name), WAIT_MS);
    ward.use('ls', this.at('pool').mountpoint);
    for (const [name, below] of [
      ['sleepy', '/sleep'],
      ['spinning', '/spin'],
    ] as const) {
      await until('the only thread to be busy', opened(below), WAIT_MS);
      ward.use('stat', path(name, 'second'));
    }
  }

  /** A server on this machine that takes connections. */
  async #listen(take: (socket: Socket) => void): Promise<number> {
    const server = createServer(take);
    this.#listening.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** An SFTP server behind a link that can be cut: from then on nothing comes through, and nobody is told. */
  async #linkToSftp(): Promise<{ port: number; cut(): void }> {
    const open: Socket[] = [];
    const port = await this.#listen((socket) => {
      const sftp = this.ward.start('/usr/lib/openssh/sftp-server', []);
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
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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
