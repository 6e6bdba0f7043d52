import { expect, test } from 'vitest';
import { withFamily } from '../../server/processes/family.ts';
import { parseStatus, runningFamily } from '../../server/processes/parents.ts';
import { noTally } from '../../server/store/tally.ts';

const tally = (pid: number, comm: string) => ({
  pid,
  comms: [comm],
  mountIds: [1],
  open: 0,
  lastUs: 5,
  ...noTally(),
});

test('a running process is found with all above it', async () => {
  const family = await runningFamily([process.pid, 2 ** 22 - 1]);
  expect(family.get(process.pid)?.parent).toBe(process.ppid);
  expect(family.has(process.ppid)).toBe(true);
  expect(family.has(2 ** 22 - 1)).toBe(false);
});

test('a name may hold what looks like another field', () => {
  expect(parseStatus('Name:\tPPid: 7\nUmask:\t0022\nPPid:\t3\n')).toEqual({ comm: 'PPid: 7', parent: 3 });
  expect(parseStatus('')).toBeNull();
});

test('processes hang below their parents; those that only stand above have nothing of their own', () => {
  const running = new Map([
    [1, { comm: 'init', parent: 0 }],
    [5, { comm: 'bash', parent: 1 }],
    [9, { comm: 'cat', parent: 5 }],
    [10, { comm: 'other', parent: 5 }],
  ]);
  const items = withFamily([tally(9, 'cat'), tally(10, 'dd'), tally(11, 'ls')], running);
  expect(items.map(({ pid, parent, running: alive, lastUs }) => [pid, parent, alive, lastUs])).toEqual([
    [9, 5, true, 5],
    // The number went to another process.
    [10, null, false, 5],
    [11, null, false, 5],
    [5, 1, true, null],
    [1, null, true, null],
  ]);
});
