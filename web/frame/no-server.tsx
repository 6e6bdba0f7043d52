// What every view says while there is no server and there was none since the page was opened; and, once one is back, that
// what the views know is old.
import { useEffect, useReducer, useRef } from 'react';
import { useStore } from 'zustand';
import { queryClient } from '../api/queries.ts';
import { live, reconnectNow } from '../live/feed.ts';
import { frames } from '../live/frames.ts';
import { Command } from '../ui/copy.tsx';
import { clockText } from '../ui/time.ts';
import { visible } from '../ui/visible.ts';

export function NoServer() {
  const link = useStore(live, (state) => state.link);
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => frames.beat(1_000, again), []);
  if (link.kind !== 'down') return null;
  const seconds = Math.max(0, Math.ceil((link.retryAtMs - Date.now()) / 1_000));
  return (
    <div className="not-here">
      <h1>The server does not answer</h1>
      <p>
        Since {clockText(link.sinceMs * 1_000)}: {visible(link.reason)}. What is mounted goes on as ever;
        FuseScope only watches it, and mirrors keep what fits their buffer until a server is there again.
      </p>
      <p className="not-here-acts">
        <button type="button" className="btn pri" onClick={reconnectNow}>
          Try now
        </button>
        <span className="dim n" role="timer">
          {seconds === 0 ? 'trying' : `the next try is in ${seconds} s`}
        </span>
      </p>
      <p>Where it has ended, start it again:</p>
      <Command command="fusescope serve" />
    </div>
  );
}

/** Asks everything anew when the server is back after an outage. */
export function useFreshAfterOutage(): void {
  const kind = useStore(live, (state) => state.link.kind);
  const away = useRef(false);
  useEffect(() => {
    if (kind === 'down') away.current = true;
    if (kind !== 'up' || !away.current) return;
    away.current = false;
    void queryClient.invalidateQueries();
  }, [kind]);
}
