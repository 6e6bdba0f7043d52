// The loader as a child process: started, spoken to in lines, read in frames, ended for certain.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { FrameSplitter } from './frames.ts';
import type { Bytes } from './record.ts';

/** dist/tap of a checkout (code runs from fuse/kernel) and of a package (from dist/fuse/kernel). */
const BUILT = join(
  import.meta.dirname,
  extname(import.meta.filename) === '.ts' ? '../../dist/tap' : '../../tap',
);
const CLOSE_MS = 1000;

export interface LoaderFiles {
  loader: string;
  object: string;
}

export const DEFAULT_FILES: LoaderFiles = {
  loader: join(BUILT, 'tap-loader'),
  object: join(BUILT, 'tap.bpf.o'),
};

export interface LoaderEvents {
  frame(type: number, bytes: Bytes, at: number): void;
  /** It is no more; `reason` is the sentence it left, or how it ended. */
  ended(reason: string): void;
}

export class LoaderProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;

  /** @throws where it was not built. */
  constructor({ loader, object }: LoaderFiles, events: LoaderEvents) {
    if (!existsSync(loader))
      throw new Error(
        'the loader of the kernel tap is not built (apt-get install libbpf-dev gcc, then npm run build)',
      );
    this.#child = spawn(loader, [object], { cwd: '/', stdio: 'pipe' });
    const frames = new FrameSplitter((type, bytes, at) => events.frame(type, bytes, at));
    let said = '';
    this.#child.stdout.on('data', (chunk: Buffer) => frames.push(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-4096);
    });
    // Its end says more.
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        said ||= error.message;
      });
      this.#child.on('close', (code, signal) => {
        resolve();
        events.ended(said.trim() || `the loader of the kernel tap ended (${signal ?? `exit ${code}`})`);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(command: string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(`${command}\n`);
  }

  /** Resolves when it has ended; it is killed where it does not end by itself. */
  async close(): Promise<void> {
    this.#child.stdin.end('quit\n');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
