// A fake server (fake-server.ts) as a child: to be asked, stopped, killed and started again.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Control, WireFaults } from '../../shared/wire/faults.ts';
import type { FakeCounts } from './fake-server.ts';

const MAIN = new URL('fake-server.ts', import.meta.url).pathname;

export class FakeServer {
  readonly child: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];

  #requests = 0;

  private constructor(child: ChildProcess, lines: Interface) {
    this.child = child;
    this.#lines = lines;
    this.#lines.on('line', (line) => this.#waiting.shift()?.resolve(line));
    child.on('exit', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the fake server has ended'));
    });
  }

  /** Starts one and waits until it listens. @param seqFile keeps what it acknowledged for its successor. */
  static async start(socketPath: string, seqFile = ''): Promise<FakeServer> {
    const child = spawn(process.execPath, [MAIN, socketPath, seqFile], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const server = new FakeServer(child, createInterface({ input: child.stdout }));
    await server.#line();
    return server;
  }

  counts(): Promise<FakeCounts> {
    return this.#ask('\n');
  }

  /** The counts as soon as more events have come. */
  next(): Promise<FakeCounts> {
    return this.#ask('next\n');
  }

  /** Asks every collector to tell events soon. */
  hurry(): void {
    this.child.stdin?.write('prompt\n');
  }

  /** Asks a mirror for something, see shared/wire/faults.ts. Resolves with its rules once it has answered. */
  async control(request: Omit<Control, 'request'> & Record<string, unknown>): Promise<WireFaults> {
    const number = ++this.#requests;
    const answered = ({ faults }: FakeCounts) => faults?.answers.find((one) => one.request === number);
    let counts = this.#ask('next\n');
    this.child.stdin?.write(`${JSON.stringify({ ...request, request: number })}\n`);
    for (let found = answered(await counts); ; found = answered(await counts)) {
      if (found?.error) throw new Error(found.error);
      if (found) return (await counts).faults as WireFaults;
      counts = this.#ask('next\n');
    }
  }

  /** Resolves when it has ended. */
  kill(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  async #ask(question: string): Promise<FakeCounts> {
    const line = this.#line();
    this.child.stdin?.write(question);
    return JSON.parse(await line) as FakeCounts;
  }

  #line(): Promise<string> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}
