// Who stays blocked, where /proc is all there is: told once, as what it most likely asks for, and never for being slow.
import { expect, it } from 'vitest';
import { BlockedCallers } from '../../../fuse/kernel/blocked-callers.ts';
import type { Waiter } from '../../../fuse/kernel/discovery/blocked.ts';
import { opName } from '../../../shared/ops.ts';

const waiter = (tid: number, switches: number, call: string | null = 'read'): Waiter => ({
  ...{ pid: tid, tid, comm: 'cat', places: [] },
  ...{ call, switches },
});

it('tells of a caller that is in the same wait at two looks, since the first, and that it is so no more', () => {
  const callers = new BlockedCallers();
  expect(callers.look(1, [waiter(7, 3)], 1e9)).toEqual([]);
  const [open] = callers.look(1, [waiter(7, 3)], 2e9);
  expect(open).toMatchObject({
    kind: 'open',
    startNs: 1e9,
    tid: 7,
    args: { startedBefore: true, call: 'read' },
  });
  expect(callers.look(1, [waiter(7, 3)], 3e9)).toEqual([]);
  expect(callers.look(1, [], 4e9)).toMatchObject([{ kind: 'lost', unique: open?.unique }]);
  expect(callers.look(1, [], 5e9)).toEqual([]);
});

it('tells nothing of one that is answered again and again, and keeps connections apart', () => {
  const callers = new BlockedCallers();
  for (let look = 0; look < 5; look++) expect(callers.look(1, [waiter(7, look)], look)).toEqual([]);
  callers.look(2, [waiter(8, 1)], 0);
  expect(callers.look(1, [waiter(8, 1)], 1)).toEqual([]);
  expect(callers.look(2, [waiter(8, 1)], 1)).toHaveLength(1);
  callers.forget(2);
  expect(callers.look(2, [waiter(8, 1)], 2)).toEqual([]);
});

it.each([
  ['openat', 'open'],
  ['pread64', 'read'],
  ['getdents64', 'readdir'],
  ['renameat2', 'rename'],
  ['newfstatat', 'lookup'],
  [null, 'lookup'],
])('takes %s for %s', (call, op) => {
  const callers = new BlockedCallers();
  callers.look(1, [waiter(7, 1, call)], 0);
  expect(opName(callers.look(1, [waiter(7, 1, call)], 1)[0]?.opcode ?? 0)).toBe(op);
});
