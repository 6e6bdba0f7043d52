// What the live feed knows, and how each frame of WS /api/live changes it. Pure: no socket, no clock.
import type { Gap, Gauges, LiveFrame, Second, SnapshotFrame } from '../../shared/live.ts';
import type { Mount } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';

/** Seconds that the time strip shows. */
export const STRIP_S = 600;
const CLOSED_KEPT = 50;

export interface LiveState {
  server: SnapshotFrame['server'] | null;
  gauges: Gauges | null;
  mounts: readonly Mount[];
  /** Open stalls, oldest first. */
  stalls: readonly Stall[];
  /** Stalls that closed while this tab looked, newest first. */
  closedStalls: readonly Stall[];
  /** Open operations older than 100 ms, oldest first. */
  open: readonly Span[];
  /** The last ten minutes, oldest first; seconds that nobody counted are absent. */
  seconds: readonly Second[];
  gaps: readonly Gap[];
}

export const NOTHING_YET: LiveState = {
  server: null,
  gauges: null,
  mounts: [],
  stalls: [],
  closedStalls: [],
  open: [],
  seconds: [],
  gaps: [],
};

/** The state after a frame; the same object where the frame changes nothing of it. */
export function afterFrame(state: LiveState, frame: LiveFrame): LiveState {
  switch (frame.type) {
    case 'snapshot':
      return {
        ...state,
        server: frame.server,
        gauges: frame.gauges,
        mounts: frame.mounts,
        stalls: byAge(frame.stalls),
        open: byStart(frame.open),
        seconds: frame.seconds,
        gaps: frame.gaps,
      };
    case 'batch':
      if (frame.open === null || sameOpen(state.open, frame.open)) return state;
      return { ...state, open: byStart(frame.open) };
    case 'tick': {
      const since = frame.second.atS - STRIP_S;
      return {
        ...state,
        gauges: frame.gauges,
        mounts: frame.mounts,
        seconds: [...state.seconds.filter((s) => s.atS > since && s.atS !== frame.second.atS), frame.second],
        gaps: [...state.gaps, ...frame.gaps].filter((gap) => gap.toUs > since * 1e6),
      };
    }
    case 'stall':
      return withStall(state, frame.stall);
    case 'error':
      return state;
  }
}

function withStall(state: LiveState, stall: Stall): LiveState {
  const others = state.stalls.filter((known) => known.id !== stall.id);
  if (stall.state === 'open') return { ...state, stalls: byAge([...others, stall]) };
  const closed = state.closedStalls.filter((known) => known.id !== stall.id);
  return { ...state, stalls: others, closedStalls: [stall, ...closed].slice(0, CLOSED_KEPT) };
}

const byAge = (stalls: readonly Stall[]) => [...stalls].sort((a, b) => a.span.startUs - b.span.startUs);
const byStart = (spans: readonly Span[]) => [...spans].sort((a, b) => a.startUs - b.startUs);

/** Twenty batches a second name the same few open operations; only a change may wake the views. */
function sameOpen(a: readonly Span[], b: readonly Span[]): boolean {
  if (a.length !== b.length) return false;
  const ids = new Set(a.map((span) => span.id));
  return b.every((span) => ids.has(span.id));
}
