// From the ingest socket to SQLite and live clients: how many events a second a real server takes without losing
// one, what it costs, and how late an ENTER is in a WebSocket frame.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { hostname } from 'node:os';
import type { Health } from '../../shared/api.ts';
import { opCode } from '../../shared/ops.ts';
import { formatCompact, formatDuration } from '../../shared/units.ts';
import { BatchEncoder } from '../../shared/wire/batch-encoder.ts';
import { ENTER, EXIT, FRAME, jsonFrame, MAGIC, type WireEvent } from '../../shared/wire/frames.ts';
import { connectLive } from '../support/live.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import type { Report } from './report.ts';

const EVENTS = 3_000_000;
const BATCH = 512;
const LIVE_CLIENTS = 3;

export async function bench(report: Report): Promise<void> {
  report.section(
    `Ingest, ${formatCompact(EVENTS).text} events over the socket, ${LIVE_CLIENTS} live clients`,
  );
  await throughput(report);
  report.section('Live feed at 20,000 events/s');
  await latency(report);
}

async function throughput(report: Report): Promise<void> {
  await using server = await startTestServer();
  const clients = await Promise.all(Array.from({ length: LIVE_CLIENTS }, () => connectLive(server.url)));
  for (const client of clients) client.socket.removeAllListeners('message');
  const sender = await Sender.connect(server);
  const cpuBefore = cpuSeconds(server.child.pid ?? 0);
  const began = performance.now();
  await sender.burst(EVENTS);
  const health = await until(
    'every span in the store',
    async () => {
      const now = await server.get<Health>('/api/health');
      return now.gauges.store.spans >= EVENTS / 2 && now.gauges.store.queued === 0 ? now : null;
    },
    120_000,
  );
  const seconds = (performance.now() - began) / 1_000;
  const cpu = (cpuSeconds(server.child.pid ?? 0) - cpuBefore) / seconds;
  report.line('socket to SQLite and live clients', `${formatCompact(EVENTS / seconds).text}/s`, {
    ratio: `${health.gauges.lost} lost, server took ${cpu.toFixed(2)} cores`,
    goal: '300 k/s, 0 lost',
  });
  report.line('peak memory of the server', `${peakRssMb(server.child.pid ?? 0).toFixed(0)} MB`, {
    goal: '400 MB',
  });
  for (const client of clients) client[Symbol.dispose]();
  sender.close();
}

async function latency(report: Report): Promise<void> {
  await using server = await startTestServer();
  using live = await connectLive(server.url, { filter: 'op:create' });
  const sender = await Sender.connect(server);
  const delaysMs: number[] = [];
  live.socket.on('message', (data) => {
    const nowUs = (performance.timeOrigin + performance.now()) * 1_000;
    const frame = JSON.parse(String(data)) as { type: string; spans?: { startUs: number }[] };
    if (frame.type !== 'batch') return;
    for (const span of frame.spans ?? []) delaysMs.push((nowUs - span.startUs) / 1_000);
  });
  await sender.steady(20_000, 5, 'create');
  await until('the frames', () => delaysMs.length >= 40_000 || null, 20_000);
  delaysMs.sort((a, b) => a - b);
  const p99 = delaysMs[Math.floor(delaysMs.length * 0.99)] ?? 0;
  report.line('ENTER to frame, p50', formatDuration((delaysMs[delaysMs.length >> 1] ?? 0) * 1e6).text);
  report.line('ENTER to frame, p99', formatDuration(p99 * 1e6).text, { goal: '150 ms' });
  sender.close();
}

/** A collector that has nothing else to do. */
class Sender {
  readonly #socket: net.Socket;
  #seq = 1;
  #id = 1;

  static async connect(server: TestServer): Promise<Sender> {
    const socket = net.connect(server.socket);
    await once(socket, 'connect');
    socket.write(MAGIC);
    const hello = {
      v: 1,
      instance: crypto.randomUUID(),
      kind: 'mirror',
      pid: process.pid,
      comm: 'bench',
      host: hostname(),
    };
    socket.write(jsonFrame(FRAME.HELLO, hello));
    const mount = {
      index: 0,
      mount: '/bench',
      fsType: 'fuse.bench',
      source: null,
      connection: null,
      daemon: null,
      tier: 'mirror',
    };
    socket.write(jsonFrame(FRAME.MOUNT, mount));
    socket.resume();
    return new Sender(socket);
  }

  private constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  /** As fast as the server reads. The frames are made before the clock matters to anybody else: 512 at a time. */
  async burst(events: number): Promise<void> {
    for (let sent = 0; sent < events; sent += BATCH) {
      const more = this.#socket.write(this.#batch(Math.min(BATCH, events - sent), 'read'));
      if (!more) await once(this.#socket, 'drain');
    }
  }

  /** At an even rate, a batch every 20 ms. */
  async steady(eventsPerS: number, seconds: number, op: string): Promise<void> {
    const perBeat = eventsPerS / 50;
    const began = performance.now();
    for (let beat = 0; beat < seconds * 50; beat++) {
      this.#socket.write(this.#batch(perBeat, op));
      const waitMs = began + (beat + 1) * 20 - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #batch(events: number, op: string): Uint8Array {
    const encoder = new BatchEncoder(events);
    const firstSeq = this.#seq;
    const [s, ns] = process.hrtime();
    const monoNs = s * 1e9 + ns;
    const tsUs = (performance.timeOrigin + performance.now()) * 1_000;
    for (let i = 0; i < events; i += 2) {
      const id = this.#id++;
      const event: WireEvent = {
        kind: ENTER,
        mount: 0,
        op: opCode(op),
        id,
        monoNs,
        tsUs,
        durNs: null,
        queueNs: null,
        errno: null,
        path: `/data/set-${id % 20}/part-${id % 1_000}.bin`,
        newPath: null,
        nodeid: null,
        fh: id % 500,
        offset: (id % 64) * 131_072,
        size: 131_072,
        bytes: null,
        pid: 4_000 + (id % 8),
        tid: 4_000 + (id % 8),
        uid: 1_000,
        gid: 1_000,
        comm: 'rsync',
        daemonTid: null,
        args: null,
      };
      encoder.add(event);
      encoder.add({
        ...event,
        kind: EXIT,
        path: null,
        comm: null,
        durNs: 20_000 + (id % 97) * 1_000,
        errno: 0,
        bytes: 131_072,
      });
    }
    this.#seq += events;
    return encoder.seal(firstSeq);
  }
}

/** User and system time of a process so far, in s (proc_pid_stat(5), fields 14 and 15 at 100 ticks a second). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakRssMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}
