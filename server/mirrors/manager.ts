// Mirrors that this server started: each a process of its own, ended with the server. A mirror started by hand
// is none of ours; it only shows up as a mount.

import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import type { Mirror, MirrorRequest } from '../../shared/api.ts';
import { CodedError } from '../errors.ts';
import { eachLine, type Launch, type Launched } from '../launch/launch.ts';

export interface MirrorPrograms {
  /** Entry files that node runs. */
  mirror: string;
  demo: string;
}

interface Running extends Mirror {
  child: Launched;
  ended: Promise<void>;
}

/** A mirror that is not mounted by then has failed, in ms. */
const MOUNT_TIMEOUT_MS = 15_000;
/** SIGTERM lets a mirror finish what is in flight (2 s); a second one makes it leave at once. */
const TERM_TIMEOUT_MS = 4_000;

export class MirrorManager {
  readonly #programs: MirrorPrograms;
  readonly #socket: string;
  readonly #launch: Launch;
  readonly #log: Logger;
  readonly #mirrors = new Map<number, Running>();
  #nextId = 1;

  constructor(programs: MirrorPrograms, socket: string, launch: Launch, log: Logger) {
    this.#programs = programs;
    this.#socket = socket;
    this.#launch = launch;
    this.#log = log;
  }

  list(): Mirror[] {
    return [...this.#mirrors.values()].map(view);
  }

  get demo(): Mirror | null {
    return this.list().find((one) => one.demo && one.state === 'mounted') ?? null;
  }

  /** @throws CodedError FUSESCOPE_MIRROR with the mirror's own sentence where it cannot mount. */
  async mount(request: MirrorRequest): Promise<Mirror> {
    const flags = [
      ...(request.allowOther ? ['--allow-other'] : []),
      ...(request.directIo ? ['--direct-io'] : []),
    ];
    return this.#start(this.#programs.mirror, [...flags, request.source, request.mountpoint], {
      source: request.source,
      mountpoint: request.mountpoint,
      demo: false,
    });
  }

  /** The demo, of which there is one at a time. */
  async startDemo(): Promise<Mirror> {
    return this.demo ?? this.#start(this.#programs.demo, [], { source: '', mountpoint: '', demo: true });
  }

  /** Where a mirror is mounted. @throws CodedError FUSESCOPE_NOT_FOUND where it is not, or no more. */
  mountpointOf(id: number): string {
    const mirror = this.#mirrors.get(id);
    if (mirror?.state !== 'mounted') throw notFound(id);
    return mirror.mountpoint;
  }

  async unmount(id: number): Promise<void> {
    const mirror = this.#mirrors.get(id);
    if (!mirror) throw notFound(id);
    await stop(mirror);
    this.#mirrors.delete(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#mirrors.values()].map(stop));
  }

  async #start(
    program: string,
    args: string[],
    what: Pick<Mirror, 'source' | 'mountpoint' | 'demo'>,
  ): Promise<Mirror> {
    const words = [program, '--socket', this.#socket, '--die-with-parent', ...args];
    const child = this.#launch(process.execPath, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
    });
    const said: string[] = [];
    const mirror: Running = {
      id: this.#nextId++,
      ...what,
      pid: 0,
      state: 'mounted',
      message: null,
      child,
      ended: new Promise((resolve) => child.once('close', () => resolve())),
    };
    // A pipe to a process that has just ended must not end us.
    child.stdin?.on('error', () => {});
    eachLine(child.stderr, (line) => {
      said.push(line);
      if (said.length > 20) said.shift();
      this.#log.info({ mirror: mirror.mountpoint, pid: child.pid }, line);
    });
    const ready = await readyLine(child).catch(async (error: Error) => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await mirror.ended;
      const sentence = said.findLast((line) => line.startsWith('fusescope: '));
      throw new CodedError(
        'FUSESCOPE_MIRROR',
        sentence?.slice('fusescope: '.length) ?? said.at(-1) ?? error.message,
      );
    });
    mirror.pid = child.pid ?? 0;
    mirror.mountpoint = ready.mountpoint ?? mirror.mountpoint;
    mirror.source = ready.source ?? mirror.source;
    this.#mirrors.set(mirror.id, mirror);
    child.once('close', (code, signal) => {
      mirror.state = 'ended';
      mirror.message = said.at(-1) ?? `ended with ${signal ?? code}`;
    });
    return view(mirror);
  }
}

function view(mirror: Running): Mirror {
  const { child: _child, ended: _ended, ...shown } = mirror;
  return shown;
}

async function readyLine(child: Launched): Promise<{ mountpoint?: string; source?: string }> {
  const { stdout } = child;
  if (!stdout) throw new Error('the mirror has no standard output');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the mirror was not mounted within ${MOUNT_TIMEOUT_MS / 1000} s`)),
      MOUNT_TIMEOUT_MS,
    );
    const lines = createInterface({ input: stdout });
    lines.once('line', (line) => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(line) as { mountpoint?: string; source?: string });
      } catch {
        reject(new Error(`the mirror said ${JSON.stringify(line)}`));
      }
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`the mirror ended with ${code}`));
    });
  });
}

async function stop(mirror: Running): Promise<void> {
  if (mirror.child.exitCode !== null || mirror.child.signalCode !== null) return;
  mirror.child.kill('SIGTERM');
  const again = setTimeout(() => mirror.child.kill('SIGTERM'), TERM_TIMEOUT_MS);
  const kill = setTimeout(() => mirror.child.kill('SIGKILL'), TERM_TIMEOUT_MS * 2);
  await mirror.ended;
  clearTimeout(again);
  clearTimeout(kill);
}

function notFound(id: number): CodedError {
  return new CodedError('FUSESCOPE_NOT_FOUND', `there is no mirror ${id}; GET /api/mirrors lists them`);
}
