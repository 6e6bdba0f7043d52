// Changing faults from anywhere in the page. What was cleared can be put back for as long as the page lives.
import { createStore } from 'zustand/vanilla';
import type { Fault } from '../../../shared/api.ts';
import { apiDelete, apiGet, apiPost } from '../../api/client.ts';
import { faultsQuery, type Page, queryClient } from '../../api/queries.ts';
import { ruleOf } from './words.ts';

export const board = createStore<{ cleared: readonly Fault[]; error: Error | null }>(() => ({
  cleared: [],
  error: null,
}));

export const refreshFaults = () => queryClient.invalidateQueries({ queryKey: faultsQuery.queryKey });

/** The panic button: removes every rule of every mirror and lets everything go on that waits. */
export function clearFaults(): Promise<void> {
  return attempt(async () => {
    // Asked now: what the page knows may be a second old.
    const { items } = await apiGet<Page<Fault>>('/faults');
    await apiDelete('/faults');
    if (items.length > 0) board.setState({ cleared: items });
  });
}

/** Puts back what was cleared last; counters begin anew. */
export function restoreFaults(): Promise<void> {
  return attempt(async () => {
    for (const fault of board.getState().cleared) {
      await apiPost('/faults', { mount: fault.mountId, rule: ruleOf(fault) });
    }
    board.setState({ cleared: [] });
  });
}

export function releaseFault({ id, mountId }: Fault): Promise<void> {
  return attempt(() => apiPost(`/faults/${encodeURIComponent(id)}/release?mount=${mountId}`));
}

export async function attempt(deed: () => Promise<unknown>): Promise<void> {
  board.setState({ error: null });
  try {
    await deed();
  } catch (error) {
    board.setState({ error: error as Error });
  }
  await refreshFaults();
}
