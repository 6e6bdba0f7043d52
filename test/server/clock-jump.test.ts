// A laptop that was asleep, or a clock that was set: time as people have it jumps, and nothing is taken to have hung.
import { expect, it } from 'vitest';
import { clockOf } from '../../server/clock.ts';
import { openStore } from '../../server/store/store.ts';
import { Trace } from '../../server/trace.ts';
import { opCode } from '../../shared/ops.ts';
import { blankEvent } from '../../shared/wire/blank-event.ts';
import { ENTER } from '../../shared/wire/frames.ts';

const HOUR_MS = 3_600_000;

it('wall time follows a step and a sleep, and is even otherwise', () => {
  const time = { monoMs: 5_000, wallMs: 1e12 };
  const clock = clockOf(
    () => time.monoMs * 1e6,
    () => time.wallMs,
  );
  time.monoMs += 1_000;
  time.wallMs += 1_015;
  expect(clock.wallUs()).toBe((1e12 + 1_000) * 1e3);
  for (const jumpMs of [8 * HOUR_MS, -HOUR_MS]) {
    time.wallMs += jumpMs;
    expect(clock.wallUs()).toBe(time.wallMs * 1e3);
  }
});

it.each([
  ['the machine slept for eight hours', 8 * HOUR_MS],
  ['the clock was set back an hour', -HOUR_MS],
])('%s: no operation hung meanwhile; one that hangs is found, with its true age', async (_what, jumpMs) => {
  const store = await openStore({ file: ':memory:', maxBytes: 1e9, maxAgeS: 1e9 });
  try {
    const time = { monoMs: 5_000, wallMs: Date.now() };
    const clock = clockOf(
      () => time.monoMs * 1e6,
      () => time.wallMs,
    );
    const trace = new Trace({ store, clock, thresholds: [] }, []);
    const mount = trace.mounts.named('here', '/mnt/x', 'mirror', clock.wallUs());
    const enter = (id: number, local: boolean) => {
      const event = blankEvent(ENTER, opCode('getattr'), id, clock.wallUs());
      const arrival = { instance: null, local, monoNs: clock.monoNs(), wallUs: clock.wallUs() };
      trace.push({ ...event, monoNs: clock.monoNs() }, mount, arrival);
    };
    // Of a collector on this machine, and of somebody's event line.
    enter(1, true);
    enter(2, false);
    time.monoMs += 300;
    time.wallMs += jumpMs + 300;
    trace.check();
    enter(3, true);
    enter(4, false);
    trace.check();
    expect(trace.stalls.open()).toEqual([]);
    time.monoMs += 700;
    time.wallMs += 700;
    trace.check();
    expect(trace.stalls.open().map(({ span, ageMs }) => [span.unique, ageMs])).toEqual([
      [1, 1_000],
      [2, 1_000],
    ]);
    expect(trace.stalls.open()[0]?.raisedUs).toBe(time.wallMs * 1e3);
  } finally {
    await store.close();
  }
});
