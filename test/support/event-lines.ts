// Event lines of a mount that does not exist, for tests of the server as a process.
import type { SpanList } from '../../shared/api.ts';
import type { Span } from '../../shared/span.ts';
import type { TestServer } from './server.ts';
import { until } from './until.ts';

export const nowUs = () => Date.now() * 1_000;
export const lines = (...events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');
export const enter = (id: number | string, fields: object = {}) => ({
  ev: 'ENTER',
  mount: '/mnt/x',
  id,
  op: 'read',
  ts: nowUs(),
  ...fields,
});
export const exit = (id: number | string, fields: object = {}) => ({
  ev: 'EXIT',
  mount: '/mnt/x',
  id,
  op: 'read',
  ts: nowUs(),
  errno: 0,
  ...fields,
});

/** Until a server's store shows as many spans as expected. */
export function stored(from: TestServer, filter: string, count: number): Promise<Span[]> {
  return until(`${count} stored spans of ${filter}`, async () => {
    const { items } = await from.get<SpanList>('/api/spans', { filter, limit: 10_000 });
    return items.length === count ? items : null;
  });
}
