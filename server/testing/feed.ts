// The live feed of one server as a test needs it: what ended, what is open, which stalls there were. It keeps the last
// operations for messages, and knows when the server had to leave some out.
import { WebSocket } from 'ws';
import type { LiveFrame } from '../../shared/live.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import type { ServerAddress } from './api.ts';

/** Operations that are remembered of one feed. */
const KEPT = 20_000;

export interface FeedListener {
  /** An operation that ended, in the order of ends. */
  span?(span: Span): void;
  /** The server left out this many that match; they are stored. */
  omitted?(count: number): void;
  /** Anything was heard at all. */
  heard?(): void;
  /** The feed is over, with the reason. */
  ended?(reason: string): void;
}

export class Feed {
  /** What ended, oldest first, KEPT at most. */
  readonly spans: Span[] = [];
  /** Open for 100 ms or more, as last heard. */
  open: readonly Span[] = [];
  /** By id; the last word on each. */
  readonly stalls = new Map<number, Stall>();
  /** Operations that matched but never came; they are stored. */
  omitted = 0;
  /** Operations that were heard but are remembered no more; they are stored. */
  forgotten = 0;
  /** Mounts as last heard. */
  mounts: readonly Mount[] = [];
  /** Why nothing more comes, or null. */
  over: string | null = null;
  readonly #listeners = new Set<FeedListener>();
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#take(JSON.parse(String(data)) as LiveFrame));
    socket.on('close', () => this.#end('the server ended the feed'));
    socket.on('error', (error) => this.#end(error.message));
  }

  /**
   * Resolves when the server has answered: whatever ends from then on is heard.
   * @param spans false: only what is open, stalls and mounts.
   * @throws where there is none.
   */
  static async open({ url, token }: ServerAddress, filter: string, spans = true): Promise<Feed> {
    const target = new URL('/api/live', url);
    target.protocol = target.protocol === 'https:' ? 'wss:' : 'ws:';
    target.searchParams.set('filter', filter);
    target.searchParams.set('spans', String(spans));
    target.searchParams.set('prompt', 'true');
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const feed = new Feed(new WebSocket(target, { headers }));
    await new Promise<void>((resolve, reject) => {
      const stop = feed.listen({
        heard: () => {
          stop();
          resolve();
        },
        ended: (reason) => reject(new Error(`no live feed at ${url} (${reason})`)),
      });
    });
    return feed;
  }

  /** @returns what takes the listener off again. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#end('it was closed');
    this.#socket.terminate();
  }

  #take(frame: LiveFrame): void {
    switch (frame.type) {
      case 'error':
        this.#end(`${frame.message} [${frame.code}]`);
        return;
      case 'snapshot':
        this.mounts = frame.mounts;
        this.open = frame.open;
        for (const stall of frame.stalls) this.stalls.set(stall.id, stall);
        break;
      case 'tick':
        this.mounts = frame.mounts;
        break;
      case 'stall':
        this.stalls.set(frame.stall.id, frame.stall);
        break;
      case 'batch':
        this.#batch(frame.spans, frame.omitted, frame.open);
        break;
    }
    for (const listener of this.#listeners) listener.heard?.();
  }

  #batch(spans: readonly Span[], omitted: number, open: readonly Span[] | null): void {
    if (open !== null) this.open = open;
    if (omitted > 0) {
      this.omitted += omitted;
      for (const listener of this.#listeners) listener.omitted?.(omitted);
    }
    for (const span of spans) {
      this.spans.push(span);
      for (const listener of this.#listeners) listener.span?.(span);
    }
    const over = this.spans.length - KEPT;
    if (over <= 0) return;
    this.spans.splice(0, over);
    this.forgotten += over;
  }

  #end(reason: string): void {
    if (this.over !== null) return;
    this.over = reason;
    for (const listener of this.#listeners) listener.ended?.(reason);
  }
}
