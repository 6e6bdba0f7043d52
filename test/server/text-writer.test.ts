import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pieces, TextWriter } from '../../server/export/text-writer.ts';

const textOf = (write: (out: TextWriter) => void) => {
  const out = new TextWriter();
  write(out);
  return new TextDecoder().decode(out.take());
};

it('writes any number so that it is read as the same', () => {
  const edges = [0, -0, 2 ** 31 - 1, 2 ** 31, 1e9, 999_999_999, Number.MAX_SAFE_INTEGER, 0.001, 0.9995, 1e-7];
  const times = fc.nat(8e9).map((quarters) => 1_732_160_000_000_000 + quarters / 4);
  const any = fc.oneof(
    fc.constantFrom(...edges),
    fc.maxSafeInteger(),
    fc.nat().map((ns) => ns / 1_000),
    times,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(any, (value) => {
      // JSON has no negative zero.
      expect(JSON.parse(textOf((out) => out.number(value)))).toBe(value === 0 ? 0 : value);
    }),
    { numRuns: 2_000 },
  );
});

it('writes µs that are whole ns with their digits, not the shortest that would do', () => {
  expect(textOf((out) => out.number(1_732_160_000_000_000 + 0.25))).toBe('1732160000000000.25');
  expect(textOf((out) => out.number(7.5))).toBe('7.5');
  expect(textOf((out) => out.number(0.007))).toBe('0.007');
});

it('writes hexadecimal numbers of 16 digits, and decimal ones of as many as are asked for', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.nat(999_999_999), (id, ns) => {
      const positive = Math.abs(id);
      const hex = positive.toString(16).padStart(16, '0');
      expect(textOf((out) => out.hex(positive))).toBe(hex);
      expect(textOf((out) => out.hex(positive, 1 << 31))).toBe(`8${hex.slice(1)}`);
      expect(textOf((out) => out.padded(ns, 9))).toBe(String(ns).padStart(9, '0'));
    }),
  );
});

it('keeps its place however much is written', () => {
  const long = 'x'.repeat(70_000);
  const said = new Pieces((text: string) => `<${text}>`);
  const text = textOf((out) => {
    for (let i = 0; i < 40; i++) {
      said.put(out, long);
      out.number(i);
    }
  });
  expect(text).toBe(Array.from({ length: 40 }, (_, i) => `<${long}>${i}`).join(''));
});
