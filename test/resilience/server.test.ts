// The server as a process, without a mount: signals, the service manager, hostile clients, and what a machine may run
// short of. One server serves most of it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { EventsAnswer, Health, SpanList } from '../../shared/api.ts';
import { MAGIC } from '../../shared/wire/frames.ts';
import { connectLive } from '../support/live.ts';
import { describeWith } from '../support/requires.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listenAsServiceManager } from '../support/service-manager.ts';
import { isAlive, until } from '../support/until.ts';

const UNIT = join(import.meta.dirname, '../../server/systemd/fusescope.service');

const line = (ev: 'ENTER' | 'EXIT', mount: string, id: number) =>
  `${JSON.stringify({ ev, mount, id, op: 'read', ts: Date.now() * 1_000, ...(ev === 'EXIT' ? { errno: 0 } : {}) })}\n`;
const operation = (mount: string, id: number) => line('ENTER', mount, id) + line('EXIT', mount, id);

/** Unlike events.once, whatever error comes before. */
const happens = (emitter: net.Socket | WebSocket, event: string) =>
  new Promise<void>((resolve) => emitter.once(event, () => resolve()));

/** Stores one operation and finds it again. */
async function works(server: TestServer, mount: string): Promise<void> {
  await server.post('/api/events', operation(mount, 1));
  await until(`an operation on ${mount}`, async () => {
    const { items } = await server.get<SpanList>('/api/spans', { filter: `mount:${mount}`, limit: 1 });
    return items.length === 1;
  });
}

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in order: 0, and nothing is left', async (signal) => {
    await using server = await startTestServer();
    await server.post('/api/events', operation('/mnt/signal', 1));
    const kernel = (await server.get<Health>('/api/health')).kernel.pid;
    expect(await server.stop(signal)).toBe(0);
    expect(existsSync(server.socket)).toBe(false);
    expect(existsSync(`${server.db}-wal`)).toBe(false);
    if (kernel !== null) expect(await isAlive(kernel)).toBe(false);
    // What had been accepted is in the file.
    const count = execFileSync('sqlite3', [server.db, 'SELECT count(*) FROM spans'], { encoding: 'utf8' });
    expect(Number(count)).toBe(1);
  });
});

describeWith(['systemd-notify', 'python3'], 'the service manager', () => {
  it('is told that the server is ready, that it lives, and that it ends; children are not', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
    await using manager = await listenAsServiceManager(join(dir, 'notify.sock'));
    const env = { NOTIFY_SOCKET: join(dir, 'notify.sock'), WATCHDOG_USEC: '300000' };
    await using server = await startTestServer({ env });
    await manager.told('READY=1');
    await manager.told(`STATUS=at ${server.url}/`);
    await manager.told('WATCHDOG=1');
    const pid = await until(
      'the kernel collector',
      async () => (await server.get<Health>('/api/health')).kernel.pid,
    );
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('NOTIFY_SOCKET');
    expect(manager.messages).not.toContain('STOPPING=1');
    const ended = server.stop();
    await manager.told('STOPPING=1');
    expect(await ended).toBe(0);
    expect(manager.messages[0]).toMatch(/^READY=1/);
    rmSync(dir, { recursive: true });
  });

  it('that does not listen costs a line in the log and nothing else', async () => {
    await using server = await startTestServer({ env: { NOTIFY_SOCKET: '/nowhere/notify.sock' } });
    await until('a line in the log', () => server.log().includes('service manager cannot be told'));
    await works(server, '/mnt/untold');
  });
});

describeWith(['systemd-analyze'], 'the unit', () => {
  it('is one that systemd has nothing against, and unmounts what is left', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fusescope-test-'));
    const file = join(dir, 'fusescope.service');
    const text = readFileSync(UNIT, 'utf8');
    expect(text).toMatch(/^ExecStopPost=\/usr\/local\/bin\/fusescope tidy$/m);
    expect(text).toMatch(/^Type=notify$/m);
    expect(text).toMatch(/^WatchdogSec=/m);
    // Where it is not installed there is no such program.
    const launcher = join(import.meta.dirname, '../../server/setup/launcher.mjs');
    writeFileSync(file, text.replaceAll('/usr/local/bin/fusescope', launcher));
    const child = spawn('systemd-analyze', ['verify', '--man=no', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const [status] = await once(child, 'close');
    expect({ status, said: said.split('\n').filter((one) => one.includes('fusescope')) }).toEqual({
      status: 0,
      said: [],
    });
    rmSync(dir, { recursive: true });
  });
});

describe('one server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { NODE_OPTIONS: '--max-old-space-size=80' } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('cuts off who sends garbage, frames that are too large, or half of one, and goes on', async () => {
    const port = Number(new URL(server.url).port);
    const frame = (length: number, type: number, payload = '') => {
      const head = Buffer.alloc(5);
      head.writeUInt32LE(length, 0);
      head[4] = type;
      return Buffer.concat([Buffer.from(MAGIC), head, Buffer.from(payload)]);
    };
    const noise = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 2_654_435_761) >>> 24));
    /** Sends, and resolves when the other side has closed; a half one is given up by us. */
    const send = async (to: string | number, bytes: Buffer, half = false) => {
      const socket = typeof to === 'string' ? net.connect(to) : net.connect(to, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      const closed = happens(socket, 'close');
      socket.write(bytes);
      if (half) socket.write('', () => socket.destroy());
      else if (typeof to === 'string') socket.end();
      await closed;
    };
    await Promise.all([
      send(server.socket, noise),
      send(server.socket, Buffer.concat([Buffer.from(MAGIC), noise])),
      send(server.socket, frame(0xffff_ffff, 1)),
      send(server.socket, frame(6, 99, 'hello')),
      send(server.socket, frame(1_000, 1, '{"v":'), true),
      send(server.socket, Buffer.from(MAGIC).subarray(0, 3), true),
      send(server.socket, Buffer.alloc(3_000_000, 0x61)),
      send(port, noise),
      send(port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nContent-Length: nonsense\r\n\r\n')),
      send(port, Buffer.from('POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n'), true),
    ]);
    for (const path of ['/api/ingest', '/api/live']) {
      const socket = new WebSocket(server.url.replace('http', 'ws') + path);
      await once(socket, 'open');
      socket.on('error', () => {});
      socket.send(Buffer.alloc(6 * 1024 * 1024, 0x7b));
      await happens(socket, 'close');
    }
    await works(server, '/mnt/after-garbage');
  });

  it('answers others while hundreds send their request byte by byte', async () => {
    const port = Number(new URL(server.url).port);
    const slow = Array.from({ length: 300 }, (_, i) => {
      const socket = i % 3 === 0 ? net.connect(server.socket) : net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(i % 3 === 0 ? '{' : 'G');
      return socket;
    });
    await Promise.all(slow.map((socket) => socket.readyState === 'open' || happens(socket, 'connect')));
    let sent = 0;
    const drip = setInterval(() => {
      sent++;
      for (const socket of slow) socket.write(sent === 1 ? 'E' : 'T');
    }, 50);
    for (let i = 0; i < 3; i++) await works(server, `/mnt/beside-slow-${i}`);
    await until('some bytes more', () => sent > 3);
    clearInterval(drip);
    for (const socket of slow) socket.destroy();
    await works(server, '/mnt/after-slow');
  });

  it('without a free descriptor keeps who is connected, and takes others again once there is one', async () => {
    const pid = server.child.pid ?? 0;
    const port = Number(new URL(server.url).port);
    using live = await connectLive(server.url);
    const inUse = readdirSync(`/proc/${pid}/fd`).length;
    const before = execFileSync(
      'prlimit',
      ['--pid', String(pid), '--nofile', '--noheadings', '-o', 'SOFT,HARD'],
      {
        encoding: 'utf8',
      },
    );
    const [soft, hard] = before.trim().split(/\s+/);
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${inUse + 8}:${hard}`]);
    const many = Array.from({ length: 100 }, () => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      return socket;
    });
    await Promise.all(
      many.map((socket) => Promise.race([happens(socket, 'connect'), happens(socket, 'close')])),
    );
    // It is full: fds 0 to the limit are taken, or the rest was turned away.
    await until('no descriptor to be free', () => readdirSync(`/proc/${pid}/fd`).length >= inUse + 7);
    const ticks = live.frames.filter((frame) => frame.type === 'tick').length;
    await until(
      'the live feed to go on',
      () => live.frames.filter((one) => one.type === 'tick').length > ticks,
    );
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:${hard}`]);
    for (const socket of many) socket.destroy();
    await works(server, '/mnt/after-descriptors');
  });

  it('with little memory stores or counts all of a flood', async () => {
    const EACH = 20_000;
    const before = await server.get<Health>('/api/health');
    const flood = async (mount: string) => {
      let text = '';
      for (let id = 1; id <= EACH; id++) text += operation(mount, id);
      const answer = (await (await server.post('/api/events', text)).json()) as EventsAnswer;
      expect(answer).toMatchObject({ accepted: 2 * EACH, rejectedCount: 0 });
    };
    await Promise.all(['/mnt/flood-1', '/mnt/flood-2', '/mnt/flood-3', '/mnt/flood-4'].map(flood));
    await until('all of it to be stored or counted', async () => {
      const { gauges } = await server.get<Health>('/api/health');
      const lost = gauges.lost - before.gauges.lost;
      return gauges.store.queued === 0 && gauges.store.spans + lost >= before.gauges.store.spans + 4 * EACH;
    });
    expect(server.child.exitCode).toBeNull();
  });
});
