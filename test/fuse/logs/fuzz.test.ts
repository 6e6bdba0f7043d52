// Every reader with what no program printed: lines changed, cut and mixed, and bytes at random. None may throw, hang, or
// hold more than its bounds; every line is counted under one name or another.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../fuse/logs/formats.ts';
import { readLog } from './reading.ts';

const names = FORMATS.map((format) => format.name);
// The lines of the other tests, as seeds: each reader is fed those of all formats.
const others = [
  'readers.test.ts',
  ...readdirSync(join(import.meta.dirname, 'formats')).map((name) => join('formats', name)),
];
const seeds = others
  .flatMap((name) => readFileSync(join(import.meta.dirname, name), 'utf8').split('\n'))
  .map((line) => line.trim())
  .filter((line) =>
    /^(?:[\d{#[(]|time=|unique|Op |dev |cqe |cat-|\w+-\d|'.*fuse_request_|LOOKUP|getattr|NODEID|read)/.test(
      line,
    ),
  );

const character = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '(',
    ')',
    '<',
    '>',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '=',
    ' ',
    '/',
    '0',
    '9',
    '-',
    '\t',
  ),
  fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
);

/** A line of some format with a part taken out, put twice, or replaced. */
const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat(40), fc.array(character, { maxLength: 5 }), fc.nat(3))
  .map(([line, at, length, put, how]) => {
    const from = line.length === 0 ? 0 : at % line.length;
    const part = line.slice(from, from + length);
    if (how === 0) return line.slice(0, from);
    if (how === 1) return line.slice(0, from) + put.join('') + line.slice(from + length);
    if (how === 2) return line.slice(0, from) + part + part + line.slice(from);
    return line.slice(from) + line.slice(0, from);
  });

const log = fc.array(fc.oneof({ weight: 2, arbitrary: mutated }, fc.constantFrom(...seeds)), {
  minLength: 1,
  maxLength: 60,
});

describe.each(names)('%s', (format) => {
  it('takes any lines', () => {
    fc.assert(
      fc.property(log, (all) => {
        const text = `${all.join('\n')}\n`;
        const { report, operations, spans } = readLog(text, { format });
        expect(report.lines).toBe(text.split('\n').length - 1);
        expect(report.foreign + report.rejected).toBeLessThanOrEqual(report.lines);
        expect(report.spans).toBe(operations.length + spans.length);
        for (const one of operations) {
          expect(Number.isFinite(one.tsUs)).toBe(true);
          expect(one.durNs === null || (one.durNs >= 0 && Number.isFinite(one.durNs))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const { report } = readLog([Buffer.from(bytes)], { format });
        expect(report.rejections.length).toBeLessThanOrEqual(10);
      }),
      { numRuns: 30 },
    );
  });
});

it('reads long lines of what might make an expression run for ever in time that grows with them', () => {
  const pieces = [
    '"\\',
    '((',
    '<a',
    '[b',
    '{c=',
    ' d=',
    'e: ',
    '/f',
    ', ',
    '1.',
    ':00',
    'n1 ',
    '][k=',
    '-1 [0] ',
  ];
  for (const format of names) {
    for (const seed of seeds.filter((_, i) => i % 7 === 0)) {
      for (const piece of pieces) {
        const started = performance.now();
        readLog(`${seed}${piece.repeat(2_000)}\n`, { format });
        // A thousand times what it takes; an expression that backtracks would take minutes.
        expect(performance.now() - started).toBeLessThan(5_000);
      }
    }
  }
});

it('tells the format of any lines, or says that it cannot', () => {
  fc.assert(
    fc.property(log, (all) => {
      try {
        expect(names).toContain(readLog(all.join('\n')).report.format);
      } catch (error) {
        expect((error as Error).name).toBe('UnknownFormat');
      }
    }),
    { numRuns: 40 },
  );
});
