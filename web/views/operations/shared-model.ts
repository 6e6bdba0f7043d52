// The table's model for the page: fed by the live feed, asking the store over HTTP. One for the whole tab, so
// that its 50,000 rows exist once.

import type { SpanList } from '../../../shared/api.ts';
import { compileFilter } from '../../../shared/filter/compile.ts';
import { parse } from '../../../shared/filter/parse.ts';
import type { BatchFrame } from '../../../shared/live.ts';
import type { Span } from '../../../shared/span.ts';
import { fetchSpans } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { withTerm } from '../../url/terms.ts';
import { OperationsModel } from './model.ts';

const FRAME_MS = 100;

export const operations = new OperationsModel({
  fetchPage: fetchSpans,
  fetchOpen,
  nowUs: () => clock.nowUs(),
  painted: () =>
    new Promise((done) => {
      // A tab that is hidden has no frames.
      setTimeout(done, FRAME_MS);
      requestAnimationFrame(() => setTimeout(done));
    }),
});

/** More than anybody reads. */
const MOST_OPEN = 1_000;

async function fetchOpen(filter: string, toUs: number | null, signal: AbortSignal): Promise<Span[]> {
  const open: Span[] = [];
  const ask = { filter: withTerm(filter, 'state:open'), range: { fromUs: null, toUs }, limit: MOST_OPEN };
  let cursor: string | null = null;
  do {
    const page: SpanList = await fetchSpans({ ...ask, order: 'start:asc', cursor }, signal);
    open.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && open.length < MOST_OPEN);
  return open;
}

/**
 * What a batch holds of a filter. The server has filtered already, but frames that were under way when the filter
 * changed are still those of the one before.
 */
export function matching(filter: string): (batch: BatchFrame) => BatchFrame {
  const result = parse(filter);
  if (filter.trim() === '' || !result.ok) return (batch) => batch;
  const match = compileFilter(result.filter);
  return (batch) => ({
    ...batch,
    spans: batch.spans.filter((span) => match(span)),
    open: batch.open?.filter((span) => match(span)) ?? null,
  });
}

const SAMPLE = 400;

let seen = { comms: [] as string[], paths: [] as string[] };

/** Names on screen, commonest first: what a filter's completion offers. Those before, while there is no row. */
export function seenNames(): { comms: string[]; paths: string[] } {
  if (operations.length === 0) return seen;
  const comms = new Map<string, number>();
  const paths = new Map<string, number>();
  for (let i = 0; i < Math.min(SAMPLE, operations.length); i++) {
    const span = operations.at(i);
    if (span?.comm) comms.set(span.comm, (comms.get(span.comm) ?? 0) + 1);
    if (span?.path) paths.set(span.path, (paths.get(span.path) ?? 0) + 1);
  }
  seen = { comms: byCount(comms), paths: byCount(paths) };
  return seen;
}

const byCount = (counts: Map<string, number>) =>
  [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
