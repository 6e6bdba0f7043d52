// How answers of the server join to one picture, whatever their order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimelineAnswer, TimelineLane } from '../../shared/timeline.ts';
import { lowerBound, Picture } from '../../web/views/timeline/picture.ts';

const T0 = 1_732_160_000_000_000;

interface Told {
  id: number;
  lane: number;
  startUs: number;
  durationNs: number;
}

const STEP_US = 1_024;
const FIRST = Math.floor(T0 / STEP_US);

const lane = (n: number): TimelineLane => ({
  key: `1:${n}`,
  mountId: 1,
  mount: '/mnt/x',
  label: `prog${n}`,
  thread: n,
  folded: 0,
  count: 0,
  errors: 0,
  open: 0,
  busyNs: 0,
});

/** What the server would answer of `all` for columns `from` to `to`, counted from FIRST. */
function answerOf(all: readonly Told[], from: number, to: number, covered = to): TimelineAnswer {
  const [fromUs, toUs] = [(FIRST + from) * STEP_US, (FIRST + to) * STEP_US];
  const coveredUs = (FIRST + covered) * STEP_US;
  const stepNs = STEP_US * 1e3;
  const ends = (one: Told) => (one.durationNs < 0 ? Infinity : one.startUs + one.durationNs / 1e3);
  const inside = all.filter(
    (one) => one.startUs < coveredUs && (one.startUs >= fromUs || ends(one) > fromUs),
  );
  const long = inside.filter((one) => one.durationNs < 0 || one.durationNs >= stepNs);
  const cells = new Map<string, number>();
  for (const one of inside) {
    if (long.includes(one) || one.startUs < fromUs) continue;
    const key = `${one.lane} ${Math.floor((one.startUs - fromUs) / STEP_US)}`;
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  const columns = [...cells].map(
    ([key, count]) => [...key.split(' ').map(Number), count] as [number, number, number],
  );
  columns.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return {
    fromUs,
    toUs,
    coveredUs,
    stepNs,
    exact: false,
    operations: inside.length,
    lanes: [0, 1, 2].map(lane),
    names: ['read'],
    spans: {
      id: long.map((one) => one.id),
      lane: long.map((one) => one.lane),
      startNs: long.map((one) => (one.startUs - fromUs) * 1e3),
      durationNs: long.map((one) => one.durationNs),
      queueNs: long.map(() => -1),
      op: long.map(() => 0),
      path: long.map(() => -1),
      errno: long.map(() => 0),
      state: long.map((one) => (one.durationNs < 0 ? 0 : 1)),
    },
    columns: {
      lane: columns.map((one) => one[0]),
      at: columns.map((one) => one[1]),
      count: columns.map((one) => one[2]),
      op: columns.map(() => 0),
      errors: columns.map(() => 0),
      errorId: columns.map(() => 0),
    },
    gaps: [],
  };
}

const told = fc
  .array(
    fc.record({
      lane: fc.nat(2),
      startUs: fc.integer({ min: 0, max: 100 * STEP_US - 1 }).map((at) => FIRST * STEP_US + at),
      durationNs: fc.oneof(fc.integer({ min: 0, max: 9_000_000 }), fc.constant(-1)),
    }),
    { maxLength: 120 },
  )
  .map((list) => list.map((one, i) => ({ ...one, id: i + 1 })));

function contents(picture: Picture) {
  return [...picture.lanes.values()]
    .map(({ key, at, count, bars }) => ({
      key,
      at,
      count,
      bars: bars.map((bar) => bar.id).sort((a, b) => a - b),
    }))
    .filter((one) => one.at.length > 0 || one.bars.length > 0)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** What its tiles show, by time: columns, with their measure, and bars too short to be told by themselves. */
function drawn(picture: Picture): Map<number, string> {
  const by = new Map<number, string>();
  const put = (us: number, words: string) => by.set(us, `${by.get(us) ?? ''};${words}`);
  for (const { key, at, count, bars } of picture.lanes.values()) {
    at.forEach((column, i) => {
      put(column * STEP_US, `${key} ${count[i]} of ${picture.mostInColumn}`);
    });
    for (const bar of bars) {
      if (bar.durationNs !== null && bar.durationNs < 1.3 * STEP_US * 1e3)
        put(bar.startUs, `${key} ${bar.id}`);
    }
  }
  return by;
}

describe('a picture', () => {
  it('is the same in one piece or in many, in whichever order they come and however they overlap', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 5 });
    fc.assert(
      fc.property(told, cuts, fc.boolean(), fc.nat(5), (all, points, backwards, overlap) => {
        const whole = new Picture(STEP_US);
        whole.add(answerOf(all, 0, 100));
        const edges = [0, ...points.sort((a, b) => a - b), 100];
        const parts = edges
          .slice(1)
          .map((to, i) => answerOf(all, Math.max(0, (edges[i] ?? 0) - overlap), to));
        const joined = new Picture(STEP_US);
        for (const part of backwards ? parts.reverse() : parts) joined.add(part);
        expect(joined.from).toBe(whole.from);
        expect(joined.to).toBe(whole.to);
        expect(contents(joined)).toEqual(contents(whole));
      }),
    );
  });

  it('takes what an answer covers, and begins anew where it does not join', () => {
    const all = [{ id: 1, lane: 0, startUs: FIRST * STEP_US + 5, durationNs: 10 }];
    const picture = new Picture(STEP_US);
    picture.add(answerOf(all, 0, 50, 20));
    expect([picture.from - FIRST, picture.to - FIRST]).toEqual([0, 20]);
    picture.add(answerOf(all, 30, 50));
    expect([picture.from - FIRST, picture.to - FIRST]).toEqual([30, 50]);
    expect(contents(picture)).toEqual([]);
  });

  it('lets an open operation end, by a later answer or by word', () => {
    const open = { id: 7, lane: 1, startUs: FIRST * STEP_US + 5, durationNs: -1 };
    const picture = new Picture(STEP_US);
    picture.add(answerOf([open], 0, 10));
    expect(picture.openBars().map((bar) => bar.id)).toEqual([7]);
    picture.add(answerOf([{ ...open, durationNs: 12_000_000 }], 10, 20));
    expect(picture.openBars()).toEqual([]);
    expect(picture.find(7)?.bar).toMatchObject({ state: 'done', durationNs: 12_000_000 });
    picture.add(answerOf([{ ...open, id: 8 }], 10, 20));
    picture.ended(8, 5, 110, 'aborted');
    expect(picture.find(8)?.bar).toMatchObject({ state: 'aborted', durationNs: 5, errno: 110 });
  });

  it('forgets what is trimmed, and keeps what reaches into the rest', () => {
    const at = (column: number, durationNs: number, id: number) => ({
      id,
      lane: 0,
      startUs: (FIRST + column) * STEP_US,
      durationNs,
    });
    const picture = new Picture(STEP_US);
    picture.add(answerOf([at(1, 10, 1), at(5, 60_000_000, 2), at(50, 10, 3), at(90, 10, 4)], 0, 100));
    picture.trim((FIRST + 40) * STEP_US, (FIRST + 60) * STEP_US);
    expect(contents(picture)).toEqual([{ key: '1:0', at: [FIRST + 50], count: [1], bars: [2] }]);
  });

  it('says where it has changed since: all else is as it was drawn', () => {
    const parts = fc.array(
      fc.record({ from: fc.nat(99), length: fc.integer({ min: 1, max: 40 }), all: told }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(told, parts, (first, later) => {
        const picture = new Picture(STEP_US);
        picture.add(answerOf(first, 0, 100));
        for (const { from, length, all } of later) {
          const [version, before] = [picture.version, drawn(picture)];
          // Other numbers: the same operation is not told of as two.
          const told = all.map((one) => ({ ...one, id: one.id + picture.version * 1_000 }));
          picture.add(answerOf(told, from, Math.min(100, from + length)));
          const { fromUs, toUs } = picture.changedSince(version);
          const after = drawn(picture);
          for (const us of new Set([...before.keys(), ...after.keys()])) {
            if (us < fromUs || us >= toUs) expect([us, after.get(us)]).toEqual([us, before.get(us)]);
          }
        }
      }),
    );
  });

  it('has changed everywhere where it begins anew, and nowhere where it was only trimmed', () => {
    const picture = new Picture(STEP_US);
    picture.add(answerOf([], 0, 20));
    const { version } = picture;
    picture.trim((FIRST + 5) * STEP_US, (FIRST + 10) * STEP_US);
    const trimmed = picture.changedSince(version);
    expect(trimmed.fromUs).toBeGreaterThan(trimmed.toUs);
    picture.add(answerOf([], 50, 60));
    expect(picture.changedSince(version)).toEqual({ fromUs: -Infinity, toUs: Infinity });
    for (let i = 0; i < 40; i++) picture.add(answerOf([], 55, 60));
    expect(picture.changedSince(picture.version)).toEqual({ fromUs: Infinity, toUs: -Infinity });
    expect(picture.changedSince(version + 5)).toEqual({ fromUs: -Infinity, toUs: Infinity });
  });

  it('counts short bars in columns once other answers do', () => {
    const answer = answerOf([{ id: 1, lane: 0, startUs: FIRST * STEP_US + 5, durationNs: 3_000_000 }], 0, 10);
    answer.exact = true;
    answer.spans.durationNs = [500];
    const picture = new Picture(STEP_US);
    picture.add(answer);
    expect(contents(picture)[0]?.bars).toEqual([1]);
    picture.add(answerOf([], 10, 20));
    expect(contents(picture)).toEqual([{ key: '1:0', at: [FIRST], count: [1], bars: [] }]);
  });

  it('finds places by halving', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(50), (list, value) => {
        const sorted = list.sort((a, b) => a - b);
        const found = sorted.findIndex((one) => one >= value);
        expect(lowerBound(sorted, value)).toBe(found < 0 ? sorted.length : found);
      }),
    );
  });
});
