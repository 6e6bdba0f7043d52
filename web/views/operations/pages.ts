// Asks the store for rows until there are as many as wanted, a page at a time. A page ends early with what it has, so
// that the first rows are there at once; each next one looks for longer.
import type { SpanList } from '../../../shared/api.ts';
import type { ServerOrder, TimeRange } from '../../api/queries.ts';

/** Rows of a large screen: the first look, where nothing is on the screen yet, asks for no more. */
export const SCREENFUL = 60;
const QUICK_MS = 20;
export const PATIENT_MS = 1_280;
/** Asking ends with fewer rows than wanted when it has taken this long; reading on goes on from there. */
const LOOK_MS = 5_000;

export interface PageAsk {
  filter: string;
  range: TimeRange;
  order: ServerOrder;
  limit: number;
  cursor: string | null;
  withinMs: number;
}

export type FetchPage = (ask: PageAsk, signal: AbortSignal) => Promise<SpanList>;

export interface PagesOptions {
  fetchPage: FetchPage;
  /** Nothing is on the screen yet. */
  screenful: boolean;
  /** Until what was given is on the screen. */
  painted: () => Promise<void>;
}

/** @throws what `fetchPage` does; ends without a word when it is aborted. */
export async function* pages(
  ask: Omit<PageAsk, 'withinMs'>,
  { fetchPage, screenful, painted }: PagesOptions,
  signal: AbortSignal,
): AsyncGenerator<SpanList, void, void> {
  let { limit, cursor } = ask;
  const until = performance.now() + LOOK_MS;
  for (let withinMs = QUICK_MS; ; withinMs = Math.min(PATIENT_MS, withinMs * 2)) {
    const most = screenful && withinMs === QUICK_MS ? Math.min(limit, SCREENFUL) : limit;
    const page = await fetchPage({ ...ask, limit: most, cursor, withinMs }, signal);
    if (signal.aborted) return;
    yield page;
    limit -= page.items.length;
    cursor = page.nextCursor;
    if (cursor === null || limit <= 0 || performance.now() > until) return;
    if (page.items.length > 0) await painted();
    if (signal.aborted) return;
  }
}
