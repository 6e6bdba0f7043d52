import { expect, test } from 'vitest';
import { noDiagnosis } from '../../shared/diagnosis.ts';
import type { Gauges, LiveFrame, SnapshotFrame } from '../../shared/live.ts';
import { blankSpan } from '../../shared/span.ts';
import type { Stall } from '../../shared/stall.ts';
import { type TimeFacts, timeState } from '../../web/frame/time-state.ts';
import { afterFrame, type LiveState, NOTHING_YET, STRIP_S } from '../../web/live/state.ts';
import { titleFor } from '../../web/ui/stall-text.ts';

const gauges: Gauges = {
  nowUs: 1e15,
  opsPerS: 1,
  errorsPerS: 0,
  inflight: 0,
  oldestOpenMs: null,
  lost: 0,
  lagMs: 5,
  store: { state: 'ok', message: null, sizeBytes: 1, maxBytes: 2, oldestUs: 1, spans: 1, queued: 0 },
};
const stall = (id: number, startUs: number, state: Stall['state'] = 'open'): Stall => ({
  id,
  span: { ...blankSpan(id, 1, '/mnt', 'mirror', 'read'), startUs },
  ageMs: 1,
  thresholdMs: 1_000,
  state,
  raisedUs: startUs + 1e6,
  closedUs: null,
  endedBy: null,
  ...noDiagnosis(),
});
const snapshot: SnapshotFrame = {
  type: 'snapshot',
  v: 1,
  server: { version: '0', startedUs: 0, demo: false },
  gauges,
  mounts: [],
  stalls: [stall(2, 20), stall(1, 10)],
  open: [],
  seconds: [],
  gaps: [],
  filter: '',
};
const after = (...frames: LiveFrame[]) => frames.reduce<LiveState>(afterFrame, NOTHING_YET);

test('a stall that closes leaves the open ones and joins the closed', () => {
  const state = after(snapshot, { type: 'stall', stall: stall(1, 10, 'closed') });
  expect(state.stalls.map((s) => s.id)).toEqual([2]);
  expect(state.closedStalls.map((s) => s.id)).toEqual([1]);
});

test('open stalls are oldest first, and one that is told of twice stands once', () => {
  const state = after(snapshot, { type: 'stall', stall: stall(3, 5) }, { type: 'stall', stall: stall(3, 5) });
  expect(state.stalls.map((s) => s.id)).toEqual([3, 1, 2]);
});

test('the strip keeps ten minutes and no more', () => {
  const ticks = Array.from({ length: STRIP_S + 50 }, (_, i): LiveFrame => {
    const second = { atS: i, ops: 1, errors: 0, lost: 0, stalls: 0 };
    return { type: 'tick', gauges, mounts: [], second, gaps: [] };
  });
  const { seconds } = after(...ticks);
  expect([seconds.length, seconds[0]?.atS]).toEqual([STRIP_S, 50]);
});

test('a batch that changes nothing open wakes nobody', () => {
  const state = after(snapshot);
  const batch = { type: 'batch' as const, nowUs: 1, spans: [], omitted: 0 };
  expect(afterFrame(state, { ...batch, open: null })).toBe(state);
  expect(afterFrame(state, { ...batch, open: [] })).toBe(state);
});

test('the title counts stalls', () => {
  expect([titleFor(0), titleFor(2)]).toEqual(['FuseScope', '(2 stalled) FuseScope']);
});

const facts: TimeFacts = {
  link: { kind: 'up' },
  gauges,
  gaps: [],
  pausedUs: null,
  heldSince: 0,
  range: null,
  anything: true,
  outside: false,
  nowUs: 1e15,
};

test.each([
  ['live', {}],
  ['waiting', { anything: false }],
  ['waiting', { gauges: null }],
  ['gone', { link: { kind: 'down', sinceMs: 0, retryAtMs: 0, reason: '' } }],
  ['range', { range: { fromUs: 1, toUs: 2 } }],
  ['paused', { pausedUs: 1e15 }],
  ['behind', { gauges: { ...gauges, lagMs: 1_800 } }],
  ['behind', { gauges: { ...gauges, store: { ...gauges.store, state: 'failing' as const } } }],
  ['behind', { gaps: [{ mountId: null, cause: 'x', count: 1, fromUs: 1e15 - 9, toUs: 1e15 }] }],
] as const)('the page says %s', (kind, change) => {
  expect(timeState({ ...facts, ...(change as Partial<TimeFacts>) }).kind).toBe(kind);
});

test('where operations cannot be seen, the line under the pill says so', () => {
  expect(timeState({ ...facts, outside: true })).toMatchObject({
    kind: 'live',
    text: 'waiters only, no operations',
  });
});

test('no server is said before anything else', () => {
  const link = { kind: 'down' as const, sinceMs: 0, retryAtMs: 0, reason: '' };
  expect(timeState({ ...facts, link, pausedUs: 1, range: { fromUs: 1, toUs: null } }).title).toBe(
    'No server',
  );
});
