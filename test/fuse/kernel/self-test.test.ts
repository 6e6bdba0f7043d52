// What the first traffic shows of a kernel that tells less, or otherwise, than the one the tap was made for.
import { expect, test } from 'vitest';
import { SelfTest } from '../../../fuse/kernel/self-test.ts';
import type { TapRecord } from '../../../fuse/kernel/tap.ts';
import { opCode } from '../../../shared/ops.ts';
import { record } from './records.ts';

const GOOD: readonly (Partial<TapRecord> & { op: string })[] = [
  { op: 'lookup', name: 'a', replyNodeid: 2 },
  { op: 'rename', name: 'a', newName: 'b' },
  { op: 'read', size: 4096 },
  { op: 'getattr' },
];

/** Doubts after a hundred of each of these. */
function doubts(seen: readonly (Partial<TapRecord> & { op: string })[], unnumbered = false): SelfTest {
  const self = new SelfTest();
  for (let i = 0; i < 100; i++)
    for (const { op, ...fields } of seen) self.see(record({ opcode: opCode(op), ...fields }), unnumbered);
  return self;
}

test('a kernel that tells everything is trusted, and then looked at no more', () => {
  const self = doubts(GOOD);
  expect(self.doubts).toEqual([]);
  expect(self.over).toBe(true);
});

test('it is looked at for as long as there was too little to judge by', () => {
  const self = doubts([{ op: 'getattr' }]);
  expect(self.doubts).toEqual([]);
  expect(self.over).toBe(false);
});

test.each<[what: string, seen: Partial<TapRecord> & { op: string }, doubt: RegExp]>([
  ['names', { op: 'lookup', name: null, errno: 2 }, /^names of files cannot be read/],
  ['the second name of a rename', { op: 'rename2', name: 'a', newName: null }, /^names of files/],
  ['sizes', { op: 'read', size: 0 }, /^offsets and sizes cannot be read/],
  [
    'nodes',
    { op: 'lookup', name: 'a', replyNodeid: null },
    /^nodes of files cannot be read.*paths stay unknown/,
  ],
])('one that does not tell %s is said to, once', (_what, seen, doubt) => {
  const self = doubts([seen]);
  expect(self.doubts).toEqual([expect.stringMatching(doubt)]);
});

test('a look-up that failed says nothing of nodes', () => {
  expect(doubts([{ op: 'lookup', name: 'a', errno: 2, replyNodeid: null }]).doubts).toEqual([]);
});

test('one that numbers requests late is said to', () => {
  expect(doubts(GOOD, true).doubts).toEqual([expect.stringMatching(/numbers requests late/)]);
});
