import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortenPath } from '../../shared/short-path.ts';
import {
  formatAge,
  formatBytes,
  formatCompact,
  formatCount,
  formatDuration,
  formatPercent,
  formatRatio,
  formatRelative,
  formatWall,
} from '../../shared/units.ts';

describe('units', () => {
  it.each([
    [0, '0 ns'],
    [5, '5 ns'],
    [999, '999 ns'],
    [68_000, '68 µs'],
    [68_123, '68.1 µs'],
    [999_600, '1.00 ms'],
    [2_310_000, '2.31 ms'],
    [2_301_000, '2.30 ms'],
    [412_300_000, '412 ms'],
    [41_300_000_000, '41.3 s'],
    [59_960_000_000, '1 min 0 s'],
    [72_000_000_000, '1 min 12 s'],
    [7_500_000_000_000, '2 h 5 min'],
    [277_000_000_000_000, '3 d 4 h'],
    [-2_310_000, '−2.31 ms'],
  ])('a duration of %d ns reads %s', (ns, text) => expect(formatDuration(ns).text).toBe(text));

  it('a duration never shows 1000 of a unit, nor more than 2 % of rounding below a minute', () => {
    const size: Record<string, number> = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 59_000_000_000 }), (ns) => {
        const part = formatDuration(ns).parts[0] ?? { value: '', unit: '' };
        expect(Number(part.value)).toBeLessThan(1000);
        expect(Math.abs(Number(part.value) * (size[part.unit] ?? 0) - ns)).toBeLessThanOrEqual(ns * 0.005);
      }),
    );
  });

  it('an age ticks in tenths below 100 s', () => {
    expect([0, 149, 41_390, 99_999, 100_000].map((ms) => formatAge(ms).text)).toEqual([
      '0.0 s',
      '0.1 s',
      '41.3 s',
      '99.9 s',
      '1 min 40 s',
    ]);
  });

  it('counts, bytes, percents and ratios', () => {
    expect([0, 999, 1204, 1234567].map((n) => formatCount(n).text)).toEqual([
      '0',
      '999',
      '1,204',
      '1,234,567',
    ]);
    expect([0, 820, 18_200, 999_900, 2_410_000].map((n) => formatCompact(n).text)).toEqual([
      '0',
      '820',
      '18.2 k',
      '1.00 M',
      '2.41 M',
    ]);
    expect([0, 1023, 131_072, 1_500_000, 3 * 2 ** 40].map((n) => formatBytes(n).text)).toEqual([
      '0 B',
      '1023 B',
      '128 KiB',
      '1.43 MiB',
      '3 TiB',
    ]);
    expect([0, 0.0004, 0.032, 0.971, 0.997, 0.99999, 1].map((n) => formatPercent(n).text)).toEqual([
      '0 %',
      '< 0.1 %',
      '3.2 %',
      '97 %',
      '99.7 %',
      '> 99.9 %',
      '100 %',
    ]);
    expect([3.14, 3, 1250].map((n) => formatRatio(n).text)).toEqual(['3.1 times', '3 times', '1,250 times']);
  });

  it('wall time in parts, and distances with their sign', () => {
    expect(formatWall(1_732_199_568_391_204.5, 'utc')).toEqual({
      clock: '14:32:48',
      ms: '391',
      us: '204',
      text: '14:32:48.391 204',
    });
    expect(formatRelative(2_860_000).text).toBe('+2.86 s');
    expect(formatRelative(-1_500).text).toBe('−1.5 ms');
  });
});

describe('shortened paths', () => {
  it('keep first segments and the whole name', () => {
    expect(shortenPath('/home/ann/photos/2024/summer/IMG_0001.jpeg', 30)).toEqual({
      dir: '/home/ann/…/',
      name: 'IMG_0001.jpeg',
      shortened: true,
    });
    expect(shortenPath('/a/b', 30)).toEqual({ dir: '/a/', name: 'b', shortened: false });
  });

  it('take only from a name that alone is too long, and keep its suffix', () => {
    const { dir, name } = shortenPath('/d/a-very-long-name-of-a-recording-0001.tar.gz', 20);
    expect(dir).toBe('…/');
    expect(name).toMatch(/^a-very.*….*\.gz$/);
  });

  it('never exceed the budget, and are the path itself where it fits', () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .map((s) => s.replaceAll('/', '_'));
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 5, max: 80 }),
        (segments, budget) => {
          const path = `/${segments.join('/')}`;
          const short = shortenPath(path, budget);
          expect([...(short.dir + short.name)].length).toBeLessThanOrEqual(budget);
          if ([...path].length <= budget) expect(short.dir + short.name).toBe(path);
          else expect(short.shortened).toBe(true);
        },
      ),
    );
  });
});
