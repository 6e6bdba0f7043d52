// The way from a collector to the server: nothing waits for the server, memory is bounded, and every event is either
// delivered once or counted as missing, by both ends alike.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Emitter, type EmitterOptions } from '../../fuse/emitter/emitter.ts';
import { Ring } from '../../fuse/emitter/ring.ts';
import { SPAN, type WireEvent } from '../../shared/wire/frames.ts';
import { FakeServer } from '../support/ingest.ts';
import { Workplace } from '../support/mirror.ts';
import { until } from '../support/until.ts';

const place = new Workplace();
const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
});
afterAll(() => place.clean());

const batch = (firstSeq: number, lastSeq: number, bytes = 10) => ({
  frame: new Uint8Array(bytes),
  firstSeq,
  lastSeq,
});

describe('the ring', () => {
  it('gives up the oldest when full, and counts each event of it', () => {
    const ring = new Ring(3, 1e6);
    for (let i = 0; i < 10; i++) ring.push(batch(i * 5 + 1, i * 5 + 5));
    expect([ring.dropped, ring.unacknowledged, ring.next()?.firstSeq]).toEqual([35, 15, 36]);
  });

  it('is bounded in bytes too, but always takes one batch', () => {
    const ring = new Ring(100, 1000);
    ring.push(batch(1, 1, 900));
    ring.push(batch(2, 2, 900));
    expect([ring.bytes, ring.dropped]).toEqual([900, 1]);
    ring.push(batch(3, 3, 5000));
    expect([ring.bytes, ring.dropped]).toEqual([5000, 2]);
  });

  it('counts what was written and given up only if the server did not keep it', () => {
    const ring = new Ring(2, 1e6);
    ring.push(batch(1, 5));
    ring.push(batch(6, 10));
    ring.next();
    ring.next();
    ring.push(batch(11, 15));
    ring.push(batch(16, 20));
    expect(ring.dropped).toBe(0);
    ring.resume(7);
    expect(ring.dropped).toBe(3);
    expect(ring.next()?.firstSeq).toBe(11);
  });

  it('neither loses nor invents an event, whatever happens in between', () => {
    const action = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('push' as const), events: fc.integer({ min: 1, max: 9 }) }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('ack' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const ring = new Ring(4, 1e6);
        let made = 0;
        let kept = 0;
        let missing = 0;
        const receive = () => {
          const next = ring.next();
          if (!next) return false;
          if (next.lastSeq <= kept) return true;
          missing += next.firstSeq - kept - 1;
          kept = next.lastSeq;
          return true;
        };
        for (const one of actions) {
          if (one.do === 'push') {
            ring.push(batch(made + 1, made + one.events));
            made += one.events;
          } else if (one.do === 'send') receive();
          else if (one.do === 'ack') ring.acknowledge(kept);
          else ring.resume(kept);
        }
        ring.resume(kept);
        ring.push(batch(made + 1, made + 1));
        while (receive());
        expect(kept).toBe(made + 1);
        expect(ring.dropped).toBe(missing);
      }),
    );
  });
});

describe('the emitter', () => {
  let number = 0;
  const nextSocket = () => join(place.dir, `${++number}.sock`);

  async function serve(socket: string, seqFile = ''): Promise<FakeServer> {
    const server = await FakeServer.start(socket, seqFile);
    servers.push(server);
    return server;
  }

  function emitter(socketPath: string, options: Partial<EmitterOptions> = {}): Emitter {
    return new Emitter({
      socketPath,
      hello: { v: 1, instance: randomUUID(), kind: 'mirror', pid: 1, comm: 'test', host: 'h' },
      mounts: [
        { index: 0, mount: '/m', fsType: null, source: null, connection: null, daemon: null, tier: 'mirror' },
      ],
      ...options,
    });
  }

  const event = (id: number): WireEvent => ({
    kind: SPAN,
    mount: 0,
    op: 15,
    id,
    monoNs: id,
    tsUs: id,
    durNs: 1000,
    queueNs: null,
    errno: 0,
    path: `/file-${id % 50}`,
    newPath: null,
    nodeid: null,
    fh: 3,
    offset: id,
    size: 4096,
    bytes: 4096,
    pid: 1,
    tid: 1,
    uid: 0,
    gid: 0,
    comm: 'cat',
    daemonTid: null,
    args: null,
  });

  /** Emits in bursts, letting the event loop turn between them. */
  async function emitMany(target: Emitter, count: number, from = 1): Promise<void> {
    for (let id = from; id < from + count; id++) {
      target.emit(event(id));
      if (id % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const settled = (server: FakeServer, total: number) =>
    until(`${total} events to be accounted for`, async () => {
      const counts = await server.counts();
      return counts.events + counts.missing === total ? counts : null;
    });

  it('delivers every event once, in order, after greeting', async () => {
    const server = await serve(nextSocket());
    const sender = emitter(join(place.dir, `${number}.sock`));
    await emitMany(sender, 20_000);
    await sender.close();
    const counts = await settled(server, 20_000);
    expect(counts).toMatchObject({ events: 20_000, missing: 0, repeated: 0, lastSeq: 20_000, byes: 1 });
    expect(counts.latest.map((one) => one.id)).toEqual(Array.from({ length: 2000 }, (_, i) => 18_001 + i));
    expect(counts.mounts).toEqual([expect.objectContaining({ index: 0, mount: '/m' })]);
    expect([sender.dropped, sender.undelivered]).toEqual([0, 0]);
  });

  it('closes a batch a short time after its first event', async () => {
    const server = await serve(nextSocket());
    const sender = emitter(join(place.dir, `${number}.sock`));
    await until('the greeting', async () => (await server.counts()).hellos.length === 1);
    const begun = performance.now();
    sender.emit(event(1));
    await settled(server, 1);
    expect(performance.now() - begun).toBeLessThan(500);
    await sender.close();
  });

  it('closes it sooner while a program waits for operations', async () => {
    const server = await serve(nextSocket());
    const sender = emitter(join(place.dir, `${number}.sock`), { flushMs: 3_600_000 });
    await until('the greeting', async () => (await server.counts()).hellos.length === 1);
    sender.emit(event(1));
    server.hurry();
    await settled(server, 1);
    sender.emit(event(2));
    await settled(server, 2);
    await sender.close();
  });

  it('keeps the newest while no server is there, and both ends count the same loss', async () => {
    const socket = nextSocket();
    const sender = emitter(socket, { batchEvents: 10, ringBatches: 8 });
    await emitMany(sender, 1000);
    await until('the last batch to be closed', () => sender.dropped === 920);
    const server = await serve(socket);
    const counts = await settled(server, 1000);
    expect(counts).toMatchObject({ events: 80, missing: 920 });
    expect(counts.latest[0]?.id).toBe(921);
    await sender.close();
  });

  it('goes on where a killed server left off', async () => {
    const socket = nextSocket();
    const seqFile = join(place.dir, 'seqs.json');
    const first = await serve(socket, seqFile);
    const sender = emitter(socket, { batchEvents: 100 });
    await emitMany(sender, 10_000);
    await until('something to arrive', async () => (await first.counts()).events > 0);
    await first.kill();
    await emitMany(sender, 5_000, 10_001);
    const second = await serve(socket, seqFile);
    await emitMany(sender, 5_000, 15_001);
    await until('the last event', async () => (await second.counts()).lastSeq === 20_000);
    const counts = await second.counts();
    expect(counts.missing).toBe(sender.dropped);
    expect(counts.missing).toBe(0);
    await sender.close();
  });

  it('costs a stopped server only its ring, and never waits for it', async () => {
    const server = await serve(nextSocket());
    const sender = emitter(join(place.dir, `${number}.sock`), { ringBytes: 512 * 1024 });
    await emitMany(sender, 1000);
    await settled(server, 1000);
    server.child.kill('SIGSTOP');
    // One that waited for the server would wait until the end of the test.
    for (let id = 1001; id <= 101_000; id++) {
      sender.emit(event(id));
      if (id % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sender.heldBytes).toBeLessThanOrEqual(512 * 1024);
    expect(sender.dropped).toBeGreaterThan(50_000);
    server.child.kill('SIGCONT');
    const counts = await settled(server, 101_000);
    expect(counts.missing).toBe(sender.dropped);
    await sender.close();
  });

  it('ends within a second though the server is stopped, and says what it could not deliver', async () => {
    const server = await serve(nextSocket());
    const sender = emitter(join(place.dir, `${number}.sock`));
    await emitMany(sender, 10);
    await settled(server, 10);
    server.child.kill('SIGSTOP');
    await emitMany(sender, 100_000, 11);
    const begun = performance.now();
    await sender.close();
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(sender.undelivered).toBeGreaterThan(0);
    server.child.kill('SIGCONT');
  });

  it('survives whatever answers instead of a server', async () => {
    const socket = nextSocket();
    let attempts = 0;
    const nonsense = createServer((peer) => {
      attempts++;
      peer.on('error', () => undefined).resume();
      peer.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => nonsense.listen(socket, resolve));
    const sender = emitter(socket);
    await emitMany(sender, 100);
    await until('a second attempt', () => attempts === 2);
    await sender.close();
    expect(sender.undelivered).toBe(100);
    await new Promise((resolve) => nonsense.close(resolve));
  });
});
