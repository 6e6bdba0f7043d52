// A process that the launcher was asked for: what a ChildProcess is, with pipes that are connected a little later.
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Launched, Stdio } from './launch.ts';

export class Started extends EventEmitter implements Launched {
  readonly stdin: PassThrough | null;
  readonly stdout: PassThrough | null;
  readonly stderr: PassThrough | null;
  pid: number | undefined;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  /** Pipes that are not connected yet, by descriptor. */
  readonly pending = new Set<number>();
  readonly #signal: (signal: NodeJS.Signals) => void;
  readonly #sockets: Socket[] = [];
  #input: Socket | null = null;
  #held = true;
  /** Outputs that are not read to their end. */
  #reading = 0;
  #ended = false;
  /** Outputs that are held back until its id is known: whoever reads them may ask for it. */
  #waiting: (() => void)[] | null = [];

  /** @param signal sends it one */
  constructor(stdio: Stdio, signal: (signal: NodeJS.Signals) => void) {
    super();
    this.#signal = signal;
    const streams = stdio.map((kind) => (kind === 'pipe' ? new PassThrough() : null));
    for (const [fd, stream] of streams.entries()) if (stream) this.pending.add(fd);
    [this.stdin = null, this.stdout = null, this.stderr = null] = streams;
    for (const output of [this.stdout, this.stderr]) {
      if (!output) continue;
      this.#reading++;
      output.once('close', () => {
        this.#reading--;
        this.#maybeClose();
      });
    }
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#ended) this.#signal(signal);
  }

  unref(): void {
    this.#held = false;
    for (const socket of this.#sockets) socket.unref();
  }

  /** It runs. */
  begin(pid: number): void {
    this.pid = pid;
    this.#letGo();
  }

  /** Connects one of its pipes. @returns false where it is not waited for. */
  attach(fd: number, socket: Socket): boolean {
    const stream = [this.stdin, this.stdout, this.stderr][fd];
    if (!stream || !this.pending.delete(fd)) return false;
    if (this.#held) socket.ref();
    this.#sockets.push(socket);
    if (fd === 0) {
      this.#input = socket;
      stream.pipe(socket);
      socket.on('error', (error) => stream.destroy(error));
      socket.once('close', () => stream.destroy());
      // Nothing comes; it is read to see that the other end is gone.
      socket.resume();
    } else {
      const read = () => {
        socket.pipe(stream, { end: false });
        if (socket.closed) stream.end();
        else socket.once('close', () => stream.end());
      };
      if (this.#waiting) this.#waiting.push(read);
      else read();
    }
    return true;
  }

  /** Pipes that are not here yet will not come. */
  expectNoMore(): void {
    for (const fd of this.pending) [this.stdin, this.stdout, this.stderr][fd]?.end();
    this.pending.clear();
  }

  end(code: number | null, signal: NodeJS.Signals | null): void {
    this.exitCode = code;
    this.signalCode = signal;
    this.#ended = true;
    this.#letGo();
    this.stdin?.destroy();
    this.#input?.destroy();
    this.#maybeClose();
  }

  /** It could not be started. */
  fail({ code, message }: { code: string | undefined; message: string }): void {
    for (const output of [this.stdout, this.stderr]) output?.destroy();
    this.emit('error', Object.assign(new Error(message), code === undefined ? {} : { code }));
    this.end(-1, null);
  }

  #letGo(): void {
    for (const read of this.#waiting ?? []) read();
    this.#waiting = null;
  }

  #maybeClose(): void {
    if (this.#ended && this.#reading === 0) this.emit('close', this.exitCode, this.signalCode);
  }
}
