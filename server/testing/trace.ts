// What is known of one mount since its capture began: the feed's operations, those that the server had to leave out of
// it fetched from the store, and what they prove of paths.
import type { SpanList } from '../../shared/api.ts';
import { quoteLiteral } from '../../shared/filter/print.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { call, type ServerAddress } from './api.ts';
import { Faults } from './faults.ts';
import { Feed } from './feed.ts';
import { type PathState, Visibility } from './visibility.ts';

/** Names that only `settle` asks for; they are none of the operations. */
export const MARK = '.fusescope-mark-';
/** What is left out of the feed is in the store after this, ms. */
const STORED_MS = 300;
/** An operation may have begun this long before the first that was left out, µs. */
const MARGIN_US = 5e6;
const PAGE = 10_000;
const PAST = 200;

export class MountTrace {
  readonly mount: Mount;
  /** µs since the epoch. */
  readonly sinceUs: number;
  readonly faults: Faults;
  readonly #server: ServerAddress;
  readonly #feed: Feed;
  readonly #filter: string;
  readonly #visibility = new Visibility();
  readonly #changed = new Set<() => void>();
  #filling: Promise<void> | null = null;

  private constructor(server: ServerAddress, mount: Mount, feed: Feed, filter: string) {
    this.#server = server;
    this.mount = mount;
    this.faults = new Faults(server, mount.id);
    this.#feed = feed;
    this.#filter = filter;
    this.sinceUs = Date.now() * 1_000;
    feed.listen({
      span: (span) => this.#visibility.learn(span),
      omitted: () => this.#fill(),
      heard: () => this.#tell(),
      ended: () => this.#tell(),
    });
  }

  /** @param filter what of the server's operations is this mount's. */
  static async open(server: ServerAddress, mount: Mount, filter: string): Promise<MountTrace> {
    return new MountTrace(server, mount, await Feed.open(server, filter), filter);
  }

  /** Learns what stored operations prove of a path, the newest PAST of them, from before this capture too. */
  async recall(path: string): Promise<void> {
    const filter = `${this.#filter} path:${quoteLiteral(path)}`;
    const query = { filter, order: 'start:desc', limit: String(PAST) };
    const { items } = await call<SpanList>(this.#server, 'GET', '/api/spans', { query });
    for (const span of items.reverse()) this.#visibility.learn(span);
  }

  /** The first stored operation since a time that a filter lets through, or null. */
  async find(filter: string, sinceUs: number): Promise<Span | null> {
    const query = {
      filter: `${this.#filter} ${filter}`,
      from: String(Math.floor(sinceUs)),
      order: 'start:asc',
      limit: '1',
    };
    const { items } = await call<SpanList>(this.#server, 'GET', '/api/spans', { query });
    return items[0] ?? null;
  }

  /** Why nothing more is heard, or null. */
  get over(): string | null {
    return this.#feed.over;
  }

  /** Whether the operations carry paths. */
  get hasPaths(): boolean {
    return this.mount.tier !== 'tracefs';
  }

  /** Operations that ended, then those that are open, as far as the feed told; oldest first. */
  recent(): Span[] {
    return [...this.#feed.spans, ...this.#feed.open].filter((span) => !isMark(span));
  }

  stalls(): Stall[] {
    return [...this.#feed.stalls.values()].filter((stall) => stall.span.mountId === this.mount.id);
  }

  pathState(path: string): PathState {
    return this.#visibility.stateOf(path);
  }

  /** Calls back whenever something was heard. @returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#changed.add(listener);
    return () => this.#changed.delete(listener);
  }

  /** Calls back with each operation that ends. @returns what ends that. */
  onSpan(listener: (span: Span) => void): () => void {
    return this.#feed.listen({ span: listener });
  }

  /** Every operation that began since `fromUs`, from the store where the feed left some out; in the order of begin. */
  async operations(fromUs: number): Promise<Span[]> {
    const heard = this.recent().filter((span) => span.startUs >= fromUs);
    const complete = this.#feed.omitted === 0 && this.#feed.forgotten === 0;
    const storedFrom = Math.max(fromUs, this.sinceUs);
    const all = complete ? heard : (await this.#stored(storedFrom)).filter((span) => !isMark(span));
    return all.sort((a, b) => a.startUs - b.startUs);
  }

  /** Open operations of the mount with their age, as the server knows them now. */
  async inflight(): Promise<{ span: Span; ageMs: number }[]> {
    const answer = await call<{ items: { span: Span; ageMs: number }[] }>(
      this.#server,
      'GET',
      '/api/inflight',
      { query: { filter: this.#filter } },
    );
    return answer.items.filter(({ span }) => !isMark(span));
  }

  close(): void {
    this.#feed.close();
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }

  /** One at a time; what is left out meanwhile is fetched by the next. */
  #fill(): void {
    this.#filling ??= this.#fetchOmitted().finally(() => {
      this.#filling = null;
      this.#tell();
    });
  }

  async #fetchOmitted(): Promise<void> {
    const fromUs = Math.max(this.sinceUs, Date.now() * 1_000 - MARGIN_US);
    await new Promise((resolve) => setTimeout(resolve, STORED_MS));
    // Where the server has gone meanwhile, the feed tells it.
    const spans = await this.#stored(fromUs).catch(() => []);
    for (const span of spans) this.#visibility.learn(span);
  }

  async #stored(fromUs: number): Promise<Span[]> {
    const spans: Span[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = {
        filter: this.#filter,
        from: String(Math.floor(fromUs)),
        order: 'start:asc',
        limit: String(PAGE),
      };
      if (cursor !== null) query.cursor = cursor;
      const page: SpanList = await call<SpanList>(this.#server, 'GET', '/api/spans', { query });
      spans.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return spans;
  }
}

function isMark(span: Span): boolean {
  return span.path?.includes(MARK) ?? false;
}
