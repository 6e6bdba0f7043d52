// Network faults between sshfs and its server, by a TCP proxy: how a slow, a narrow, a silent and a cut link look in the
// trace of the mount.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SpanList } from '../../shared/api.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { describeTap } from '../fuse/kernel/bpf.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { type Mounted, Ward } from '../support/ward.ts';

describeTap('sshfs behind a link', () => {
  const ward = new Ward();
  let sftp: Server;
  let link: TcpProxy;
  let remote: Mounted;
  let server: TestServer;

  beforeAll(async () => {
    sftp = createServer((socket) => {
      const child = ward.start('/usr/lib/openssh/sftp-server', []);
      socket.on('error', () => {});
      socket.on('data', (bytes) => child.stdin?.write(bytes));
      socket.on('close', () => child.kill());
      child.stdout?.on('data', (bytes) => socket.write(bytes));
    }).listen(0, '127.0.0.1');
    await once(sftp, 'listening');
    link = await TcpProxy.start({ port: (sftp.address() as AddressInfo).port });
    ward.file('source/big', 'x'.repeat(300_000));
    const at = ward.make('remote');
    const words = [
      '-f',
      '-o',
      `directport=${link.port}`,
      '-o',
      'cache=no',
      `127.0.0.1:${ward.make('source')}`,
      at,
    ];
    remote = await ward.mount(at, 'sshfs', words);
    server = await startTestServer({ args: ['--attach', remote.mountpoint] });
    await until('it to be listened to', async () => {
      const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
      return items.find((one) => one.mount === remote.mountpoint)?.tier === 'bpf';
    });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    link?.[Symbol.dispose]();
    await ward.clean();
    sftp?.close();
  });

  const spans = async (filter: string) =>
    (await server.get<SpanList>('/api/spans', { filter, order: 'start:asc', limit: 1_000 })).items;
  const lookup = (name: string) =>
    until(`the look-up of ${name}`, async () => {
      const [found] = await spans(`op:lookup path:/${name} -state:open`);
      return found;
    });
  /** Looks for a name in a process of its own. */
  const ask = (name: string) => once(ward.use('stat', `${remote.mountpoint}/${name}`), 'exit');

  it('that is far away is as slow as there and back', async () => {
    await ask('near');
    link.set({ latencyMs: 60 });
    await ask('far');
    expect((await lookup('far')).durationNs).toBeGreaterThanOrEqual(115e6);
    link.set({ latencyMs: 0 });
    expect((await lookup('near')).error).toBe('ENOENT');
  });

  it('that is narrow takes its time for as much as is read', async () => {
    link.set({ bytesPerS: 200_000 });
    await once(ward.use('cat', `${remote.mountpoint}/big`), 'exit');
    link.set({ bytesPerS: null });
    const reads = await until('all of it to be told', async () => {
      const found = await spans('op:read path:/big state:done');
      return found.reduce((sum, span) => sum + (span.bytes ?? 0), 0) >= 300_000 && found;
    });
    const end = (span: Span) => span.startUs + (span.durationNs ?? 0) / 1e3;
    const tookUs = Math.max(...reads.map(end)) - Math.min(...reads.map((span) => span.startUs));
    expect(tookUs).toBeGreaterThan(0.5e6);
  });

  it('that is silent is a stall by the network, and ends when it speaks again', async () => {
    link.set({ stalled: true });
    const asked = ask('silent');
    const stall = await until('the stall and its cause', async () => {
      const { items } = await server.get<{ items: Stall[] }>('/api/stalls', { state: 'open' });
      return items.find((one) => one.span.path === '/silent' && one.cause?.kind === 'blocked-on-network');
    });
    link.set({ stalled: false });
    await asked;
    expect((await lookup('silent')).durationNs).toBeGreaterThanOrEqual(stall.thresholdMs * 1e6);
  });

  it('that is cut is an error, and then a mount without a daemon', async () => {
    link.set({ stalled: true });
    const asked = ask('cut');
    await until('it to be under way', async () => (await spans('path:/cut state:open')).length > 0);
    link.cut();
    await asked;
    const ended = await lookup('cut');
    expect(ended.state === 'aborted' || ended.error === 'EIO' || ended.error === 'ENOTCONN').toBe(true);
  });
});
