// Decimation: whatever is left out of a picture one by one is counted in it, and nothing that matters is left out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isError, OPEN, PictureBuilder } from '../../../server/store/timeline-picture.ts';

interface Row {
  lane: number;
  startNs: number;
  durationNs: number;
  op: number;
  errno: number;
}

const COLUMNS = 50;
const STEP_NS = 1_000;

const row: fc.Arbitrary<Row> = fc.record({
  lane: fc.nat(12),
  startNs: fc.integer({ min: -5_000, max: COLUMNS * STEP_NS - 1 }),
  durationNs: fc.oneof(fc.integer({ min: 0, max: 8_000 }), fc.constant(OPEN)),
  op: fc.constantFrom(1, 3, 15, 16, 12, 22, 999),
  errno: fc.constantFrom(0, 0, 0, 2, 5, 61, 107),
});

/** As the reader gives them: what is short and began before belongs to an earlier picture; lanes come in order. */
function rowsOf(rows: readonly Row[]): Row[] {
  const numbers = new Map<number, number>();
  return rows
    .filter((one) => one.startNs >= 0 || one.durationNs === OPEN || one.durationNs >= STEP_NS)
    .map((one) => {
      const known = numbers.get(one.lane) ?? numbers.size;
      numbers.set(one.lane, known);
      return { ...one, lane: known };
    });
}

function build(rows: readonly Row[]): PictureBuilder {
  const builder = new PictureBuilder();
  rows.forEach((one, i) => {
    builder.add(one.lane, one.lane % 3, i + 1, one.startNs, one.durationNs, one.op, one.errno);
  });
  return builder;
}

const OPTIONS = { columns: COLUMNS, stepNs: STEP_NS, exactUpTo: 0, maxSpans: 1_000, maxLanes: 100 };

describe('the picture of a timeline', () => {
  it('draws each operation by itself or counts it in the column that it began in', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 200 }), (drawn) => {
        const rows = rowsOf(drawn);
        const { singles, columns, laneOf } = build(rows).finish(OPTIONS);
        const alone = new Set(singles);
        for (const [i, one] of rows.entries()) {
          expect(alone.has(i)).toBe(one.durationNs === OPEN || one.durationNs >= STEP_NS);
        }
        const expected = new Map<string, { count: number; errors: number }>();
        for (const [i, one] of rows.entries()) {
          if (alone.has(i)) continue;
          const key = `${laneOf[one.lane]} ${Math.floor(one.startNs / STEP_NS)}`;
          const cell = expected.get(key) ?? { count: 0, errors: 0 };
          cell.count++;
          if (isError(one.errno)) cell.errors++;
          expected.set(key, cell);
        }
        const found = new Map(
          columns.at.map((at, i) => [
            `${columns.lane[i]} ${at}`,
            { count: columns.count[i], errors: columns.errors[i] },
          ]),
        );
        expect(found).toEqual(expected);
      }),
    );
  });

  it('keeps every open operation, and each error, alone or by its id, however little room there is', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 200 }), (drawn) => {
        const rows = rowsOf(drawn);
        const picture = build(rows).finish({ ...OPTIONS, maxSpans: 2, maxLanes: 3 });
        const alone = new Set(picture.singles);
        const marked = new Set<string>();
        picture.columns.errorId.forEach((id, i) => {
          if (id > 0) marked.add(`${picture.columns.lane[i]} ${picture.columns.at[i]}`);
        });
        for (const [i, one] of rows.entries()) {
          if (one.durationNs === OPEN) expect(alone.has(i)).toBe(true);
          if (!isError(one.errno) || alone.has(i)) continue;
          const column = Math.max(0, Math.floor(one.startNs / STEP_NS));
          expect(marked.has(`${picture.laneOf[one.lane]} ${column}`)).toBe(true);
        }
      }),
    );
  });

  it('folds quiet lanes of a mount into one, and says how many; totals stay whole', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 6 }),
        (drawn, max) => {
          const rows = rowsOf(drawn);
          const { lanes, laneOf } = build(rows).finish({ ...OPTIONS, maxLanes: max });
          const named = new Set(rows.map((one) => one.lane)).size;
          expect(lanes.filter((lane) => lane.folded === 0).length).toBe(Math.min(named, max));
          expect(lanes.reduce((sum, lane) => sum + lane.folded, 0)).toBe(Math.max(0, named - max));
          expect(lanes.reduce((sum, lane) => sum + lane.count, 0)).toBe(rows.length);
          for (const one of rows) {
            const lane = lanes[laneOf[one.lane] ?? -1];
            if (lane && lane.folded > 0) expect(lane.first % 3).toBe(one.lane % 3);
          }
        },
      ),
    );
  });

  it('takes the longest where not all that are long have room, and spreads the others over their columns', () => {
    const rows = [1, 2, 3, 4].map((n) => ({ lane: 0, startNs: 0, durationNs: n * 2_000, op: 15, errno: 0 }));
    const { singles, columns } = build(rows).finish({ ...OPTIONS, maxSpans: 2 });
    expect(singles).toEqual([2, 3]);
    expect(columns).toMatchObject({ at: [0, 1, 2, 3], count: [2, 2, 1, 1] });
  });

  it('colours a column by its commonest class', () => {
    const rows = [15, 15, 3].map((op) => ({ lane: 0, startNs: 10, durationNs: 5, op, errno: 0 }));
    expect(build(rows).finish(OPTIONS).columns).toMatchObject({ at: [0], count: [3], op: [15] });
  });
});
