import { expect, test } from 'vitest';
import { tellingParts } from '../../web/ui/telling.tsx';

const told = (sentence: string) =>
  tellingParts(sentence)
    .filter(({ kind }) => kind !== 'plain')
    .map(({ kind, text }) => `${kind} ${text}`);

test('processes, paths and addresses are the telling parts of a cause', () => {
  expect(
    told('bindfs (10694) on /mnt/a waits for a getattr of / on /mnt/b, and bindfs (7), is stopped.'),
  ).toEqual(['process bindfs (10694)', 'place /mnt/a', 'place /mnt/b', 'process bindfs (7)']);
  expect(told('sshfs waits for nas.local:22, which has sent nothing for 41 s.')).toEqual([
    'place nas.local:22',
  ]);
  expect(told('It waits for [fe80::1]:445.')).toEqual(['place [fe80::1]:445']);
  expect(told('The fault held-photo on /tmp/demo makes it wait on purpose: hang, 1 at once.')).toEqual([
    'place /tmp/demo',
  ]);
});

test('every character of a sentence is in its parts, whatever it holds', () => {
  for (const text of ['', '/', 'a', '(1) x (2)', '<b>x (3)</b> /a b/c', 'no path: 12:30, a/b and/or'])
    expect(
      tellingParts(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  expect(told('read/write and/or 12 of 13')).toEqual([]);
});
