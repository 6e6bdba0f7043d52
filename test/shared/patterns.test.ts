// Folding errors into patterns, and finding the first cause of how it ended.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorsAnswer } from '../../shared/patterns/answer.ts';
import { rankPatterns } from '../../shared/patterns/cascade.ts';
import { Fold } from '../../shared/patterns/fold.ts';
import { masked } from '../../shared/patterns/mask.ts';
import type { Problem } from '../../shared/patterns/problem.ts';
import { CAUSE, cascadeLog, END } from '../fuse/logs/cascade-log.ts';
import { readLog } from '../fuse/logs/reading.ts';

function problem(order: number, text: string, more: Partial<Problem> = {}): Problem {
  return {
    order,
    tsUs: null,
    level: 'error',
    text,
    mount: null,
    process: null,
    op: null,
    errno: null,
    ...more,
  };
}

function folded(problems: readonly Problem[]) {
  const fold = new Fold();
  for (const one of problems) fold.add(one);
  return fold.patterns();
}

describe('folding', () => {
  it.each([
    ['open tmp/test/content/DCC3AB40!s7d1f: no such file', 'open tmp/test/content/<id>: no such file'],
    ['took 12.5ms, then 3 of 4 at 10.0.0.1:80', 'took <n>, then <n> of <n> at <ip>'],
    ['at 0xdeadBEEF in 550e8400-e29b-41d4-a716-446655440000', 'at <hex> in <uuid>'],
    ['rename /a/file.Ab3xQ9 to /a/b.txt', 'rename /a/file.<tmp> to /a/b.txt'],
    ['ext4 and s3 stay; block 8f3a9c0d2e11 does not', 'ext4 and s3 stay; block <id> does not'],
  ])('masks what varies: %s', (text, expected) => {
    expect(masked(text)).toBe(expected);
  });

  it('puts into one pattern what differs in words that no mask knows, and keeps the rest apart', () => {
    const names = ['alpha', 'beta', 'gamma', 'delta'];
    const patterns = folded([
      ...names.map((name, i) =>
        problem(i, `cannot write the file ${name} to the cache`, { mount: `/m${i}` }),
      ),
      problem(9, 'auth was empty'),
    ]);
    expect(patterns.map((one) => [one.text, one.count])).toEqual([
      ['cannot write the file <*> to the cache', 4],
      ['auth was empty', 1],
    ]);
    expect(patterns[0]).toMatchObject({
      firstOrder: 0,
      lastOrder: 3,
      example: expect.stringContaining('alpha'),
    });
    expect(patterns[0]?.mounts).toHaveLength(4);
  });

  it('folds operations by operation, errno, mount and path', () => {
    const op = (order: number, name: string, errno: number, text: string) =>
      problem(order, text, { level: 'errno', op: name, errno, tsUs: order, mount: '/m' });
    const patterns = folded([
      op(1, 'open', 5, '/content/a1b2c3d4e5'),
      op(2, 'open', 5, '/content/someone'),
      op(3, 'open', 13, '/content/someone'),
      op(4, 'lookup', 2, '/content/x'),
    ]);
    expect(patterns.map((one) => [one.op, one.error, one.count, one.ordinary])).toEqual([
      ['open', 'EIO', 2, false],
      ['open', 'EACCES', 1, false],
      ['lookup', 'ENOENT', 1, true],
    ]);
    expect(patterns[0]?.text).toBe('/content/<*>');
  });

  it('counts every problem once, holds a bounded number of patterns, and its sparks add up', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 300 }), (texts) => {
        const patterns = folded(texts.map((text, i) => problem(i * 7, text)));
        const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);
        expect(sum(patterns.map((one) => one.count))).toBe(texts.length);
        expect(sum(patterns.flatMap((one) => one.spark))).toBe(texts.length);
      }),
      { numRuns: 50 },
    );
    const word = (i: number) => i.toString(36).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '');
    const many = folded(
      Array.from({ length: 5_000 }, (_, i) => problem(i, `${word(i)} ${word(i * 31)} ${word(i * 17)}`)),
    );
    expect(many.length).toBeLessThanOrEqual(1_001);
  });
});

describe('the cascade', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('puts the missing cache directory on top of its log (%i)', (seed) => {
    const { problems, report } = readLog(cascadeLog({ seed }));
    expect(report).toMatchObject({ format: 'application', spans: 0, foreign: 0 });
    const ranked = rankPatterns(folded(problems));
    expect(ranked[0]).toMatchObject({ role: 'cause', example: expect.stringMatching(CAUSE), count: 300 });
    expect(ranked.find((one) => one.role === 'end')?.example).toMatch(END);
    // The decoys came before it: they are told, but apart.
    for (const one of ranked) if (/Auth was|API error/.test(one.text)) expect(one.role).toBe('apart');
    const lags = ranked.filter((one) => one.role !== 'apart').map((one) => one.lagLines);
    expect(lags.slice(0, -1).every((lag) => lag !== null && lag > 0)).toBe(true);
  });

  it('does not fall for decoys that are many, or that go on until the end', () => {
    for (const [decoys, decoysAmong] of [
      [60, 0],
      [10, 40],
      [1, 100],
    ] as const) {
      const { problems } = readLog(
        cascadeLog({ seed: 3, decoys, decoysAmong, cacheErrors: 200, ioErrors: 150 }),
      );
      expect(rankPatterns(folded(problems))[0]?.example).toMatch(CAUSE);
    }
  });

  it('takes one failure on the directory above for the cause of hundreds below', () => {
    const ranked = rankPatterns(
      folded([
        problem(1, 'could not make the cache error="mkdir tmp/test/content: permission denied"'),
        ...Array.from({ length: 200 }, (_, i) =>
          problem(10 + i, `cannot create error="open tmp/test/content/file${i}: no such file or directory"`),
        ),
        problem(500, 'timed out waiting for the mount'),
      ]),
    );
    expect(ranked.map((one) => one.role)).toEqual(['cause', 'cascade', 'end']);
    expect(ranked[0]?.example).toContain('permission denied');
  });

  it('tells in order what failed before a mount did not come up', () => {
    const { problems } = readLog(cascadeLog({ seed: 1 }));
    const { mount } = errorsAnswer(folded(problems), { fromUs: null, toUs: null, complete: true });
    expect(mount?.text).toMatch(END);
    expect(mount?.checks[0]).toMatchObject({ text: expect.stringMatching(CAUSE), count: 300 });
    expect(mount?.checks.some((check) => /input\/output error/.test(check.text))).toBe(true);
  });

  it('has no cause where nothing failed', () => {
    expect(rankPatterns([])).toEqual([]);
    const ordinary = rankPatterns(
      folded([problem(1, '/x', { op: 'lookup', errno: 2, tsUs: 1, level: 'errno' })]),
    );
    expect(ordinary.map((one) => one.role)).toEqual(['apart']);
  });
});
