import { describe, expect, it } from 'vitest';
import type { OpenSpan } from '../../server/ingest/pairing.ts';
import { StallDetector } from '../../server/stalls/detector.ts';
import { blankSpan } from '../../shared/span.ts';
import type { Stall, ThresholdRule } from '../../shared/stall.ts';

const mount = { id: 1, name: '/mnt/x', kind: 'mirror' as const };

function open(op: string, enterMs = 0, raiseFromMs = enterMs): OpenSpan {
  return {
    span: blankSpan(enterMs + 1, 1, '/mnt/x', 'mirror', op),
    mount,
    instance: 'a',
    enterMonoNs: enterMs * 1e6,
    raiseFromNs: raiseFromMs * 1e6,
    stored: false,
    stallId: null,
  };
}

function bench(rules: ThresholdRule[] = []) {
  const raised: Stall[] = [];
  const closed: Stall[] = [];
  const events = {
    raised: (stall: Stall) => raised.push(stall),
    closed: (stall: Stall) => closed.push(stall),
  };
  const detector = new StallDetector(events, 1, rules, () => 'fuse.sshfs');
  const check = (spans: OpenSpan[], ms: number) => detector.check(spans, ms * 1e6, 1e15 + ms * 1e3);
  return { detector, raised, closed, check };
}

describe('stall detection', () => {
  it('raises an operation after 1 s, a read after 5 s, once', () => {
    const { raised, check } = bench();
    const spans = [open('getattr'), open('read')];
    check(spans, 999);
    expect(raised).toEqual([]);
    check(spans, 1_000);
    check(spans, 1_050);
    expect(raised.map((stall) => [stall.span.op, stall.thresholdMs])).toEqual([['getattr', 1_000]]);
    check(spans, 5_000);
    expect(raised.map((stall) => stall.span.op)).toEqual(['getattr', 'read']);
  });

  it('goes by the last rule that matches', () => {
    const { raised, check } = bench([
      { fsType: 'fuse.sshfs', stalledMs: 3_000 },
      { op: 'lookup', stalledMs: 200 },
      { mount: '/mnt/other', stalledMs: 1 },
    ]);
    const spans = [open('getattr'), open('lookup')];
    check(spans, 200);
    expect(raised.map((stall) => stall.span.op)).toEqual(['lookup']);
    check(spans, 2_999);
    expect(raised).toHaveLength(1);
    check(spans, 3_000);
    expect(raised).toHaveLength(2);
  });

  it('counts a backlog from its arrival, so that reading one raises nothing', () => {
    const { raised, check } = bench();
    const spans = [open('getattr', 0, 60_000)];
    check(spans, 60_500);
    expect(raised).toEqual([]);
    check(spans, 61_000);
    expect(raised).toMatchObject([{ ageMs: 61_000 }]);
  });

  it('grows while open and closes with the operation’s own duration', () => {
    const { raised, closed, check, detector } = bench();
    const one = open('getattr');
    check([one], 1_000);
    check([one], 2_500);
    expect(detector.open()).toMatchObject([{ ageMs: 2_500, state: 'open', closedUs: null }]);
    expect(detector.openOf(1)).toBe(1);
    one.span.state = 'done';
    one.span.durationNs = 2_600e6;
    detector.ended(one, 9_999e6, 1e15 + 9_999);
    expect(closed).toMatchObject([
      { id: raised[0]?.id, state: 'closed', ageMs: 2_600, closedUs: 1e15 + 9_999 },
    ]);
    expect(detector.open()).toEqual([]);
  });
});
