import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible } from '../../web/ui/visible.ts';

test('an ordinary name is shown as it is', () => {
  for (const name of ['/a b/ü-名前.txt', 'IMG_4211.CR3', '👩‍👩'.normalize(), '']) {
    expect(visible(name).replaceAll('\\u200d', '‍')).toBe(name);
  }
});

test.each([
  ['a\nb', 'a\\nb'],
  ['\u001b[31mred', '\\x1b[31mred'],
  ['exe.\u202etxt', 'exe.\\u202etxt'],
  ['zero\u200bwidth', 'zero\\u200bwidth'],
  ['half \ud800 pair', 'half \\ud800 pair'],
])('%j is shown as %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('nothing that is shown can change the order of what stands around it, or break a line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
    }),
  );
});
