// A server for tests: started for them, or one that runs already; and captures of mounts through it, by the kernel tap or
// by a mirror.
import type { Mirror } from '../../shared/api.ts';
import { quoteLiteral } from '../../shared/filter/print.ts';
import type { Mount } from '../../shared/mount.ts';
import { call, type ServerAddress } from './api.ts';
import { Capture } from './capture.ts';
import { waitForMount } from './mount-ready.ts';
import { startProcess } from './process.ts';
import { MountTrace } from './trace.ts';

export interface CaptureOptions {
  /** How long the mount may take to appear and to be listened to. Default 5,000 ms. */
  timeoutMs?: number;
  /** False: a mount that nobody listens to is left so, and this throws. Default true. */
  attach?: boolean;
}

export interface MirrorOptions {
  allowOther?: boolean;
  directIo?: boolean;
}

export interface StartOptions {
  /** Further arguments of `fusescope serve`, such as `['--tap', 'tracefs']`. */
  args?: readonly string[];
  /** Default 15,000 ms. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Between two questions for a mount that the server does not know yet, ms. */
const ASK_MS = 25;

export class FuseScope implements AsyncDisposable {
  readonly server: ServerAddress;
  readonly #stop: () => Promise<void>;

  constructor(server: ServerAddress, stop: () => Promise<void>) {
    this.server = server;
    this.#stop = stop;
  }

  /**
   * Listens to a mount that is there or about to be. As root that is any FUSE mount; otherwise mirrors.
   * @throws where it does not appear in time, or nothing may listen to it.
   */
  async capture(mountpoint: string, options: CaptureOptions = {}): Promise<Capture> {
    const { timeoutMs = TIMEOUT_MS, attach = true } = options;
    const deadline = performance.now() + timeoutMs;
    const missing = await waitForMount(mountpoint, timeoutMs);
    if (missing !== null) throw new Error(`cannot capture ${mountpoint} (${missing}). Mount it first`);
    return openCapture(this.server, await this.#listening(mountpoint, deadline, attach), mountpoint);
  }

  /** Mirrors a directory on an empty one and captures it; unmounted when the capture is closed. */
  async mirror(source: string, mountpoint: string, options: MirrorOptions = {}): Promise<Capture> {
    const body = { source, mountpoint, ...options };
    const mirror = await call<Mirror>(this.server, 'POST', '/api/mirrors', { body });
    const unmount = async () => {
      await call(this.server, 'DELETE', `/api/mirrors/${mirror.id}`);
    };
    try {
      const mount = await this.#listening(mirror.mountpoint, performance.now() + TIMEOUT_MS);
      return await openCapture(this.server, mount, mirror.mountpoint, unmount);
    } catch (error) {
      await unmount();
      throw error;
    }
  }

  /** Ends the server where this started it. */
  stop(): Promise<void> {
    return this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The mount as something listens to it; a mirror tells of itself, others are attached. */
  async #listening(mountpoint: string, deadline: number, attach = true): Promise<Mount> {
    let asked = !attach;
    for (;;) {
      const { items } = await call<{ items: Mount[] }>(this.server, 'GET', '/api/mounts');
      const found = items.filter(({ mount, alsoAt }) => mount === mountpoint || alsoAt.includes(mountpoint));
      const heard = found.find(({ tier }) => tier === 'mirror') ?? found.find(isTapped);
      if (heard) return heard;
      const [other] = found;
      if (other?.kind === 'kernel' && other.tier === 'none' && !asked) {
        asked = true;
        await call(this.server, 'POST', `/api/mounts/${other.id}/attach`);
      }
      if (performance.now() >= deadline || (!attach && other?.tier === 'none')) {
        const why = other ? (other.tierReason ?? `its tier is ${other.tier}`) : 'the server does not know it';
        throw new Error(`cannot capture ${mountpoint} (${why}). "fusescope doctor" says what is missing`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }
}

/** Starts a server of its own, on a free port with a database in memory; it ends with this process. */
export async function startFuseScope({
  args = [],
  timeoutMs = 15_000,
}: StartOptions = {}): Promise<FuseScope> {
  const running = await startProcess(args, timeoutMs);
  return new FuseScope({ url: running.url, token: null }, running.stop);
}

/** Uses a server that runs. @param server default FUSESCOPE_SERVER, or http://127.0.0.1:7411. @throws where there is none. */
export async function connectFuseScope(
  server = process.env.FUSESCOPE_SERVER ?? 'http://127.0.0.1:7411',
  token: string | null = process.env.FUSESCOPE_TOKEN ?? null,
): Promise<FuseScope> {
  const address = { url: server, token };
  await call(address, 'GET', '/api/health');
  return new FuseScope(address, async () => {});
}

/** A capture of a mount that is listened to. @param mountpoint where the user names it. @param undo what closing it undoes. */
export async function openCapture(
  server: ServerAddress,
  mount: Mount,
  mountpoint = mount.mount,
  undo?: () => Promise<void>,
): Promise<Capture> {
  const filter = `mount:${quoteLiteral(mount.mount)} source:${mount.kind}`;
  return new Capture(mountpoint, await MountTrace.open(server, mount, filter), undo);
}

/** A capture without a trace: its waits look carefully instead. For where FUSE_TRACE=1 is not set. */
export function captureByLooking(mountpoint: string): Capture {
  return new Capture(mountpoint, null);
}

function isTapped({ tier }: Mount): boolean {
  return tier === 'bpf' || tier === 'tracefs';
}
