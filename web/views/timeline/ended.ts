// Bars that were open when they were fetched, and have ended since: the live feed tells which are open still.
import type { Span } from '../../../shared/span.ts';
import { queryClient, spanQuery } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import type { Bar, Picture } from './picture.ts';

/** Older than this, an open operation is named by the live feed. */
const NAMED_AFTER_US = 1.5e6;
const AT_ONCE = 4;
const asked = new Set<number>();

/** Looks after open bars; calls `changed` for each that turns out to have ended. */
export function endOpenBars(picture: Picture | null, changed: () => void): void {
  const { open, link, pausedUs } = live.getState();
  if (!picture || link.kind !== 'up' || pausedUs !== null) return;
  const still = new Set(open.map((span) => span.id));
  const since = clock.nowUs() - NAMED_AFTER_US;
  for (const bar of picture.openBars()) {
    if (asked.size >= AT_ONCE) return;
    if (still.has(bar.id) || asked.has(bar.id) || bar.startUs > since) continue;
    asked.add(bar.id);
    void ask(bar).then((span) => {
      asked.delete(bar.id);
      if (!span || span.state === 'open') return;
      picture.ended(bar.id, span.durationNs, span.errno ?? 0, span.state);
      changed();
    });
  }
}

async function ask(bar: Bar): Promise<Span | null> {
  try {
    return await queryClient.fetchQuery({ ...spanQuery(bar.id), staleTime: 0 });
  } catch {
    // It is no longer stored, or the server is away: the bar stays as it was told.
    return null;
  }
}
