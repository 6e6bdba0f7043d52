// Processes that the server starts are started by another one. A process that is forked has all of its parent's files and
// mappings, and lets go of them before its program runs. Where that means to write something back, as with the mapped
// index of an SQLite database on FUSE or NFS, it waits for the disk, the parent waits for its child, and whoever reads
// /proc of that child (ps) waits as well. A server whose database is on a disk that hangs would stand still with the
// first process it starts. So it forks once, before it opens a file.
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { program } from '../setup/paths.ts';
import type { Launch } from './launch.ts';
import type { FromLauncher, ToLauncher } from './messages.ts';
import { Started } from './started.ts';

/** For a pipe to say whose it is, and for the launcher to end. */
const PATIENCE_MS = 2_000;
const HEAD = /^([0-9a-f]{32}) ([012])\n/;
const HEAD_BYTES = 35;

export class Launcher {
  readonly #path = `\0fusescope-${process.pid}-${randomBytes(8).toString('hex')}`;
  readonly #server: Server;
  readonly #started = new Map<number, Started>();
  /** By the token that its pipes bring, while one is to come. It may have ended before they are here. */
  readonly #expected = new Map<string, Started>();
  #process: ChildProcess | null = null;
  #nextId = 0;
  #closed = false;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#receive(socket));
  }

  /** To be awaited before the first file is opened. */
  static async start(): Promise<Launcher> {
    const launcher = new Launcher(createServer());
    launcher.#server.listen(launcher.#path).unref();
    await once(launcher.#server, 'listening');
    launcher.#fork();
    return launcher;
  }

  readonly launch: Launch = (name, args, { stdio, env }) => {
    const id = this.#nextId++;
    const started = new Started(stdio, (signal) => this.#tell({ do: 'kill', id, signal }));
    if (this.#closed) {
      process.nextTick(() => started.fail({ code: undefined, message: 'the server ends' }));
      return started;
    }
    this.#started.set(id, started);
    const token = randomBytes(16).toString('hex');
    if (started.pending.size > 0) this.#expected.set(token, started);
    this.#tell({ do: 'launch', id, program: name, args, env: env ?? null, stdio, path: this.#path, token });
    return started;
  };

  /** Lets go of what still runs: whoever started it has asked it to end. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#server.close();
    const child = this.#process;
    if (!child) return;
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    if (child.connected) child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #tell(message: ToLauncher): void {
    if (this.#closed && !this.#process) return;
    // One that has died is replaced, at the risk that it has died while a disk hangs.
    const child = this.#process ?? this.#fork();
    if (child.connected) child.send(message, () => {});
  }

  #fork(): ChildProcess {
    const child = fork(program('server/launch/main'), {
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#process = child;
    child.unref();
    child.channel?.unref();
    child.on('message', (message: FromLauncher) => this.#hear(message));
    child.once('exit', () => this.#lost());
    // It could not be started; other errors are followed by its end.
    child.on('error', () => child.pid === undefined && this.#lost());
    return child;
  }

  /** The pipes of what it had started end with this, and so do they. */
  #lost(): void {
    this.#process = null;
    for (const started of this.#started.values()) started.end(null, 'SIGKILL');
    for (const started of this.#expected.values()) started.expectNoMore();
    this.#started.clear();
    this.#expected.clear();
  }

  #hear(message: FromLauncher): void {
    const started = this.#started.get(message.id);
    if (!started) return;
    if ('pid' in message) started.begin(message.pid);
    else {
      this.#started.delete(message.id);
      if ('ended' in message) started.end(message.ended.code, message.ended.signal);
      else started.fail(message.failed);
    }
  }

  /** A connection is taken once it has said which pipe of which process it is. */
  #receive(socket: Socket): void {
    socket.unref();
    const late = setTimeout(() => socket.destroy(), PATIENCE_MS).unref();
    socket.on('error', () => socket.destroy());
    const read = () => {
      const head = socket.read(HEAD_BYTES) as Buffer | null;
      if (head === null) return;
      clearTimeout(late);
      socket.off('readable', read);
      const [, token = '', index] = HEAD.exec(head.toString('latin1')) ?? [];
      const started = this.#expected.get(token);
      if (!started?.attach(Number(index), socket)) socket.destroy();
      if (started?.pending.size === 0) this.#expected.delete(token);
    };
    socket.on('readable', read);
  }
}
