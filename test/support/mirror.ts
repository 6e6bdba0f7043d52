// Real mirrors for tests, each in its own process, and a place for them that is cleaned up whatever happens. The
// test process itself never touches a mount: what looks at one runs in a child.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMountinfo } from '../../fuse/mountinfo.ts';
import { until } from './until.ts';

const MAIN = new URL('../../fuse/mirror/main.ts', import.meta.url).pathname;

export interface Ended {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface Mirror {
  child: ChildProcess;
  pid: number;
  mountpoint: string;
  source: string;
  mountId: number;
  /** What it printed on stderr so far. */
  stderr: () => string;
  /** Resolves when the process has ended. */
  ended: Promise<Ended>;
}

/** A program in a child. Never rejects; the status tells. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        timeout: options.timeoutMs ?? 60_000,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const status = error ? (typeof error.code === 'number' ? error.code : null) : 0;
        resolve({
          status,
          signal: child.signalCode,
          stdout,
          stderr: stderr || (error && !stdout ? error.message : ''),
        });
      },
    );
  });
}

/** A script of bash, ending at its first error. */
export function bash(script: string, cwd: string, env: Record<string, string> = {}): Promise<Ended> {
  // Where its input is a socket and nothing above it was a shell, bash takes itself to be run by rshd and reads a file.
  return run('bash', ['--norc', '-euo', 'pipefail', '-c', script], { cwd, env: { LC_ALL: 'C', ...env } });
}

/** The words after which the mirror process is started; `prefix` may be `unshare …`. */
export function mirrorCommand(args: readonly string[], prefix: readonly string[] = []): [string, string[]] {
  const [program = '', ...rest] = [...prefix, process.execPath, MAIN, ...args];
  return [program, rest];
}

/** A directory for one test file, outside of the checkout. `clean` ends all its mirrors and removes it. */
export class Workplace {
  #dir: string | null = null;
  readonly #mirrors: Mirror[] = [];

  /** Made when it is first asked for, since tests that are skipped do not clean. */
  get dir(): string {
    this.#dir ??= mkdtempSync(join(tmpdir(), 'fusescope-test-'));
    return this.#dir;
  }

  /** Makes a directory in it. */
  make(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Starts a mirror and waits until it is mounted. Directories are made. @throws where it ends before. */
  async mirror(source: string, mountpoint: string, args: readonly string[] = []): Promise<Mirror> {
    mkdirSync(source, { recursive: true });
    mkdirSync(mountpoint, { recursive: true });
    return this.start([source, mountpoint, ...args]);
  }

  /** Starts a mirror process as it is told. @param prefix words before it, as `setpriv …`. */
  async start(
    args: readonly string[],
    prefix: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<Mirror> {
    const [program, words] = mirrorCommand(args, prefix);
    const child = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const mirror = await ready(child);
    this.#mirrors.push(mirror);
    return mirror;
  }

  async clean(): Promise<void> {
    for (const { child, ended } of this.#mirrors) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
    if (this.#dir === null) return;
    for (const mounted of mountsBelow(this.dir)) await run('fusermount', ['-uz', mounted]);
    await until('all mounts to be gone', () => mountsBelow(this.dir).length === 0);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Mount points under a directory, innermost first. */
export function mountsBelow(dir: string): string[] {
  return readMountinfo()
    .map((entry) => entry.mountpoint)
    .filter((path) => path.startsWith(`${dir}/`))
    .reverse();
}

/** The process of fusermount that waits for the mirror's death, by the mount it guards. */
export function guardOf(path: string): number | null {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words[0]?.includes('fusermount') && words.includes(path)) return Number(pid);
    } catch {
      // Ended while we looked.
    }
  }
  return null;
}

/** Waits for the ready line of a mirror process. @throws with its stderr where it ends before. */
export function ready(child: ChildProcess): Promise<Mirror> {
  let stdout = '';
  let stderr = '';
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      if (!stdout.includes('\n')) return;
      const line = JSON.parse(stdout.slice(0, stdout.indexOf('\n'))) as Omit<
        Mirror,
        'child' | 'stderr' | 'ended'
      >;
      resolve({ ...line, child, ended, stderr: () => stderr });
    });
    void ended.then(({ status, signal }) =>
      reject(new Error(`mirror ended (${status ?? signal}): ${stderr}`)),
    );
  });
}
