// What the table's rows are asked for: what the URL says, and while someone types what it will say.
import { wantSpans } from '../../live/feed.ts';
import type { ViewParams } from '../../url/params.ts';
import { columnOf, comparing } from './columns.tsx';
import { matching, operations } from './shared-model.ts';

export type Asked = Pick<ViewParams, 'filter' | 'range' | 'order'>;

const BY_SERVER: readonly string[] = ['start:desc', 'start:asc', 'duration:desc'];

let known: string | null = null;
let stopFeed = () => {};

/** Begins with other rows; does nothing where these are asked for already. */
export function showRows({ filter, range, order }: Asked): void {
  const text = filter.trim();
  const key = JSON.stringify([text, range?.fromUs, range?.toUs, range !== null, order]);
  if (key === known) return;
  known = key;
  const [id = '', direction] = order.split(':');
  const column = columnOf(id);
  const byServer = BY_SERVER.includes(order);
  operations.begin({
    filter: text,
    range: range && { fromUs: range.fromUs, toUs: range.toUs },
    order: byServer ? (order as 'start:desc') : 'start:desc',
    compare: range && column && !byServer ? comparing(column, direction === 'desc') : null,
  });
  const only = matching(text);
  const before = stopFeed;
  // The new question first: one feed gives way to another without falling silent between.
  stopFeed = range ? () => {} : wantSpans(text, (batch) => operations.take(only(batch)));
  before();
}

/** Nobody looks at the rows any more. */
export function endRows(): void {
  known = null;
  stopFeed();
  stopFeed = () => {};
  operations.end();
}
