// Which tap runs, and what is said of those that do not.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TapKind, TapSupervisor } from '../../../fuse/kernel/supervisor.ts';
import type { Tap, TapEvents, TapLoss } from '../../../fuse/kernel/tap.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

class FakeTap implements Tap {
  readonly tier: Tap['tier'];
  readonly doubts: string[] = [];
  readonly events: TapEvents;
  closed = false;

  constructor(tier: Tap['tier'], events: TapEvents) {
    this.tier = tier;
    this.events = events;
  }

  watch(): void {}
  inflight = async () => [];
  async close(): Promise<void> {
    this.closed = true;
  }
}

function bench(refusals: Partial<Record<Tap['tier'], string>> = {}, startMs = 0) {
  const taps: FakeTap[] = [];
  const losses: TapLoss[] = [];
  const states: string[] = [];
  const kind = (tier: Tap['tier']): TapKind => ({
    tier,
    start: async (events) => {
      const refusal = refusals[tier];
      if (refusal !== undefined) throw new Error(refusal);
      if (startMs > 0) await new Promise((resolve) => setTimeout(resolve, startMs));
      const tap = new FakeTap(tier, events);
      taps.push(tap);
      return tap;
    },
  });
  const supervisor = new TapSupervisor([kind('bpf'), kind('tracefs')], {
    record: () => {},
    name: () => undefined,
    loss: (loss) => void losses.push(loss),
    changed: () => void states.push(supervisor.tap?.tier ?? (supervisor.starting ? 'starting' : 'none')),
  });
  return { supervisor, taps, losses, states, refusals };
}

describe('the tap that runs', () => {
  it('is the best one, and then nothing is to be said', async () => {
    const { supervisor, states } = bench();
    await supervisor.start();
    expect([supervisor.tap?.tier, supervisor.reason, states]).toEqual(['bpf', null, ['bpf']]);
  });

  it('is the next one with the reason, and none with both', async () => {
    const { supervisor, refusals } = bench({ bpf: 'not built' });
    await supervisor.start();
    expect([supervisor.tap?.tier, supervisor.reason]).toEqual(['tracefs', 'no BPF: not built']);
    const none = bench({ ...refusals, tracefs: 'not mounted' });
    await none.supervisor.start();
    expect(none.supervisor.tap).toBe(null);
    expect(none.supervisor.starting).toBe(false);
    expect(none.supervisor.reason).toBe('no BPF: not built; no tracefs: not mounted');
  });

  it('tells what it is not sure of', async () => {
    const { supervisor, taps } = bench();
    await supervisor.start();
    taps[0]?.doubts.push('names cannot be read');
    expect(supervisor.reason).toBe('names cannot be read');
  });

  it('is started again when it ended after a while, and the silence is a loss', async () => {
    const { supervisor, taps, losses, states } = bench();
    await supervisor.start();
    await vi.advanceTimersByTimeAsync(20_000);
    taps[0]?.events.ended('killed');
    expect(supervisor.tap).toBe(null);
    await vi.advanceTimersByTimeAsync(1);
    expect(states).toEqual(['bpf', 'starting', 'bpf']);
    expect(losses).toMatchObject([{ cause: 'tap-ended', count: 1 }]);
    expect(taps).toHaveLength(2);
  });

  it('is left out for a minute when it ended at once, and then takes the place of the lesser one', async () => {
    const { supervisor, taps, states } = bench();
    await supervisor.start();
    taps[0]?.events.ended('crashed');
    await vi.advanceTimersByTimeAsync(1);
    expect([supervisor.tap?.tier, supervisor.reason]).toEqual(['tracefs', 'no BPF: crashed']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([supervisor.tap?.tier, supervisor.reason, taps[1]?.closed]).toEqual(['bpf', null, true]);
    expect(states).toEqual(['bpf', 'starting', 'tracefs', 'bpf']);
  });

  it('is not forgotten where its minute ends while the lesser one is being started', async () => {
    const { supervisor, taps } = bench({}, 2_000);
    void supervisor.start();
    await vi.advanceTimersByTimeAsync(2_000);
    taps[0]?.events.ended('crashed');
    await vi.advanceTimersByTimeAsync(59_000);
    expect(supervisor.tap?.tier).toBe('tracefs');
    taps[1]?.events.ended('ended too');
    await vi.advanceTimersByTimeAsync(2_100);
    expect(supervisor.tap?.tier).toBe('tracefs');
    await vi.advanceTimersByTimeAsync(15_000);
    expect(supervisor.tap?.tier).toBe('bpf');
  });

  it('is closed with the supervisor, also one that was still starting', async () => {
    const { supervisor, taps } = bench();
    const starting = supervisor.start();
    await supervisor.close();
    await starting;
    expect(taps.map((tap) => tap.closed)).toEqual([true]);
    expect(supervisor.tap).toBe(null);
  });
});
