// One of the probe's two children, which touch the directories so that this process need not.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { FromProbe, ToProbe } from '../../shared/probe.ts';
import { program } from '../setup/paths.ts';

export class ProbeChild {
  readonly #child: ChildProcess;
  readonly #done: Promise<void>;

  /** @param hear gets what the child tells; `ended` is called when it has ended without being asked to */
  constructor(role: 'write' | 'look', dir: string, hear: (message: FromProbe) => void, ended: () => void) {
    this.#child = spawn(process.execPath, [program('fuse/probe/main'), role, dir], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdin?.on('error', () => {});
    this.#done = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.#child.once('exit', ended);
    this.#child.once('error', ended);
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      hear(JSON.parse(line) as FromProbe),
    );
  }

  tell(message: ToProbe): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends it; one that hangs on its mount is left to die when that answers. */
  async end(graceMs: number): Promise<void> {
    this.#child.removeAllListeners('exit');
    this.#child.stdin?.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([this.#done, late]);
    clearTimeout(timer);
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGKILL');
    this.#child.stdout?.destroy();
    this.#child.unref();
  }
}
