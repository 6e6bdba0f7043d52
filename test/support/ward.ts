// A place for mounts that hang on purpose, where everything comes to an end whatever happens. Every process started here
// dies with the test process, by the kernel's own hand; `clean` thaws, continues, aborts, kills, unmounts, and fails
// where something is left. The test process itself never touches a mount.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountAt } from '../../fuse/mountinfo.ts';
import { mountsBelow } from './mirror.ts';
import { freeze, isAlive, until } from './until.ts';

const FUSECTL = '/sys/fs/fuse/connections';

export interface Mounted {
  child: ChildProcess;
  pid: number;
  mountpoint: string;
  source: string;
  /** Number in fusectl. */
  connection: number;
}

export class Ward {
  #dir: string | null = null;
  readonly #children: ChildProcess[] = [];
  readonly #stopped = new Set<number>();
  readonly #connections = new Set<number>();
  readonly #undo: (() => void)[] = [];

  /** Made when it is first asked for, since tests that are skipped do not clean. */
  get dir(): string {
    this.#dir ??= mkdtempSync(join(tmpdir(), 'fusescope-ward-'));
    return this.#dir;
  }

  /** Makes a directory in it. */
  make(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** A file in it. */
  file(name: string, content: string): string {
    const path = join(this.dir, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Something else that has to be put right at the end; may fail where it is right already. */
  atEnd(step: () => void): void {
    this.#undo.push(step);
  }

  /** A process that does not outlive us. */
  start(program: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C', ...env },
    });
    child.stdin.on('error', () => {});
    child.stdout.resume();
    child.stderr.resume();
    this.#children.push(child);
    return child;
  }

  /** A daemon in the foreground. @param source only kept for the test to know. */
  async mount(
    mountpoint: string,
    program: string,
    args: readonly string[],
    env: Record<string, string> = {},
    source = '',
  ): Promise<Mounted> {
    mkdirSync(mountpoint, { recursive: true });
    const child = this.start(program, args, env);
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += chunk;
    });
    const entry = await until(`${program} to mount`, () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${said}`);
      return mountAt(mountpoint);
    });
    this.#connections.add(entry.device);
    return { child, pid: child.pid ?? 0, mountpoint, source, connection: entry.device };
  }

  async bindfs(name: string, args: readonly string[] = []): Promise<Mounted> {
    const source = this.make(`${name}-source`);
    const mountpoint = this.make(name);
    return this.mount(mountpoint, 'bindfs', ['-f', ...args, source, mountpoint], {}, source);
  }

  /** Stops processes for as long as it is wanted. */
  async stop(...pids: number[]): Promise<void> {
    for (const pid of pids) this.#stopped.add(pid);
    for (const pid of pids) await freeze(pid);
  }

  /** A program that uses a mount and waits there; it is only ever ended by its daemon or by `clean`. */
  use(program: string, ...args: string[]): ChildProcess {
    return this.start(program, args);
  }

  /** @throws with everything that could not be brought to an end. */
  async clean(): Promise<void> {
    const problems: string[] = [];
    const attempt = (step: () => void) => {
      try {
        step();
      } catch {
        // It was right already; what is left is found below.
      }
    };
    for (const step of this.#undo.reverse()) attempt(step);
    for (const pid of this.#stopped) attempt(() => process.kill(pid, 'SIGCONT'));
    for (const connection of this.#ours())
      attempt(() => writeFileSync(`${FUSECTL}/${connection}/abort`, '1'));
    for (const child of this.#children) {
      attempt(() => child.stdin?.destroy());
      attempt(() => child.kill('SIGKILL'));
    }
    for (const mounted of mountsBelow(this.dir)) attempt(() => execFileSync('umount', ['-l', mounted]));
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = await Promise.race([once(child, 'exit'), timeout(15_000)]);
      if (!ended) problems.push(`process ${child.pid} (${child.spawnargs.join(' ')}) does not end`);
    }
    await until('all mounts to be gone', () => mountsBelow(this.dir).length === 0).catch(() =>
      problems.push(`still mounted: ${mountsBelow(this.dir).join(', ')}`),
    );
    for (const pid of this.#stopped) if (await isAlive(pid)) attempt(() => process.kill(pid, 'SIGKILL'));
    if (problems.length > 0) throw new Error(problems.join('\n'));
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Connections of mounts that are still there; a freed number may be somebody else's by now. */
  #ours(): number[] {
    const mounted = mountsBelow(this.dir).map((path) => mountAt(path)?.device);
    return [...this.#connections].filter((one) => mounted.includes(one));
  }
}

function timeout(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());
}

/** Processes below one, by their parents. */
export function descendantsOf(pid: number): number[] {
  const found: number[] = [];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const ppid = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
      parents.set(Number(name), Number(ppid));
    } catch {
      // It has ended meanwhile.
    }
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const [child, parent] of parents) {
      if (found.includes(child) || (parent !== pid && !found.includes(parent))) continue;
      found.push(child);
      grown = true;
    }
  }
  return found;
}

/** Compiles what holds a process as a debugger does. @returns the program. */
export function buildHold(ward: Ward): string {
  const program = join(ward.dir, 'hold');
  execFileSync('gcc', ['-O1', '-o', program, join(import.meta.dirname, 'hold.c')]);
  return program;
}

/** Compiles a test's own file system, a C file beside this one. @returns the program. */
export function buildFs(ward: Ward, name: 'stuckfs' | 'asidefs'): string {
  const program = join(ward.dir, name);
  const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8' });
  const source = join(import.meta.dirname, `${name}.c`);
  execFileSync('gcc', ['-O1', '-o', program, source, ...flags.trim().split(/\s+/)]);
  return program;
}
