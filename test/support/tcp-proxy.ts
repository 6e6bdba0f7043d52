// A link that can be made slow, narrow, silent, or cut, between a client and a TCP server: network faults belong between a
// file system's daemon and its backend. As a program: node test/support/tcp-proxy.ts --to HOST:PORT [--port 2222]
// [--latency 50] [--rate 131072]; it then takes lines `latency MS`, `rate BYTES`, `stall`, `go`, `cut` on standard input.
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

export interface LinkState {
  /** Of each direction, in ms. */
  latencyMs: number;
  /** Of each direction and connection, in bytes a second; null for no limit. */
  bytesPerS: number | null;
  /** Nothing comes through, and nobody is told. */
  stalled: boolean;
}

/** Bytes that one direction may hold back; then its sender has to wait. */
const HELD_BYTES = 256 * 1024;

/** One direction of one connection. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #state: LinkState;
  readonly #held: { bytes: Buffer; dueMs: number }[] = [];
  #heldBytes = 0;
  #freeMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(from: Socket, to: Socket, state: LinkState) {
    this.#from = from;
    this.#to = to;
    this.#state = state;
    from.on('data', (bytes) => this.#take(bytes as Buffer));
    from.on('end', () => {
      this.#ended = true;
      this.pump();
    });
    to.on('drain', () => this.pump());
  }

  /** Hands on what is due; also to be called when the state has changed. */
  pump(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    while (!this.#state.stalled && !this.#to.writableNeedDrain) {
      const [next] = this.#held;
      if (!next) break;
      const waitMs = Math.max(next.dueMs, this.#freeMs) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        break;
      }
      this.#held.shift();
      this.#heldBytes -= next.bytes.length;
      const { bytesPerS } = this.#state;
      if (bytesPerS !== null)
        this.#freeMs = Math.max(this.#freeMs, performance.now()) + (next.bytes.length / bytesPerS) * 1_000;
      this.#to.write(next.bytes);
    }
    if (this.#heldBytes < HELD_BYTES) this.#from.resume();
    if (this.#ended && this.#held.length === 0) this.#to.end();
  }

  #take(bytes: Buffer): void {
    this.#held.push({ bytes, dueMs: performance.now() + this.#state.latencyMs });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes >= HELD_BYTES) this.#from.pause();
    this.pump();
  }
}

export class TcpProxy implements Disposable {
  readonly port: number;
  readonly #server: Server;
  readonly #state: LinkState;
  readonly #sockets = new Set<Socket>();
  readonly #pipes = new Set<Pipe>();

  private constructor(server: Server, state: LinkState) {
    this.#server = server;
    this.#state = state;
    this.port = (server.address() as AddressInfo).port;
  }

  /** @param port to listen on, on 127.0.0.1; 0 for a free one. */
  static async start(
    target: { host?: string; port: number },
    { port = 0, ...given }: Partial<LinkState> & { port?: number } = {},
  ): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, { latencyMs: 0, bytesPerS: null, stalled: false, ...given });
    server.on('connection', (near) => proxy.#join(near, target));
    return proxy;
  }

  /** From now on; what is under way keeps its latency. */
  set(change: Partial<LinkState>): void {
    Object.assign(this.#state, change);
    for (const pipe of this.#pipes) pipe.pump();
  }

  /** Resets every connection, as a router does that has forgotten them. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.cut();
  }

  #join(near: Socket, { host = '127.0.0.1', port }: { host?: string; port: number }): void {
    const far = createConnection({ host, port, allowHalfOpen: true, noDelay: true });
    near.setNoDelay(true);
    const pipes = [new Pipe(near, far, this.#state), new Pipe(far, near, this.#state)];
    for (const pipe of pipes) this.#pipes.add(pipe);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        for (const pipe of pipes) this.#pipes.delete(pipe);
      });
    }
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      to: { type: 'string' },
      port: { type: 'string', default: '0' },
      latency: { type: 'string', default: '0' },
      rate: { type: 'string' },
    },
  });
  const [, host, port] = /^(.+):(\d+)$/.exec(values.to ?? '') ?? [];
  if (host === undefined) throw new Error('give --to HOST:PORT');
  const proxy = await TcpProxy.start(
    { host, port: Number(port) },
    {
      port: Number(values.port),
      latencyMs: Number(values.latency),
      bytesPerS: values.rate === undefined ? null : Number(values.rate),
    },
  );
  process.stdout.write(`127.0.0.1:${proxy.port} leads to ${values.to}\n`);
  const commands: Readonly<Record<string, (value: number) => void>> = {
    latency: (latencyMs) => proxy.set({ latencyMs }),
    rate: (bytesPerS) => proxy.set({ bytesPerS: bytesPerS > 0 ? bytesPerS : null }),
    stall: () => proxy.set({ stalled: true }),
    go: () => proxy.set({ stalled: false }),
    cut: () => proxy.cut(),
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const [name = '', value] = line.trim().split(/\s+/);
    const act = commands[name];
    if (act) act(Number(value));
    else process.stderr.write(`${JSON.stringify(name)} is none of ${Object.keys(commands).join(', ')}\n`);
  }
  proxy[Symbol.dispose]();
}
