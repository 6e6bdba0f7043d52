// What the page says about time: live, behind, paused, a range, no server, waiting. Pure.

import type { Gap, Gauges } from '../../shared/live.ts';
import type { Recording } from '../../shared/recording.ts';
import { formatCount, formatDuration } from '../../shared/units.ts';
import type { TimeRange } from '../api/queries.ts';
import type { LinkState } from '../live/socket.ts';
import { clockText } from '../ui/time.ts';

type TimeKind = 'recording' | 'live' | 'behind' | 'paused' | 'range' | 'gone' | 'waiting';

export interface TimeState {
  kind: TimeKind;
  title: string;
  text: string;
}

export interface TimeFacts {
  link: LinkState;
  gauges: Gauges | null;
  gaps: readonly Gap[];
  pausedUs: number | null;
  heldSince: number;
  range: TimeRange | null;
  /** What is shown in place of the live trace. */
  recording: { name: string; fromUs: number; toUs: number; state: Recording['state'] } | null;
  /** Whether any mount is known or any operation stored. */
  anything: boolean;
  /** Mounts are there, and all of them are seen from outside only. */
  outside: boolean;
  nowUs: number;
}

const BEHIND_MS = 1_000;
const LOSING_US = 3e6;

/** The state that matters most, in the words of the pill and the line under it. */
export function timeState(facts: TimeFacts): TimeState {
  const { link, gauges, nowUs } = facts;
  if (link.kind === 'down') {
    const again = Math.max(0, Math.ceil((link.retryAtMs - Date.now()) / 1_000));
    return {
      kind: 'gone',
      title: 'No server',
      text: `since ${clockText(link.sinceMs * 1_000)}, again in ${again} s`,
    };
  }
  if (link.kind === 'connecting' || !gauges) {
    return { kind: 'waiting', title: 'Connecting', text: 'no answer from the server yet' };
  }
  if (facts.recording) {
    const { fromUs, toUs } = facts.range ?? {};
    const text = `${clockText(fromUs ?? facts.recording.fromUs)} – ${clockText(toUs ?? facts.recording.toUs)}`;
    const growing = facts.recording.state === 'recording';
    return { kind: 'recording', title: facts.recording.name, text: growing ? `${text}, it grows on` : text };
  }
  if (facts.range) {
    const from = facts.range.fromUs === null ? 'the beginning' : clockText(facts.range.fromUs);
    const to = facts.range.toUs === null ? 'now' : clockText(facts.range.toUs);
    return { kind: 'range', title: 'Range', text: `${from} – ${to}` };
  }
  if (facts.pausedUs !== null) {
    const text =
      facts.heldSince > 0
        ? `holding ${formatCount(facts.heldSince).text} newer`
        : `at ${clockText(facts.pausedUs)}`;
    return { kind: 'paused', title: 'Paused', text };
  }
  if (gauges.store.state === 'failing') {
    return { kind: 'behind', title: 'Live', text: 'not stored: the store fails' };
  }
  if (facts.gaps.some((gap) => gap.toUs > nowUs - LOSING_US)) {
    return { kind: 'behind', title: 'Live', text: 'events are being lost' };
  }
  if (gauges.lagMs > BEHIND_MS) {
    return { kind: 'behind', title: 'Behind', text: `${formatDuration(gauges.lagMs * 1e6).text} behind` };
  }
  if (!facts.anything) return { kind: 'waiting', title: 'Waiting', text: 'no operation seen yet' };
  if (facts.outside) return { kind: 'live', title: 'Live', text: 'waiters only, no operations' };
  return { kind: 'live', title: 'Live', text: `${clockText(nowUs - 600e6)} – now, 10 min` };
}
