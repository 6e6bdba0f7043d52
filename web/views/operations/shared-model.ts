// The table's model for the page: fed by the live feed, asking the store over HTTP. One for the whole tab, so
// that its 50,000 rows exist once.
import { fetchSpans } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { OperationsModel } from './model.ts';

export const operations = new OperationsModel({
  fetchPage: fetchSpans,
  nowUs: () => clock.nowUs(),
});

const SAMPLE = 400;

/** Names on screen, commonest first: what a filter's completion offers. */
export function seenNames(): { comms: string[]; paths: string[] } {
  const comms = new Map<string, number>();
  const paths = new Map<string, number>();
  for (let i = 0; i < Math.min(SAMPLE, operations.length); i++) {
    const span = operations.at(i);
    if (span?.comm) comms.set(span.comm, (comms.get(span.comm) ?? 0) + 1);
    if (span?.path) paths.set(span.path, (paths.get(span.path) ?? 0) + 1);
  }
  return { comms: byCount(comms), paths: byCount(paths) };
}

const byCount = (counts: Map<string, number>) =>
  [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
