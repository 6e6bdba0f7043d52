// Starting and stopping recordings from anywhere in the page: the key, the palette, the view.
import { createStore } from 'zustand/vanilla';
import type { Recording } from '../../shared/recording.ts';
import { apiPost } from '../api/client.ts';
import { isGrowing, queryClient, recordingsQuery } from '../api/queries.ts';

/** What a recording is asked for with; all of it may be left out. */
export interface NewRecording {
  name?: string;
  notes?: string;
  filter?: string;
  /** RFC 3339 or µs: keeps what was, instead of what comes. */
  from?: string;
  to?: string;
  /** Keeps a part of this recording. */
  recording?: number;
}

export const recorder = createStore<{ pending: boolean; error: Error | null }>(() => ({
  pending: false,
  error: null,
}));

/** Since when the oldest one grows that does, µs; null: none. */
export function recordingSince(): number | null {
  const growing = queryClient.getQueryData(recordingsQuery.queryKey)?.items.filter(isGrowing) ?? [];
  const starts = growing.map((one) => one.fromUs ?? one.createdUs);
  return starts.length === 0 ? null : Math.min(...starts);
}

export const refreshRecordings = () => queryClient.invalidateQueries({ queryKey: recordingsQuery.queryKey });

/** Begins one, or keeps what was. @returns it, or null where it failed; then `recorder` says why */
export function makeRecording(about: NewRecording = {}): Promise<Recording | null> {
  return attempt(() => apiPost<Recording>('/recordings', about));
}

export function stopRecording(id: number): Promise<Recording | null> {
  return attempt(() => apiPost<Recording>(`/recordings/${id}/stop`));
}

/** Stops the one that was begun last, else begins one. */
export async function toggleRecording(): Promise<void> {
  if (recorder.getState().pending) return;
  const { items } = await queryClient.ensureQueryData(recordingsQuery);
  const going = items.find((one) => isGrowing(one) && one.source === 'live');
  await (going ? stopRecording(going.id) : makeRecording());
}

async function attempt(deed: () => Promise<Recording>): Promise<Recording | null> {
  recorder.setState({ pending: true, error: null });
  try {
    const done = await deed();
    await refreshRecordings();
    return done;
  } catch (error) {
    recorder.setState({ error: error as Error });
    return null;
  } finally {
    recorder.setState({ pending: false });
  }
}
