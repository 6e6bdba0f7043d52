// The rows of the Operations table, outside React. While it follows, rows are the ring of what just ended, and
// beneath it what the store had before. While someone reads, rows stand still and what comes is only counted;
// reading on at the end asks the store for what is older. A past range is asked for page by page.
import type { SpanList } from '../../../shared/api.ts';
import type { BatchFrame } from '../../../shared/live.ts';
import { endUs, type Span } from '../../../shared/span.ts';
import type { ServerOrder, TimeRange } from '../../api/queries.ts';
import { Ring } from '../../live/ring.ts';
import { type FetchPage, PATIENT_MS, type PageAsk, pages } from './pages.ts';

/** Spans kept of what came live: at 20,000 a second two and a half seconds, in calm use hours. */
export const LIVE_ROWS = 50_000;
/** Older spans that one reader may load on top. */
export const OLDER_ROWS = 50_000;
const FIRST_PAGE = 200;
const NEXT_PAGE = 500;
/** Rows that are put in an order which the store does not know: all at once, the most that it gives. */
export const SORTED_ROWS = 10_000;
/** So long the rows before may stay on the screen while the first look is under way: none at all would only flicker. */
const STAYS_MS = 120;
/** Before the rows began: what ended then may not have been in the store yet. */
const OVERLAP_US = 1e6;
/** Open operations older than this are pinned above the rows. */
const PINNED_AFTER_US = 1e6;

export interface Subject {
  filter: string;
  /** null: follow now. */
  range: TimeRange | null;
  order: ServerOrder;
  /** Another order, among the first SORTED_ROWS of a range; null: as the store gives them. */
  compare: ((a: Span, b: Span) => number) | null;
}

export interface ModelOptions {
  fetchPage: FetchPage;
  /** What had begun before `toUs` and is still open, oldest first. */
  fetchOpen: (filter: string, toUs: number | null, signal: AbortSignal) => Promise<Span[]>;
  nowUs: () => number;
  /** Until what was told of is on the screen; absent: at once. */
  painted?: () => Promise<void>;
  capacity?: number;
}

export class OperationsModel {
  private subject: Subject = { filter: '', range: null, order: 'start:desc', compare: null };
  private readonly ring: Ring<Span>;
  private seed: Span[] = [];
  /** Rows while they stand still, with older ones appended; null while they follow. */
  private still: Span[] | null = null;
  private stillIds: Set<number> | null = null;
  private stillAt = { total: 0, omitted: 0 };
  private paintedTotal = 0;
  private readonly reasons = new Set<string>();
  private cursor: string | null = null;
  private started = false;
  /** The feed has begun to tell of this filter. */
  private heard = false;
  /** The store has answered the first question. */
  private answered = false;
  private begunUs = 0;
  private begunAt = Number.NEGATIVE_INFINITY;
  private abort = new AbortController();
  private readonly pageListeners = new Set<() => void>();
  private omittedTotal = 0;
  private openNow: readonly Span[] = [];
  private openStill: readonly Span[] | null = null;
  private readonly options: ModelOptions;
  /** Grows with every change that rows or counts show. */
  version = 0;
  loading = false;
  exhausted = false;
  /** The range has more than could be put in order. */
  unsorted = false;
  error: Error | null = null;

  constructor(options: ModelOptions) {
    this.options = options;
    this.ring = new Ring(options.capacity ?? LIVE_ROWS);
  }

  /** Begins anew with another filter or range. */
  begin(subject: Subject): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.subject = subject;
    this.ring.clear();
    this.seed = [];
    this.still = subject.range ? [] : null;
    this.stillIds = subject.range ? new Set() : null;
    this.stillAt = { total: 0, omitted: 0 };
    this.paintedTotal = 0;
    this.cursor = null;
    this.started = false;
    this.heard = false;
    this.answered = false;
    this.begunUs = this.options.nowUs();
    this.begunAt = performance.now();
    this.omittedTotal = 0;
    this.openNow = [];
    this.openStill = null;
    this.loading = false;
    this.exhausted = false;
    this.unsorted = false;
    this.error = null;
    this.version++;
    if (subject.range) void this.loadOpen(subject.range.toUs);
    void this.loadFirst();
  }

  /** Tells of each page of the store that has rows, and of the end of asking, until the returned function is called. */
  onPage(listener: () => void): () => void {
    this.pageListeners.add(listener);
    return () => this.pageListeners.delete(listener);
  }

  /** Nothing is known of these rows yet, but is about to be. */
  get isAboutToBe(): boolean {
    return this.loading && this.length === 0 && performance.now() - this.begunAt < STAYS_MS;
  }

  /** Stops what is under way. */
  end(): void {
    this.abort.abort();
  }

  take(batch: BatchFrame): void {
    if (this.subject.range) return;
    for (const span of batch.spans) this.ring.push(span);
    this.omittedTotal += batch.omitted;
    if (batch.open !== null) {
      this.openNow = batch.open;
      if (!this.heard && this.answered) void this.catchUp(this.abort.signal);
      this.heard = true;
    }
    if (batch.spans.length > 0 && this.seed.length > 0) this.thinSeed(batch.spans);
    this.version++;
  }

  /** The rows as they are now are on the screen. */
  paintedNow(): void {
    this.paintedTotal = this.ring.total;
  }

  /** Rows that came since, while they follow. */
  get unpainted(): number {
    return this.still ? 0 : this.ring.total - this.paintedTotal;
  }

  /** Someone begins or ceases to read: the pointer is on a row, rows are scrolled, one is selected, the page paused. */
  reading(reason: string, on: boolean): void {
    if (on) this.reasons.add(reason);
    else this.reasons.delete(reason);
    if (this.subject.range) return;
    if (this.reasons.size > 0 && this.still === null) {
      // What came since the last painting is not on the screen yet: put above, it would push away what is read.
      const unseen = this.ring.total - this.paintedTotal;
      this.still = [...this.ring.newestFirst().slice(unseen), ...this.seed];
      this.stillIds = null;
      this.stillAt = { total: this.paintedTotal, omitted: this.omittedTotal };
      this.openStill = this.openNow;
      this.cursor = null;
      this.started = false;
      this.exhausted = false;
    } else if (this.reasons.size === 0 && this.still !== null) {
      this.still = null;
      this.openStill = null;
    } else return;
    this.version++;
  }

  /** Lets rows follow again whatever held them. */
  follow(): void {
    for (const reason of [...this.reasons]) this.reading(reason, false);
  }

  get standsStill(): boolean {
    return this.still !== null && this.subject.range === null;
  }

  get length(): number {
    return this.still ? this.still.length : this.ring.length + this.seed.length;
  }

  at(index: number): Span | undefined {
    if (this.still) return this.still[index];
    return index < this.ring.length ? this.ring.fromEnd(index) : this.seed[index - this.ring.length];
  }

  indexOf(id: number): number {
    const { length } = this;
    for (let i = 0; i < length; i++) if (this.at(i)?.id === id) return i;
    return -1;
  }

  /** What came since the rows stand still, and how much of it is no longer here but only in the store. */
  get held(): { count: number; storeOnly: number } {
    if (!this.standsStill) return { count: 0, storeOnly: 0 };
    const came = this.ring.total - this.stillAt.total;
    const omitted = this.omittedTotal - this.stillAt.omitted;
    return { count: came + omitted, storeOnly: omitted + Math.max(0, came - this.ring.capacity) };
  }

  /** Spans that the server left out to spare this tab, since `begin`. */
  get omitted(): number {
    return this.omittedTotal;
  }

  /** Long open operations, oldest first. They leave their place only while nobody reads. */
  get pinned(): Span[] {
    const now = this.options.nowUs();
    const long = (span: Span) => now - span.startUs > PINNED_AFTER_US;
    return [...(this.openStill ?? this.openNow)].filter(long).sort((a, b) => a.startUs - b.startUs);
  }

  /** Whether a pinned operation is still open, of a range at its end. */
  isOpen(id: number): boolean {
    return this.openNow.some((span) => span.id === id);
  }

  /** Appends a page of what is older than the last row. Does nothing while one is under way or none is left. */
  async loadOlder(): Promise<void> {
    if (!this.still || this.loading || this.exhausted || this.error) return;
    const { filter, range, order, compare } = this.subject;
    const limit = compare ? SORTED_ROWS : NEXT_PAGE;
    const last = this.still.at(-1);
    // Rows are in order of their end; what ended before the last row began before that end.
    const toUs = range ? range.toUs : last ? endUs(last) : this.options.nowUs();
    const fromUs = range?.fromUs ?? null;
    if (this.started && this.cursor === null) return;
    if (!this.started) this.stillTo = toUs;
    await this.load(
      { filter, range: { fromUs, toUs: this.stillTo }, order, limit, cursor: this.cursor },
      (page) => {
        this.append(page);
        return this.still !== null;
      },
    );
  }

  /** What is open stands above the rows of a range, and not among them a second time. */
  private async loadOpen(toUs: number | null): Promise<void> {
    const { signal } = this.abort;
    // Where it fails, so does the page of rows, which says so.
    const open = await this.options.fetchOpen(this.subject.filter, toUs, signal).catch(() => []);
    if (signal.aborted) return;
    this.openNow = open;
    const ids = new Set(this.pinned.map(({ id }) => id));
    if (this.still?.some(({ id }) => ids.has(id))) this.still = this.still.filter(({ id }) => !ids.has(id));
    this.version++;
    for (const listener of this.pageListeners) listener();
  }

  private stillTo: number | null = null;

  /** Asks again after an error. */
  retry(): void {
    this.error = null;
    this.version++;
    void (this.length === 0 ? this.loadFirst() : this.loadOlder());
  }

  private async loadFirst(): Promise<void> {
    const { filter, range, order } = this.subject;
    if (range) return this.loadOlder();
    const { signal } = this.abort;
    const toUs = this.options.nowUs();
    const found: Span[] = [];
    await this.load(
      { filter, range: { fromUs: null, toUs }, order, limit: FIRST_PAGE, cursor: null },
      (page) => {
        if (this.ring.dropped > 0) return false;
        found.push(...page.items.filter((span) => span.state !== 'open'));
        this.seed = found.toSorted((a, b) => endUs(b) - endUs(a));
        this.thinSeed(this.ring.newestFirst());
        if (this.still && !this.started) this.append({ items: this.seed, nextCursor: null }, false);
        // The first rows come first.
        if (!this.answered && this.heard) void this.painted().then(() => this.catchUp(signal));
        this.answered = true;
        return true;
      },
    );
  }

  /** What ended after the store was asked and before the feed began is in the store by now. */
  private async catchUp(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const range = { fromUs: this.begunUs - OVERLAP_US, toUs: null };
    const ask = { filter: this.subject.filter, range, limit: FIRST_PAGE, cursor: null, withinMs: PATIENT_MS };
    // Where it fails, so did the first page, which says so.
    const page = await this.options.fetchPage({ ...ask, order: 'start:desc' }, signal).catch(() => null);
    if (page === null || signal.aborted || this.still !== null || this.ring.dropped > 0) return;
    const known = new Set([...this.ring.newestFirst(), ...this.seed].map((span) => span.id));
    const missed = page.items.filter((span) => span.state !== 'open' && !known.has(span.id));
    if (missed.length === 0) return;
    this.seed = [...this.seed, ...missed].sort((a, b) => endUs(b) - endUs(a));
    this.version++;
    this.tellPage();
  }

  /** @param use of what was found; false where no more is wanted */
  private async load(ask: Omit<PageAsk, 'withinMs'>, use: (page: SpanList) => boolean): Promise<void> {
    const { signal } = this.abort;
    const { fetchPage } = this.options;
    this.loading = true;
    this.version++;
    const screenful = this.length === 0 && !this.subject.compare;
    try {
      for await (const page of pages(ask, { fetchPage, screenful, painted: () => this.painted() }, signal)) {
        if (!use(page)) return;
        this.version++;
        if (page.items.length > 0) this.tellPage();
      }
    } catch (error) {
      if (!signal.aborted) this.error = error instanceof Error ? error : new Error(String(error));
    } finally {
      if (!signal.aborted) {
        this.loading = false;
        this.version++;
        this.tellPage();
      }
    }
  }

  private async painted(): Promise<void> {
    await this.options.painted?.();
  }

  private tellPage(): void {
    for (const listener of this.pageListeners) listener();
  }

  private append(page: SpanList, isPage = true): void {
    if (!this.still) return;
    this.stillIds ??= new Set(this.still.map((span) => span.id));
    const pinned = new Set(this.subject.range ? this.pinned.map(({ id }) => id) : []);
    for (const span of page.items) {
      if (this.stillIds.has(span.id) || (!this.subject.range && span.state === 'open')) continue;
      this.stillIds.add(span.id);
      if (pinned.has(span.id)) continue;
      this.still.push(span);
    }
    if (!isPage) return;
    this.started = true;
    this.cursor = page.nextCursor;
    const { compare } = this.subject;
    if (compare) {
      this.still.sort(compare);
      this.unsorted = page.nextCursor !== null;
      this.cursor = null;
      this.exhausted = true;
      return;
    }
    this.exhausted = page.nextCursor === null || this.still.length >= LIVE_ROWS + OLDER_ROWS;
  }

  /** What came live must not stand a second time among what the store had. */
  private thinSeed(came: readonly Span[]): void {
    if (this.ring.dropped > 0) {
      this.seed = [];
      return;
    }
    const ids = new Set(came.map((span) => span.id));
    if (this.seed.some((span) => ids.has(span.id))) this.seed = this.seed.filter((span) => !ids.has(span.id));
  }
}
