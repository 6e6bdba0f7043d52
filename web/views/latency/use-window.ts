// The stretch of time that the latency view asks for.
import { useStore } from 'zustand';
import type { TimeRange } from '../../api/queries.ts';
import { clock } from '../../live/clock.ts';
import { live } from '../../live/feed.ts';
import { type ViewParams, WINDOW_S } from '../../url/params.ts';

/** A longer window changes less, and costs more to ask for. */
const REFETCH_MS = { '1m': 1_000, '10m': 3_000, '1h': 5_000, all: 10_000 } as const;

/** The stretch that is asked for: a past range of the URL, or a window that moves with now unless paused. */
export function useWindow(params: ViewParams) {
  const pausedUs = useStore(live, (state) => state.pausedUs);
  const { range, window } = params;
  const lengthS = WINDOW_S[window];
  const stands = range !== null || pausedUs !== null;
  return {
    key: range ? `${range.fromUs}-${range.toUs}` : `${window}${pausedUs ?? ''}`,
    range: (): TimeRange => {
      if (range) return range;
      const toUs = pausedUs ?? clock.nowUs();
      return { fromUs: lengthS === null ? null : toUs - lengthS * 1e6, toUs };
    },
    refetchInterval: stands ? (false as const) : REFETCH_MS[window],
  };
}
