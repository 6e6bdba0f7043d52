// The stretch of time that the view in front shows, for the strip to frame; null where it has none of its own.
import { createStore } from 'zustand/vanilla';
import type { TimeRange } from '../api/queries.ts';

export const framed = createStore<{ range: TimeRange | null }>(() => ({ range: null }));

/** Called by the view that shows it, again and again while it moves. */
export function setFramed(range: TimeRange | null): void {
  framed.setState({ range });
}
