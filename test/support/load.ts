// A program that never stops looking for names on a mount, each another one, and tells what it was answered. Its own
// process, so that a mount that hangs hangs it and nothing else.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** Errno of each answer; ENOENT is the right one. */
const PERL = `
$| = 1;
for (my $i = 0; ; $i++) {
  my $errno = lstat("$ARGV[0]/n-$i") ? 0 : $! + 0;
  print "$i $errno\\n";
  select(undef, undef, undef, 0.001);
}`;

export class Load {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** Times of its answers, ms of performance.now. */
  readonly #atMs: number[] = [];
  /** How often each errno was answered. */
  readonly answers = new Map<number, number>();

  /** @param mountpoint where; names are `n-0`, `n-1`, … */
  constructor(mountpoint: string) {
    this.#child = spawn('perl', ['-e', PERL, mountpoint], { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
    this.#lines = createInterface({ input: this.#child.stdout as NonNullable<ChildProcess['stdout']> });
    this.#lines.on('line', (line) => {
      const [, errno = 0] = line.split(' ').map(Number);
      this.#atMs.push(performance.now());
      this.answers.set(errno, (this.answers.get(errno) ?? 0) + 1);
    });
  }

  /** How many were answered. */
  get count(): number {
    return this.#atMs.length;
  }

  /** How many were answered by then. */
  countAt(ms: number): number {
    return this.#atMs.findLastIndex((atMs) => atMs <= ms) + 1;
  }

  /** Resolves when so many more were answered. */
  async more(count: number): Promise<void> {
    const end = this.count + count;
    while (this.count < end) await once(this.#lines, 'line');
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }
}
