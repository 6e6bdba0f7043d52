// A capture around a command: a server that runs, or one of its own; what the command did, read back from the store.
import type { Health } from '../../shared/api.ts';
import { compileFilter, type SpanTest } from '../../shared/filter/compile.ts';
import { parse } from '../../shared/filter/parse.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import { call, type ServerAddress } from '../testing/api.ts';
import { Feed } from '../testing/feed.ts';
import { startProcess } from '../testing/process.ts';
import { openCapture } from '../testing/scope.ts';
import { MARK } from '../testing/trace.ts';
import { Summary } from './summary.ts';

export interface SessionOptions {
  /** Null: a server of its own. */
  server: ServerAddress | null;
  /** Which operations count. */
  filter: string;
}

const START_MS = 20_000;
/** What has ended is known after this at the latest, where a mount does not answer any more, ms. */
const SETTLE_MS = 5_000;
const ASK_MS = 25;
/** By then the server has heard of a first operation of every mount that was used, ms. */
const TOLD_MS = 250;
/** What a mount says while the tap is being set up (fuse/kernel/collector.ts). */
const STARTING = 'the kernel tap is starting';

export class Session {
  readonly server: ServerAddress;
  readonly #filter: string;
  readonly #matches: SpanTest;
  readonly #stop: () => Promise<void>;
  /** What a command needs to use the same server. */
  readonly env: Record<string, string>;
  readonly #feed: Feed;
  /** Mounts on which something was done. */
  readonly #used = new Set<number>();
  readonly #lostBefore: number;
  readonly fromUs: number;
  #toUs = Number.POSITIVE_INFINITY;

  private constructor(
    server: ServerAddress,
    options: SessionOptions,
    env: Record<string, string>,
    stop: () => Promise<void>,
    feed: Feed,
    lostBefore: number,
  ) {
    this.server = server;
    this.#filter = `${options.filter} -path:${MARK}*`.trim();
    this.#matches = matcher(options.filter);
    this.env = { FUSE_TRACE: '1', FUSESCOPE_SERVER: server.url, ...env };
    this.#stop = stop;
    this.#feed = feed;
    feed.listen({ span: ({ mountId }) => this.#used.add(mountId) });
    this.#lostBefore = lostBefore;
    this.fromUs = Math.floor(Date.now() * 1_000);
  }

  static async start(options: SessionOptions): Promise<Session> {
    let { server } = options;
    let env: Record<string, string> = {};
    let stop = async () => {};
    if (server === null) {
      const own = await startProcess([], START_MS);
      server = { url: own.url, token: null };
      env = { FUSESCOPE_SOCKET: own.socket };
      stop = own.stop;
    }
    try {
      await listening(server);
      const feed = await Feed.open(server, options.filter);
      const health = await call<Health>(server, 'GET', '/api/health');
      return new Session(server, options, env, stop, feed, health.gauges.lost);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  /** To be called when the command has ended: resolves when all that it did is stored. */
  async finish(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, TOLD_MS));
    const { items } = await call<{ items: Mount[] }>(this.server, 'GET', '/api/mounts');
    const settled = items
      .filter(({ id, tier }) => this.#used.has(id) && (tier === 'bpf' || tier === 'mirror'))
      .map(async (mount) => {
        // A mount that nothing was done on is not asked anything.
        const capture = await openCapture(this.server, mount);
        await capture.settle().finally(() => capture.close());
      });
    // What cannot be asked any more has told what it had, or is counted as lost.
    await Promise.allSettled(settled);
    this.#toUs = Math.ceil(Date.now() * 1_000);
    await this.#stored();
  }

  /** Spans that began while the command ran, oldest first. */
  async *spans(): AsyncGenerator<Span> {
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { ...this.range, order: 'start:asc', limit: '10000' };
      if (cursor !== null) query.cursor = cursor;
      const page: { items: Span[]; nextCursor: string | null } = await call(
        this.server,
        'GET',
        '/api/spans',
        { query },
      );
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** Filter and range of what counts, as a query. */
  get range(): { filter: string; from: string; to: string } {
    return { filter: this.#filter, from: String(this.fromUs), to: String(this.#toUs) };
  }

  async summary(): Promise<Summary> {
    const health = await call<Health>(this.server, 'GET', '/api/health');
    const stalls = [...this.#feed.stalls.values()].filter(
      ({ span }) => span.startUs >= this.fromUs && this.#matches(span),
    );
    const summary = new Summary(stalls, health.gauges.lost - this.#lostBefore);
    for await (const span of this.spans()) summary.add(span);
    return summary;
  }

  async close(): Promise<void> {
    this.#feed.close();
    await this.#stop();
  }

  async #stored(): Promise<void> {
    const deadline = performance.now() + SETTLE_MS;
    while (performance.now() < deadline) {
      const { gauges } = await call<Health>(this.server, 'GET', '/api/health');
      if (gauges.store.queued === 0) return;
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }
}

/** Resolves when the server has found out what may be listened to, and listens to the mounts that are there. */
async function listening(server: ServerAddress): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const { kernel, mounts } = await call<Health>(server, 'GET', '/api/health');
    if (kernel.running && mounts.every(({ reason }) => reason !== STARTING)) return;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** @throws where it is no filter. */
function matcher(filter: string): SpanTest {
  const parsed = parse(filter);
  if (!parsed.ok) throw new Error(`"${filter}" is no filter (${parsed.error.message})`);
  return compileFilter(parsed.filter);
}
