// The live feed: one WebSocket, one state, outside React. Views read `shown`, which stands still while the
// page is paused; the frame's own parts (strip, pill, title) read `live`, which never does.
import { createStore } from 'zustand/vanilla';
import type { BatchFrame, LiveFrame, SubscribeFrame } from '../../shared/live.ts';
import type { Recording } from '../../shared/recording.ts';
import { clock } from './clock.ts';
import { type LinkState, LiveSocket } from './socket.ts';
import { afterFrame, type LiveState, NOTHING_YET } from './state.ts';

interface FeedState extends LiveState {
  link: LinkState;
  /** Server time at which the page was paused; null while it runs. */
  pausedUs: number | null;
  /** Spans that came since the pause, where a view asked for spans. */
  heldSince: number;
  filterError: string | null;
  /** The recording that is shown in place of the live trace, with its length. */
  recording: (Recording & { fromUs: number; toUs: number }) | null;
  /** Why it cannot be shown. */
  problem: Error | null;
}

export const live = createStore<FeedState>(() => ({
  ...NOTHING_YET,
  link: { kind: 'connecting' },
  pausedUs: null,
  heldSince: 0,
  filterError: null,
  recording: null,
  problem: null,
}));

/** What views show: `live`, or while paused the picture of that moment. */
export const shown = createStore<LiveState>(() => NOTHING_YET);

type BatchListener = (batch: BatchFrame) => void;
const listeners = new Set<BatchListener>();
const QUIET: SubscribeFrame = { type: 'subscribe', filter: '', spans: false };
let wanted: SubscribeFrame = QUIET;

const socket = new LiveSocket({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/live?spans=false`,
  hello: () => wanted,
  onLink: (link) => live.setState({ link }),
  onFrame: take,
});

function take(frame: LiveFrame): void {
  if (live.getState().link.kind !== 'up') live.setState({ link: { kind: 'up' } });
  const before = live.getState();
  if (frame.type === 'snapshot' || frame.type === 'tick') clock.heard(frame.gauges.nowUs);
  if (frame.type === 'error') {
    live.setState({ filterError: frame.message });
    return;
  }
  if (frame.type === 'batch') {
    clock.heard(frame.nowUs);
    if (before.pausedUs !== null && frame.spans.length > 0) {
      live.setState({ heldSince: before.heldSince + frame.spans.length + frame.omitted });
    }
    for (const listener of listeners) listener(frame);
  }
  // A batch shows the open operations of the view's filter; the picture of the whole machine comes without one.
  if (frame.type === 'batch' && wanted.filter !== '') return;
  const after = afterFrame(before, frame);
  if (after !== before) {
    live.setState(after);
    if (before.pausedUs === null) shown.setState(after);
  }
}

/** Opens the connection; the page does this once, unless it shows a recording. */
export function connectFeed(): void {
  socket.connect();
}

/** Tries the server again at once. */
export function reconnectNow(): void {
  socket.retryNow();
}

/**
 * Asks the server for finished spans that match `filter`, until the returned function is called. One view at a
 * time has spans; the others spare the wire.
 */
export function wantSpans(filter: string, listener: BatchListener): () => void {
  listeners.add(listener);
  wanted = { type: 'subscribe', filter, spans: true };
  live.setState({ filterError: null });
  socket.send(wanted);
  return () => {
    listeners.delete(listener);
    if (wanted.filter === filter && listeners.size === 0) {
      wanted = QUIET;
      socket.send(wanted);
    }
  };
}

/** Stops the picture; the store and the feed go on. */
function pause(): void {
  if (live.getState().pausedUs === null) live.setState({ pausedUs: clock.nowUs(), heldSince: 0 });
}

/** Lets the picture catch up. */
export function resume(): void {
  // A recording has no more to catch up with.
  if (live.getState().recording) return;
  live.setState({ pausedUs: null, heldSince: 0 });
  shown.setState(live.getState());
}

export function togglePause(): void {
  if (live.getState().pausedUs === null) pause();
  else resume();
}
