// The timeline's pure parts: what is in view, where rows and bars lie, what is asked for next.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bar, type Lane, Picture } from '../../web/views/timeline/picture.ts';
import { hitAt, linesOf } from '../../web/views/timeline/places.ts';
import { nextAsk } from '../../web/views/timeline/plan.ts';
import { RowOrder } from '../../web/views/timeline/rows.ts';
import { MAX_LEVELS, stack } from '../../web/views/timeline/stack.ts';
import { ticksOf } from '../../web/views/timeline/ticks.ts';
import { around, lengthOf, moved, scaleOf, stepFor, zoomed } from '../../web/views/timeline/viewport.ts';

const T0 = 1_732_160_000_000_000;

const view = fc
  .tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 20, max: 4e9 }))
  .map(([at, length]) => ({ fromUs: T0 + at, toUs: T0 + at + length }));

describe('the view of a timeline', () => {
  it('zooms about a moment: it stays where it is, and back again is where one was', () => {
    fc.assert(
      fc.property(view, fc.double({ min: 0, max: 1, noNaN: true }), (from, share) => {
        const about = from.fromUs + share * lengthOf(from);
        const wide = zoomed(from, 3, about);
        const x = (of: typeof from) => scaleOf(of, 0, 1_000).x(about);
        expect(x(wide)).toBeCloseTo(x(from), 0);
        const back = zoomed(wide, 1 / 3, about);
        expect(Math.abs(back.fromUs - from.fromUs)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('pans without changing its length, and a fit holds what it is to hold', () => {
    fc.assert(
      fc.property(view, fc.integer({ min: -1e9, max: 1e9 }), (from, by) => {
        expect(lengthOf(moved(from, by))).toBeCloseTo(lengthOf(from), 0);
        const fit = around(from.fromUs, from.toUs);
        expect(fit.fromUs).toBeLessThanOrEqual(from.fromUs);
        expect(fit.toUs).toBeGreaterThanOrEqual(from.toUs);
      }),
    );
  });

  it('has columns between one and a half and three px, powers of two of a µs', () => {
    fc.assert(
      fc.property(view, fc.integer({ min: 200, max: 3_000 }), (of, width) => {
        const step = stepFor(of, width);
        expect(Number.isInteger(Math.log2(step))).toBe(true);
        if (step > 0.25) {
          const px = (step / lengthOf(of)) * width;
          expect(px).toBeGreaterThanOrEqual(1.5);
          expect(px).toBeLessThan(3.01);
        }
      }),
    );
  });

  it('has ticks at round times, apart from each other, none outside', () => {
    fc.assert(
      fc.property(view, (of) => {
        const ticks = ticksOf(of.fromUs, of.toUs, 1_000);
        expect(ticks.length).toBeLessThanOrEqual(13);
        for (const tick of ticks) {
          expect(tick.us).toBeGreaterThanOrEqual(of.fromUs);
          expect(tick.us).toBeLessThanOrEqual(of.toUs);
        }
      }),
    );
    expect(ticksOf(T0 + 41_500_000, T0 + 44_500_000, 400).map((tick) => tick.label)).toEqual([
      '2 s',
      '3 s',
      '4 s',
    ]);
  });
});

const bar = (id: number, startUs: number, us: number | null): Bar => ({
  id,
  startUs,
  durationNs: us === null ? null : us * 1e3,
  queueNs: null,
  op: 'read',
  path: null,
  errno: 0,
  state: us === null ? 'open' : 'done',
  depth: 0,
  levels: 1,
});

describe('bars of one lane', () => {
  it('stand apart where they overlap, as far as there are levels, and alone have all of the height', () => {
    const bars = fc.array(fc.tuple(fc.nat(200), fc.oneof(fc.nat(40), fc.constant(null))), { maxLength: 40 });
    fc.assert(
      fc.property(bars, (list) => {
        const all = list.map(([start, us], i) => bar(i, start, us)).sort((a, b) => a.startUs - b.startUs);
        stack(all);
        const end = (one: Bar) => (one.durationNs === null ? Infinity : one.startUs + one.durationNs / 1e3);
        for (const one of all) {
          expect(one.depth).toBeLessThan(one.levels);
          expect(one.levels).toBeLessThanOrEqual(MAX_LEVELS);
          const beside = all.filter((o) => o !== one && o.startUs < end(one) && one.startUs < end(o));
          if (beside.length === 0) expect(one.levels).toBe(1);
          if (one.levels < MAX_LEVELS) {
            for (const other of beside) expect(other.depth).not.toBe(one.depth);
          }
        }
      }),
    );
  });
});

function laneOf(key: string, label: string, thread: number, bars: Bar[], mountId = 1): Lane {
  return {
    key,
    mountId,
    mount: `/mnt/${mountId}`,
    label,
    thread,
    folded: 0,
    at: [],
    count: [],
    op: [],
    errors: [],
    errorId: [],
    bars,
  };
}

describe('rows', () => {
  const labels = (order: RowOrder, lanes: readonly Lane[]) =>
    order
      .layOut(lanes, 1, (mountId) => mountId)
      .map((group) => [group.mountId, group.rows.map((row) => row.lanes.map((one) => one.key))]);

  it('are shared by callers of one name that live one after the other, and by no others', () => {
    const lanes = [
      laneOf('a', 'cat', 1, [bar(1, 0, 10)]),
      laneOf('b', 'cat', 2, [bar(2, 20, 10)]),
      laneOf('c', 'cat', 3, [bar(3, 25, 10)]),
      laneOf('d', 'ls', 4, [bar(4, 50, 10)]),
      laneOf('e', 'cat', 5, [bar(5, 90, 1)], 2),
    ];
    expect(labels(new RowOrder(), lanes)).toEqual([
      [1, [['a', 'b'], ['c'], ['d']]],
      [2, [['e']]],
    ]);
  });

  it('keep their places when others come and go; what burns stands first at the beginning', () => {
    const order = new RowOrder();
    const calm = laneOf('calm', 'git', 1, [bar(1, 0, 5_000)]);
    const hot = laneOf('hot', 'ls', 2, [bar(2, 0, null)]);
    const late = laneOf('late', 'tar', 3, [bar(3, 0, null)], 9);
    expect(labels(order, [calm, hot])).toEqual([[1, [['hot'], ['calm']]]]);
    expect(labels(order, [late, calm, hot])).toEqual([
      [1, [['hot'], ['calm']]],
      [9, [['late']]],
    ]);
    expect(labels(order, [calm])).toEqual([[1, [['calm']]]]);
    expect(labels(order, [calm, hot])).toEqual([[1, [['hot'], ['calm']]]]);
  });

  it('are found by their place, the bar nearest to the pointer first', () => {
    const one = laneOf('a', 'cat', 1, [bar(1, 100, 100), bar(2, 400, null)]);
    const groups = new RowOrder().layOut([one], 1, () => 0);
    const { lines, height } = linesOf(groups, 22);
    expect(height).toBe(24 + 22);
    const scale = scaleOf({ fromUs: 0, toUs: 1_000 }, 200, 1_000);
    const at = (x: number, y: number) => {
      const hit = hitAt(new Picture(1), lines, scale, x, y, 900);
      return hit?.kind === 'bar' ? hit.bar.id : null;
    };
    expect(at(350, 30)).toBe(1);
    expect(at(403, 30)).toBe(1);
    expect(at(450, 30)).toBe(null);
    expect(at(1_050, 30)).toBe(2);
    expect(at(1_150, 30)).toBe(null);
    expect(at(350, 10)).toBe(null);
  });
});

describe('what is asked for', () => {
  const step = stepFor({ fromUs: T0, toUs: T0 + 1e6 }, 1_000);
  const facts = (picture: Picture | null, fromUs: number, toUs: number, live = true) => ({
    view: { fromUs, toUs },
    widthPx: 1_000,
    nowUs: T0 + 10e6,
    picture,
    settledUs: T0 + 9.5e6,
    live,
  });
  const known = (fromUs: number, toUs: number) => {
    const picture = new Picture(step);
    picture.from = Math.floor(fromUs / step);
    picture.to = Math.ceil(toUs / step);
    return picture;
  };

  it('is all in view and a margin at first, never what has not happened', () => {
    const ask = nextAsk(facts(null, T0 + 9e6, T0 + 10e6));
    expect(ask).toMatchObject({ fresh: true, stepUs: step });
    expect(ask?.fromUs).toBeLessThanOrEqual(T0 + 8.5e6);
    expect(ask?.toUs).toBeLessThan(T0 + 10e6 + step);
    expect((ask?.toUs ?? 0) - (ask?.fromUs ?? 0)).toBe((ask?.columns ?? 0) * step);
  });

  it('is nothing where it is there, what is missing beside it, and a new picture for another zoom', () => {
    expect(nextAsk(facts(known(T0 + 1e6, T0 + 4e6), T0 + 2e6, T0 + 3e6))).toBeNull();
    const right = nextAsk(facts(known(T0 + 1e6, T0 + 3e6), T0 + 2e6, T0 + 3e6));
    expect(right).toMatchObject({ fresh: false });
    expect(right?.fromUs).toBe(known(0, T0 + 3e6).toUs);
    const left = nextAsk(facts(known(T0 + 2e6, T0 + 5e6), T0 + 2e6, T0 + 3e6));
    expect(left?.toUs).toBe(known(T0 + 2e6, 0).fromUs);
    expect(nextAsk(facts(known(T0 + 1e6, T0 + 4e6), T0, T0 + 8e6))).toMatchObject({ fresh: true });
  });

  it('is what is new at the right edge while it is live, from where it has not settled; not while paused', () => {
    const picture = known(T0 + 8e6, T0 + 10e6);
    const ask = nextAsk(facts(picture, T0 + 9e6, T0 + 10e6));
    expect(ask?.fromUs).toBe(Math.floor((T0 + 9.5e6) / step) * step);
    expect(nextAsk(facts(picture, T0 + 9e6, T0 + 10e6, false))).toBeNull();
  });
});
